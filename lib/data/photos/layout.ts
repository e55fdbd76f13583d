import { Breather } from '../../breather.js';
import { count } from '../../text/format.js';
import { type SplitName, splitNames } from '../dataset.js';
import { type FileTable, rawPath, readablePath } from './file-table.js';
import { TallyKeeper, tallyNames } from './tally.js';

/** Whether folders name classes; 'auto': where all images lie in folders of one level, and these are no more than half as many. */
export const labelSources = ['auto', 'folders', 'none'] as const;
export type LabelSource = (typeof labelSources)[number];

/** What folders of a split are called, in any case. */
const splitFolders: Readonly<Record<SplitName, RegExp>> = {
  train: /^(?:train|training)$/i,
  val: /^(?:val|valid|validation|dev)$/i,
  test: /^(?:test|testing)$/i,
};

/** The split that a folder or a word names; null: none. */
export function splitOfFolder(name: string): SplitName | null {
  return splitNames.find((split) => splitFolders[split].test(name)) ?? null;
}

/** Some images with their classes. */
export interface LayoutSplit {
  /** Of the table, ascending. */
  readonly rows: Int32Array;
  /** null: there are none. */
  readonly labels: Int32Array | null;
}

export interface Layout {
  readonly splits: { readonly train: LayoutSplit; readonly val?: LayoutSplit; readonly test?: LayoutSplit };
  readonly classNames: readonly string[];
  readonly notes: readonly string[];
}

/** An image with the folders that it lies in, below that of its split. */
interface Placed {
  readonly row: number;
  /** The first of them; null: it lies in the split's folder itself. */
  readonly folder: string | null;
  readonly depth: number;
}

/**
 * What the folders of images mean: splits, where there is a folder `train`, and classes. Class names are compared as NFC: copies by
 * macOS spell the same accents otherwise.
 *
 * @param rows of usable images, ascending.
 */
export async function layoutOf(table: FileTable, rows: Int32Array, labels: LabelSource): Promise<Layout> {
  const { splits, notes } = await divide(table, rows);
  const [labelled, why] = labelsOf(splits.get('train') ?? [], labels);
  const names = labelled ? classNamesOf([...splits.values()]) : [];
  const numbers = new Map(names.map((name, number) => [name, number]));
  const finish = (images: readonly Placed[]): LayoutSplit => ({
    rows: Int32Array.from(images, ({ row }) => row),
    labels: names.length === 0 ? null : Int32Array.from(images, ({ folder }) => numbers.get(folder ?? '') ?? -1),
  });
  const made = Object.fromEntries([...splits].map(([name, images]) => [name, finish(images)]));
  const all = [...notes, ...(why === null ? [] : [why]), ...unseenNotes(splits, names)];
  return { splits: made as unknown as Layout['splits'], classNames: names, notes: all };
}

async function divide(table: FileTable, rows: Int32Array) {
  const breather = new Breather();
  const paths = new Array<readonly string[]>(rows.length);
  let hasTrain = false;
  // A million images lie in a thousand folders: each folder's name is kept once.
  const known = new Map<string, readonly string[]>();
  for (const [i, row] of rows.entries()) {
    if (i % 1024 === 0) await breather.breathe();
    const raw = rawPath(table, row);
    const inside = raw.slice(0, raw.lastIndexOf('/') + 1);
    const folders = known.get(inside) ?? inside.split('/').slice(0, -1).map(readablePath);
    known.set(inside, folders);
    paths[i] = folders;
    hasTrain ||= splitFolders.train.test(folders[0] ?? '');
  }
  const splits = new Map<SplitName, Placed[]>();
  const apart = new TallyKeeper<'apart'>();
  for (const [i, folders] of paths.entries()) {
    if (i % 1024 === 0) await breather.breathe();
    const [first = ''] = folders;
    const name = hasTrain ? splitOfFolder(first) : 'train';
    const row = rows[i] as number;
    if (name === null) {
      apart.add('apart', readablePath(rawPath(table, row)));
      continue;
    }
    const below = hasTrain ? folders.slice(1) : folders;
    const images = splits.get(name) ?? [];
    splits.set(name, images);
    images.push({ row, folder: below[0] ?? null, depth: below.length });
  }
  const notes = [...apart.finish()].map(
    ([, tally]) => `Images beside the folders train, val and test are left out: ${tallyNames(tally)}.`,
  );
  return { splits, notes };
}

/** Whether folders name classes, and what to say about it. */
function labelsOf(images: readonly Placed[], labels: LabelSource): readonly [boolean, string | null] {
  if (labels !== 'auto') return [labels === 'folders', null];
  const folders = new Set(images.map(({ folder }) => folder));
  const deepest = images.reduce((most, { depth }) => Math.max(most, depth), 0);
  if (deepest === 0 || folders.size < 2) return [false, null];
  const otherwise = "If the first folders name classes, set data.labels to 'folders'.";
  if (folders.has(null))
    return [false, `Some images lie in folders and some do not, so they have no labels. ${otherwise}`];
  if (images.some(({ depth }) => depth > 1)) {
    return [false, `Images lie in folders within folders, so they have no labels. ${otherwise}`];
  }
  if (folders.size * 2 > images.length) {
    return [
      false,
      `There are ${count(folders.size)} folders for ${count(images.length)} images, so they are no classes. ${otherwise}`,
    ];
  }
  return [true, null];
}

/** Of all splits, by their characters. */
function classNamesOf(splits: ReadonlyArray<readonly Placed[]>): string[] {
  const names = new Set<string>();
  for (const images of splits) for (const { folder } of images) if (folder !== null) names.add(folder);
  return [...names].sort((a, b) => (a < b ? -1 : 1));
}

/** Classes that a split lacks: a number that is compared with others' would be of other classes. */
function unseenNotes(splits: ReadonlyMap<SplitName, readonly Placed[]>, names: readonly string[]): string[] {
  const notes: string[] = [];
  for (const [split, images] of splits) {
    const there = new Set(images.map(({ folder }) => folder));
    const missing = names.filter((name) => !there.has(name));
    // A split without any of them has no labels, as ImageNet's test images.
    if (missing.length === 0 || missing.length === names.length) continue;
    const tally = { count: missing.length, first: missing.slice(0, 3) };
    notes.push(`The ${split} images have none of ${tallyNames(tally)}.`);
  }
  return notes;
}
