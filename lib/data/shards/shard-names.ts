import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ByolError } from '../../errors.js';
import { fileProblem, statData } from '../../files/data-file.js';
import type { Place } from '../data-kind.js';
import { type SplitName, splitNames } from '../dataset.js';
import { splitOfFolder } from '../photos/layout.js';
import { arePhotosBeside } from '../photos/photos-beside.js';

/** Names of shards: a file, a folder with some, or a pattern with ranges as WebDataset has them, "train-{0000..0146}.tar". */

export const SHARD_ENDING = /\.(?:tar|tar\.gz|tgz)$/i;

const RANGE = /\{([^{}]*)\}/;
const MOST = 1_000_000;

/** Whether a path is a pattern for several. */
export function isPattern(path: string): boolean {
  return RANGE.test(path);
}

/** "a-{08..10}" -> a-08, a-09, a-10; "{train,val}.tar" -> both. Throws ERR_BYOL_DATA for a range that is none. */
export function expandPattern(pattern: string): string[] {
  const found = RANGE.exec(pattern);
  if (found === null) return [pattern];
  const [whole, inner = ''] = found;
  const [before, after] = [pattern.slice(0, found.index), pattern.slice(found.index + whole.length)];
  const rest = expandPattern(after);
  return valuesOf(inner, pattern).flatMap((value) => rest.map((end) => `${before}${value}${end}`));
}

function valuesOf(inner: string, pattern: string): string[] {
  const range = /^(\d+)\.\.(\d+)$/.exec(inner);
  if (range === null) return inner.split(',');
  const [, first = '', last = ''] = range;
  const length = Number(last) - Number(first) + 1;
  if (length < 1 || length > MOST)
    throw new ByolError('ERR_BYOL_DATA', `${pattern}: {${inner}} is no ascending range.`);
  return Array.from({ length }, (_, i) => String(Number(first) + i).padStart(first.length, '0'));
}

/** Shards by split; those of a single file or pattern are to train with. */
export type ShardNames = Readonly<Partial<Record<SplitName, readonly string[]>>>;

/** Files of one kind. */
export interface ShardKind {
  readonly ending: RegExp;
  /** For messages: ".tar files". */
  readonly files: string;
  /** Folders that lie between the one that is given and those of the splits. */
  readonly between: RegExp | null;
}

export const tarShards: ShardKind = { ending: SHARD_ENDING, files: '.tar files', between: null };

/**
 * The shards at a path. In a folder, `train`, `val` and `test` in a name, or as a folder, say the split; others are to train with. Throws
 * ERR_BYOL_DATA where there is none.
 */
export async function findShards(path: string, { ending, files, between }: ShardKind): Promise<ShardNames> {
  const what = `${files}, or a folder with them`;
  const entry = await statData(path, what);
  if (entry === null && isPattern(path)) return { train: expandPattern(path) };
  if (entry === null) throw new ByolError('ERR_BYOL_DATA', `There is nothing at ${path}: give ${what}.`);
  if (!entry.isDirectory()) return { train: [path] };
  const found = new Map<SplitName, string[]>();
  const look = async (folder: string, split: SplitName | null, isBetween = false): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      throw fileProblem(folder, what, error);
    });
    for (const { name } of entries
      .filter((each) => ending.test(each.name))
      .sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const of = split ?? splitInName(name);
      found.set(of, [...(found.get(of) ?? []), join(folder, name)]);
    }
    if (split !== null) return;
    for (const { name } of entries.filter((each) => each.isDirectory())) {
      const inner = splitOfFolder(name);
      if (inner !== null) await look(join(folder, name), inner);
      else if (!isBetween && between?.test(name)) await look(join(folder, name), null, true);
    }
  };
  await look(path, null);
  if (found.size === 0) throw new ByolError('ERR_BYOL_DATA', `There are no ${files} in ${path}.`);
  return Object.fromEntries(found) as ShardNames;
}

/** Whether a folder has shards, and is none of photos that such files lie beside. */
export async function areShards(place: Place, kind: ShardKind): Promise<boolean> {
  const names: ShardNames = await findShards(place.path, kind).catch(() => ({}));
  const count = Object.values(names).reduce((sum, files) => sum + files.length, 0);
  return count > 0 && !(await arePhotosBeside(place, count));
}

/** "imagenet-val-000003.tar" -> val */
function splitInName(name: string): SplitName {
  const words = basename(name).split(/[-_.\d]+/);
  return splitNames.find((split) => words.some((word) => splitOfFolder(word) === split)) ?? 'train';
}
