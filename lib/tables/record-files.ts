import { mkdir, readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { z } from 'zod';
import { ioError } from '../files/atomic-file.js';
import { readJson, writeJson } from '../files/json-file.js';

/** Records as files: where they lie, which count, and that none is lost. */

/** The folders of a table at a scale. */
export interface TableFolder {
  readonly path: string;
  readonly records: string;
  readonly runs: string;
}

/** out/TABLE/SCALE */
export function tableFolder(
  out: string,
  { table, base }: { readonly table: { readonly id: string }; readonly base: { readonly folder: string } },
): TableFolder {
  const path = join(out, table.id, base.folder);
  return { path, records: join(path, 'records'), runs: join(path, 'runs') };
}

export function recordPath(folder: TableFolder, run: Pick<Recorded, 'name'>): string {
  return join(folder.records, `${run.name}.json`);
}

/** Settings that changed get a folder of their own: a started run goes on only with the ones that it began with. */
export function runPath(folder: TableFolder, run: Recorded): string {
  return join(folder.runs, `${run.name}-${run.key.slice(0, 8)}`);
}

/** What a record is of. */
export interface Recorded {
  /** Of its file, without ending. */
  readonly name: string;
  readonly seed: number;
  /** Of the experiment: a record with another one does not count. */
  readonly key: string;
}

/** What all records have. */
interface AnyRecord {
  readonly key: string;
}

export interface FoundRecords<R = unknown> {
  /** By Recorded.name. */
  readonly records: ReadonlyMap<string, R>;
  /** Files that are there and do not count, each with the reason. */
  readonly refused: ReadonlyArray<{ readonly path: string; readonly reason: string }>;
}

/** The records of these runs that are there already. Throws ERR_BYOL_IO if one cannot be read. */
export async function readRecords<R extends AnyRecord>(
  folder: TableFolder,
  runs: readonly Recorded[],
  schema: z.ZodType<R>,
): Promise<FoundRecords<R>> {
  const records = new Map<string, R>();
  const refused: { path: string; reason: string }[] = [];
  for (const run of runs) {
    const path = recordPath(folder, run);
    const found = await readRecord(path, schema);
    if (found === null) continue;
    if (typeof found === 'string') refused.push({ path, reason: found });
    else if (found.key !== run.key) refused.push({ path, reason: 'it is of other settings than the ones of now' });
    else records.set(run.name, found);
  }
  return { records, refused };
}

/** null: no such file. A string: what is wrong with it. */
async function readRecord<R>(path: string, schema: z.ZodType<R>): Promise<R | string | null> {
  try {
    const value = await readJson(path);
    if (value === undefined) return null;
    const parsed = schema.safeParse(value);
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
export async function findElsewhere<R extends AnyRecord>(
  out: string,
  folder: TableFolder,
  run: Recorded,
  schema: z.ZodType<R>,
  fits: (record: R) => boolean,
): Promise<{ readonly path: string; readonly record: R } | null> {
  for (const records of await recordFolders(out, basename(folder.path))) {
    if (records === folder.records) continue;
    for (const name of await namesIn(records)) {
      if (!name.endsWith(`-seed${run.seed}.json`)) continue;
      const path = join(records, name);
      const record = await readRecord(path, schema);
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
export async function writeRecord(folder: TableFolder, run: Pick<Recorded, 'name'>, record: object): Promise<void> {
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
