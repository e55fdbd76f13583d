import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ioError } from '../files/atomic-file.js';
import { readJson } from '../files/json-file.js';
import { duration } from '../text/format.js';
import { publishedText } from './table.js';

/** What an overview tells of a table, from its table.json, whether its rows are settings or encoders. */
export interface OverviewTable {
  /** Of its folder, relative to that of all tables: '5b/ci'. */
  readonly path: string;
  readonly title: string;
  readonly scale: string;
  /** Settings, seeds, time and places, in a sentence each. */
  readonly facts: readonly string[];
  /** That are finished, those of more seeds than planned too. */
  readonly runs: number;
  /** Of all runs together, as if one had followed the other; 0: not known. */
  readonly seconds: number;
  readonly claims: readonly OverviewClaim[];
  /** chart.svg; null: there is none. */
  readonly picture: string | null;
}

export interface OverviewClaim {
  readonly says: string;
  /** Published numbers of what the claim is about, in its order: "72.5 against 69.4". */
  readonly paper: string;
  /** The same numbers, measured. */
  readonly measured: string;
  readonly verdict: string;
  readonly why: string;
  /** Why it does not hold, if that is known. */
  readonly explained?: string;
}

const published = z.union([z.number(), z.tuple([z.number(), z.number()]), z.null()]);
const summary = z.object({ mean: z.number().nullable() }).nullable();
const cell = z.object({ row: z.string(), column: z.string() });
const drop = z.object({ from: z.string(), to: z.string() });

/** Claims of both kinds of tables. */
const claimSchema = z.object({
  says: z.string(),
  kind: z.string(),
  row: z.string().optional(),
  than: z.union([z.string(), cell]).optional(),
  to: z.string().optional(),
  of: cell.optional(),
  drop: drop.optional(),
  thanDrop: drop.optional(),
  by: z.string().optional(),
});

/** Of rows that are settings. */
const measuredRow = z.object({
  knnTop1: summary,
  linearTop1: summary,
  collapseStd: summary,
  collapseRank: summary,
  knnGain: summary,
  linearGain: summary,
  seconds: z.number(),
});

/** The part of a table.json (TableReport, EncoderTableReport) that is told. */
const reportSchema = z.object({
  title: z.string(),
  scale: z.string(),
  used: z.string(),
  seeds: z.number(),
  finishedRuns: z.number(),
  plannedRuns: z.number(),
  extraRuns: z.number().optional(),
  columns: z.array(z.union([z.string(), z.object({ name: z.string(), number: z.string() })])),
  rows: z.array(
    z.object({
      id: z.string(),
      published: z.array(published),
      /** By column where rows are encoders. */
      measured: z.union([z.array(summary), measuredRow, z.null()]),
    }),
  ),
  claims: z.array(
    z.object({
      claim: claimSchema,
      verdict: z.string(),
      why: z.string(),
      rule: z.string(),
      explained: z.string().optional(),
    }),
  ),
  environments: z.array(
    z.object({
      cpu: z.string(),
      device: z.string(),
      precision: z.string(),
      version: z.string(),
      commit: z.string().nullable(),
    }),
  ),
});

type Report = z.infer<typeof reportSchema>;
type FoundClaim = z.infer<typeof claimSchema>;

/** Of all tables and scales in a folder, in the paper's order. Throws ERR_BYOL_IO. */
export async function overviewTables(out: string): Promise<OverviewTable[]> {
  const found: OverviewTable[] = [];
  for (const id of await foldersIn(out)) {
    for (const scale of await foldersIn(join(out, id))) {
      const path = join(out, id, scale);
      const report = await readReport(join(path, 'table.json'));
      if (report !== null) found.push(tableOf(`${id}/${scale}`, report, await pictureOf(path)));
    }
  }
  return found;
}

function tableOf(path: string, report: Report, picture: string | null): OverviewTable {
  return {
    path,
    title: report.title,
    scale: report.scale,
    facts: factsOf(report),
    runs: report.finishedRuns + (report.extraRuns ?? 0),
    seconds: secondsOf(report),
    claims: report.claims.map(({ claim, verdict, why, rule, explained }) => ({
      says: claim.says,
      paper: paperText(claim, report),
      measured: measuredText(claim, rule, report),
      verdict,
      why,
      ...(explained !== undefined && { explained }),
    })),
    picture,
  };
}

function secondsOf({ rows }: Report): number {
  return rows.reduce(
    (sum, { measured }) => sum + (measured === null || Array.isArray(measured) ? 0 : measured.seconds),
    0,
  );
}

function factsOf(report: Report): string[] {
  const { scale, used, seeds, finishedRuns, plannedRuns, extraRuns = 0, environments } = report;
  const seconds = secondsOf(report);
  const extra = extraRuns === 0 ? '' : ` and ${extraRuns} of more seeds`;
  const places = environments.map(
    ({ cpu, device, precision, version, commit }) =>
      `${device === 'cpu' ? cpu : device} in ${precision}, byol-torch ${version}${commit === null ? '' : ` at ${commit.slice(0, 9)}`}`,
  );
  return [
    `Scale ${scale}: ${used}.`,
    `${seeds} ${seeds === 1 ? 'seed' : 'seeds'}; ${finishedRuns} of ${plannedRuns} runs${extra}${seconds === 0 ? '' : `, ${duration(seconds)} all together`}.`,
    ...(places.length === 0 ? [] : [`Measured on ${[...new Set(places)].join('; ')}.`]),
  ];
}

/** Rows, or cells, in the order in which a claim speaks of them. */
function partsOf({
  row,
  than,
  to,
  of,
  drop,
  thanDrop,
}: FoundClaim): Array<{ readonly row: string; readonly column?: string }> {
  const asPart = (part: string | z.infer<typeof cell>) => (typeof part === 'string' ? { row: part } : part);
  const drops = [drop, thanDrop].flatMap((one) => (one === undefined ? [] : [one.from, one.to]));
  return [row, of, than, to, ...drops].flatMap((part) => (part === undefined ? [] : [asPart(part)]));
}

/** Of losses "72.5 to 69.4 against ...". */
function joined(texts: readonly string[]): string {
  if (texts.every((text) => text === '-')) return '-';
  if (texts.length < 4) return texts.join(' against ');
  return `${texts[0]} to ${texts[1]} against ${texts[2]} to ${texts[3]}`;
}

function paperText(claim: FoundClaim, { rows, columns }: Report): string {
  const texts = partsOf(claim).map(({ row, column }) => {
    const numbers = rows.find(({ id }) => id === row)?.published ?? [];
    return publishedText(numbers[indexOf(columns, column)]);
  });
  return joined(texts);
}

function measuredText(claim: FoundClaim, rule: string, { rows, columns }: Report): string {
  const texts = partsOf(claim).map(({ row, column }) => {
    const measured = rows.find(({ id }) => id === row)?.measured ?? null;
    if (measured === null) return '-';
    if (Array.isArray(measured)) return accuracyText(measured[indexOf(columns, column)]);
    return rowText(claim, rule, measured);
  });
  return joined(texts);
}

/** By what the claim is judged by: its own measure, or the table's, which the judgement's rule names. */
function rowText({ kind, by }: FoundClaim, rule: string, measured: z.infer<typeof measuredRow>): string {
  const linear = by === 'linear' || (by === undefined && /\blinear\b/.test(rule));
  if (/collapse/i.test(kind) || by === 'spread') return `spread ${plainText(measured.collapseStd, 2)}`;
  if (by === 'rank') return `rank ${plainText(measured.collapseRank, 1)}`;
  const top1 = accuracyText(linear ? measured.linearTop1 : measured.knnTop1);
  if (kind !== 'learns') return top1;
  const gain = (linear ? measured.linearGain : measured.knnGain)?.mean ?? null;
  return gain === null ? top1 : `${top1}, ${gain < 0 ? '-' : '+'}${Math.abs(100 * gain).toFixed(1)} over untrained`;
}

function indexOf(columns: Report['columns'], name: string | undefined): number {
  if (name === undefined) return 0;
  return columns.findIndex((column) => (typeof column === 'string' ? column : column.name) === name);
}

function accuracyText(value: z.infer<typeof summary> | undefined): string {
  const mean = value?.mean ?? null;
  return mean === null ? '-' : (100 * mean).toFixed(1);
}

function plainText(value: z.infer<typeof summary>, digits: number): string {
  return value?.mean?.toFixed(digits) ?? '-';
}

/** null: there is none, or one of another version. */
async function readReport(path: string): Promise<Report | null> {
  try {
    return reportSchema.safeParse(await readJson(path)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

async function pictureOf(folder: string): Promise<string | null> {
  const path = join(folder, 'chart.svg');
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw ioError(path, 'read', error);
  }
}

async function foldersIn(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    // 14a after 5a, as in the paper.
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  } catch (error) {
    throw ioError(path, 'read', error);
  }
}
