import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ioError, writeAtomically } from '../files/atomic-file.js';
import { readJson } from '../files/json-file.js';
import { table } from './markdown.js';

/** README.md of the folder of all tables: which reports there are and how the claims were judged, in one place. */
export const OVERVIEW_FILE = 'README.md';

/** How every overview begins, by which it is told from a README of somebody else. */
export const OVERVIEW_START = '# Published tables, measured\n\nWritten by `byol tables`, after every run.';

/** The part of a table.json (TableReport) that is told. */
const reportSchema = z.object({
  title: z.string(),
  scale: z.string(),
  used: z.string(),
  finishedRuns: z.number(),
  plannedRuns: z.number(),
  claims: z.array(z.object({ claim: z.object({ says: z.string() }), verdict: z.string(), why: z.string() })),
});

interface FoundReport {
  /** Of table.md, relative to the folder of all tables. */
  readonly path: string;
  readonly report: z.infer<typeof reportSchema>;
}

/** Throws ERR_BYOL_IO. */
export async function writeOverview(out: string): Promise<void> {
  const found: FoundReport[] = [];
  for (const id of await foldersIn(out)) {
    for (const scale of await foldersIn(join(out, id))) {
      const report = await readReport(join(out, id, scale, 'table.json'));
      if (report !== null) found.push({ path: `${id}/${scale}/table.md`, report });
    }
  }
  await writeAtomically(join(out, OVERVIEW_FILE), renderOverview(found));
}

export function renderOverview(found: readonly FoundReport[]): string {
  const verdicts = found.flatMap(({ report }) => report.claims.map(({ verdict }) => verdict));
  const counts = [...new Set(verdicts)].sort().map((verdict) => `${countOf(verdicts, verdict)} ${verdict}`);
  return [
    `${OVERVIEW_START} Each report has the published numbers beside the measured ones, the rule by which claims are judged, and where it was measured.`,
    ...(verdicts.length === 0 ? [] : ['', `${verdicts.length} claims: ${counts.join(', ')}.`]),
    '',
    ...table(
      ['table', 'scale', 'finished runs', 'of'],
      found.map(({ path, report: { title, scale, used, finishedRuns, plannedRuns } }) => [
        `[${title}](${path})`,
        `${scale}: ${used}`,
        String(finishedRuns),
        String(plannedRuns),
      ]),
      [2, 3],
    ),
    ...found.flatMap(({ report: { title, claims } }) => [
      '',
      `## ${title}`,
      '',
      ...table(
        ['claim', 'judged', 'by'],
        claims.map(({ claim, verdict, why }) => [claim.says, verdict, why]),
      ),
    ]),
    '',
  ].join('\n');
}

function countOf(list: readonly string[], wanted: string): number {
  return list.filter((item) => item === wanted).length;
}

/** null: there is none, or one of another version. */
async function readReport(path: string): Promise<FoundReport['report'] | null> {
  try {
    return reportSchema.safeParse(await readJson(path)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
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
