import { mkdir, readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { ioError } from '../files/atomic-file.js';
import { readJson, writeJson } from '../files/json-file.js';
import type { RunResult } from '../run/events.js';
import type { EnvironmentFile } from '../run/run-folder.js';
import type { PlannedRun, TablePlan } from './plan.js';

/** Finished runs as small JSON files, one each, fit to be committed: where they were made is told, by whom is not. */

const accuracy = z.number().min(0).max(1).nullable();
/** NaN is null in JSON: the spread of a representation that is not finite. */
const quantity = z.number().nullable();

const environmentSchema = z.strictObject({
  date: z.string(),
  version: z.string(),
  commit: z.string().nullable(),
  node: z.string(),
  platform: z.string(),
  torch: z.string(),
  cpu: z.string(),
  cores: z.number(),
  memoryGiB: z.number(),
  cpuCapability: z.string(),
  threads: z.number(),
  device: z.string(),
  precision: z.string(),
});

const recordSchema = z.strictObject({
  table: z.string(),
  scale: z.string(),
  row: z.string(),
  seed: z.int().nonnegative(),
  /** PlannedRun.key. */
  key: z.string(),
  /** 'diverged': the loss was not finite, and nothing was measured. */
  outcome: z.enum(['finished', 'diverged']),
  knnTop1: accuracy,
  untrainedKnnTop1: accuracy,
  linearTop1: accuracy,
  untrainedLinearTop1: accuracy,
  collapseStd: quantity,
  collapseRank: quantity,
  loss: quantity,
  verdict: z.strictObject({ state: z.string(), text: z.string() }),
  epochs: z.int().nonnegative(),
  steps: z.int().nonnegative(),
  seconds: z.number().nonnegative(),
  /** null: the run folder had none. */
  environment: environmentSchema.nullable(),
});

export type TableRecord = z.infer<typeof recordSchema>;
type RecordEnvironment = z.infer<typeof environmentSchema>;

/** The folders of a table at a scale. */
export interface TableFolder {
  readonly path: string;
  readonly records: string;
  readonly runs: string;
}

/** out/TABLE/SCALE */
export function tableFolder(out: string, { table, base }: TablePlan): TableFolder {
  const path = join(out, table.id, base.folder);
  return { path, records: join(path, 'records'), runs: join(path, 'runs') };
}

export function recordPath(folder: TableFolder, run: PlannedRun): string {
  return join(folder.records, `${run.name}.json`);
}

/** Settings that changed get a folder of their own: a started run goes on only with the ones that it began with. */
export function runPath(folder: TableFolder, run: PlannedRun): string {
  return join(folder.runs, `${run.name}-${run.key.slice(0, 8)}`);
}

export interface FoundRecords {
  /** By PlannedRun.name. */
  readonly records: ReadonlyMap<string, TableRecord>;
  /** Files that are there and do not count, each with the reason. */
  readonly refused: ReadonlyArray<{ readonly path: string; readonly reason: string }>;
}

/** The records of a plan's runs that are there already. Throws ERR_BYOL_IO if one cannot be read. */
export async function readRecords(folder: TableFolder, runs: readonly PlannedRun[]): Promise<FoundRecords> {
  const records = new Map<string, TableRecord>();
  const refused: { path: string; reason: string }[] = [];
  for (const run of runs) {
    const path = recordPath(folder, run);
    const found = await readRecord(path);
    if (found === null) continue;
    if (typeof found === 'string') refused.push({ path, reason: found });
    else if (found.key !== run.key) refused.push({ path, reason: 'it is of other settings than the ones of now' });
    else records.set(run.name, found);
  }
  return { records, refused };
}

/** null: no such file. A string: what is wrong with it. */
async function readRecord(path: string): Promise<TableRecord | string | null> {
  try {
    const value = await readJson(path);
    if (value === undefined) return null;
    const parsed = recordSchema.safeParse(value);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    return `it is not a record of this version (${issue?.path.join('.')}: ${issue?.message})`;
  } catch (error) {
    if (error instanceof SyntaxError) return `it is not JSON (${error.message})`;
    throw error;
  }
}

/**
 * A record of the same experiment that another table made at this scale: tables have rows in common, and what was measured
 * once need not be measured again. Only of those that `fits` accepts. null: there is none. Throws ERR_BYOL_IO.
 */
export async function findElsewhere(
  out: string,
  folder: TableFolder,
  run: PlannedRun,
  fits: (record: TableRecord) => boolean,
): Promise<{ readonly path: string; readonly record: TableRecord } | null> {
  for (const records of await recordFolders(out, basename(folder.path))) {
    if (records === folder.records) continue;
    for (const name of await namesIn(records)) {
      if (!name.endsWith(`-seed${run.seed}.json`)) continue;
      const path = join(records, name);
      const record = await readRecord(path);
      if (record !== null && typeof record !== 'string' && record.key === run.key && fits(record))
        return { path, record };
    }
  }
  return null;
}

/** out/TABLE/SCALE/records of every table. */
async function recordFolders(out: string, scaleFolder: string): Promise<string[]> {
  return (await namesIn(out)).map((table) => join(out, table, scaleFolder, 'records'));
}

/** In order; none of a folder that is not there. */
export async function namesIn(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw ioError(path, 'read', error);
  }
}

/** A file that is there already is kept as NAME.old. Throws ERR_BYOL_IO. */
export async function writeRecord(folder: TableFolder, run: PlannedRun, record: TableRecord): Promise<void> {
  await makeFolder(folder.records);
  // Of other settings, it is hours of work; damaged, it may be mended.
  await keepOld(recordPath(folder, run));
  await writeJson(recordPath(folder, run), record);
}

/** Gives way to a new file without loss: as NAME.old, NAME.old2 ... Nothing happens if there is no such file. */
async function keepOld(path: string): Promise<void> {
  const names = await namesIn(dirname(path));
  let target = `${basename(path)}.old`;
  for (let number = 2; names.includes(target); number += 1) target = `${basename(path)}.old${number}`;
  try {
    await rename(path, join(dirname(path), target));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw ioError(path, 'rename', error);
  }
}

/** Throws ERR_BYOL_IO. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw ioError(path, 'make the folder', error);
  }
}

export function identityOf(
  plan: TablePlan,
  run: PlannedRun,
): Pick<TableRecord, 'table' | 'scale' | 'row' | 'seed' | 'key'> {
  return { table: plan.table.id, scale: plan.scale, row: run.row.id, seed: run.seed, key: run.key };
}

export function recordOf(
  plan: TablePlan,
  run: PlannedRun,
  result: RunResult,
  environment: EnvironmentFile | null,
): TableRecord {
  return {
    ...identityOf(plan, run),
    outcome: 'finished',
    knnTop1: result.knn?.top1 ?? null,
    untrainedKnnTop1: result.untrained.knn?.top1 ?? null,
    linearTop1: result.linear?.top1 ?? null,
    untrainedLinearTop1: result.untrained.linear?.top1 ?? null,
    collapseStd: finite(result.metrics?.['collapse/std']),
    collapseRank: finite(result.metrics?.['collapse/rank']),
    loss: finite(result.metrics?.loss),
    verdict: { state: result.verdict.state, text: result.verdict.text },
    epochs: result.epochs,
    steps: result.steps,
    seconds: result.seconds,
    environment: environment && withoutOwner(environment),
  };
}

/** A result too: some settings of a table cannot be trained with. */
export function divergedRecord(
  plan: TablePlan,
  run: PlannedRun,
  message: string,
  seconds: number,
  environment: EnvironmentFile | null,
): TableRecord {
  return {
    ...identityOf(plan, run),
    outcome: 'diverged',
    knnTop1: null,
    untrainedKnnTop1: null,
    linearTop1: null,
    untrainedLinearTop1: null,
    collapseStd: null,
    collapseRank: null,
    loss: null,
    verdict: { state: 'diverged', text: message },
    epochs: 0,
    steps: 0,
    seconds,
    environment: environment && withoutOwner(environment),
  };
}

/** Names of machines, and of folders on a command line, belong to people. */
function withoutOwner(environment: EnvironmentFile): RecordEnvironment {
  const { host: _host, command: _command, initFrom: _initFrom, resumed: _resumed, ...rest } = environment;
  return rest;
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
