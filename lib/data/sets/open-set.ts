import { join, resolve } from 'node:path';
import { ByolError } from '../../errors.js';
import { count } from '../../text/format.js';
import type { OpenOptions } from '../data-kind.js';
import { type Dataset, type FilesSource, type SplitName, splitNames } from '../dataset.js';
import { classSizes } from '../indices.js';
import { FolderFiles } from '../photos/folder-files.js';
import { listPhotos } from '../photos/listing.js';
import { measuredSplits } from '../photos/split.js';
import { targetsOf } from '../photos/targets.js';
import { usableImages } from '../photos/usable.js';
import { holdOut } from './hold-out.js';
import { locateSet } from './index.js';
import type { SetDefinition, SetImage, SplitSizes } from './set-definition.js';
import { imageFiles, matchFiles, sortImages } from './set-files.js';

export interface SetSettings {
  readonly path: string;
  /** 'paper': where a set has no validation images of its own, some of its training images become such, as in the paper. */
  readonly val: 'paper' | 'official';
  readonly brokenLimit: number;
  readonly maxPixels?: number | undefined;
}

/**
 * Reads the lists of a set and finds its photos. What is held out is drawn from the lists, so that a photo that is missing changes nothing else. Throws ERR_BYOL_DATA where the set is not
 * at the path, its lists are damaged or contradict each other, no image is there, or too many are broken.
 */
export async function openSet(
  definition: SetDefinition,
  { path, val, brokenLimit, maxPixels }: SetSettings,
  { onProgress, signal }: OpenOptions = {},
): Promise<Dataset<FilesSource>> {
  const { title, several = false, metric } = definition;
  const folder = await locateSet(definition, path);
  if (folder === null) {
    const marks = definition.marks.join(', ');
    throw new ByolError('ERR_BYOL_DATA', `${title} is not in ${path}: there should be ${marks}.`);
  }
  const where = join(folder, definition.images ?? '');
  const listing = await listPhotos(where, {
    onProgress: onProgress && ((files) => onProgress({ phase: 'listing', done: files, total: null })),
    signal,
  });
  const { table } = listing;
  const contents = await definition.read(folder, () => imageFiles(table));
  const sorted = await sortImages(title, contents.images);
  const divided = val === 'paper' ? await divide(definition, sorted) : sorted;
  const matched = await matchFiles(title, divided, table, where);
  const usable = await usableImages(
    { ...listing, passed: new Map() },
    { brokenLimit, maxPixels, where, all: true, only: matched.rows },
  );
  const kept = new Set(usable.rows);
  const splits = new Map<SplitName, { rows: number[]; labels: Array<readonly number[]> }>();
  for (const [i, row] of matched.rows.entries()) {
    const { split, label } = matched.images[i] as SetImage;
    if (!kept.has(row)) continue;
    const images = splits.get(split) ?? { rows: [], labels: [] };
    splits.set(split, images);
    images.rows.push(row);
    images.labels.push(typeof label === 'number' ? [label] : label);
  }
  const [train, validating, test] = splitNames.map((name) => {
    const images = splits.get(name);
    if (images === undefined) return undefined;
    const rows = Int32Array.from(images.rows);
    return {
      count: rows.length,
      source: new FolderFiles(resolve(where), table, rows, brokenLimit),
      targets: targetsOf(images.labels, several),
    };
  });
  if (train === undefined)
    throw new ByolError('ERR_BYOL_DATA', `${title} in ${path} has no training image that can be read.`);
  const sizes = { train: train.count, val: validating?.count ?? 0, test: test?.count ?? 0 };
  return {
    ...measuredSplits(train, validating, test),
    classNames: contents.classNames,
    ...(metric !== undefined && { metric }),
    broken: usable.broken,
    notes: [
      ...(contents.notes ?? []),
      ...matched.notes,
      ...usable.notes,
      ...sizeNotes(definition, val, sizes, contents.classNames.length),
      ...(test === undefined && validating !== undefined
        ? ['Without test images, the validation images are what is measured with.']
        : []),
    ],
  };
}

/** With the validation images that the paper holds out. */
async function divide(
  { heldOut, several = false }: SetDefinition,
  images: readonly SetImage[],
): Promise<readonly SetImage[]> {
  if (heldOut === undefined || several) return images;
  const labelsOf = (split: SplitName): Int32Array =>
    Int32Array.from(
      images.filter((image) => image.split === split),
      ({ label }) => Number(label),
    );
  const held = await holdOut(labelsOf('train'), heldOut, await classSizes(labelsOf('test')));
  let next = 0;
  return images.map((image) => {
    if (image.split !== 'train') return image;
    next += 1;
    return held[next - 1] === 1 ? { ...image, split: 'val' } : image;
  });
}

/** What makes results incomparable with published ones. */
function sizeNotes(
  { title, classes, sizes: paper, heldOut }: SetDefinition,
  val: SetSettings['val'],
  sizes: SplitSizes,
  classesHere: number,
): string[] {
  const whole = val === 'official' && heldOut !== undefined;
  const expected = whole ? { ...paper, train: paper.train + paper.val, val: 0 } : paper;
  const differ = classes !== classesHere || splitNames.some((name) => sizes[name] !== expected[name]);
  const told = (of: SplitSizes, names: number): string =>
    `${count(of.train)} images to train, ${count(of.val)} to validate and ${count(of.test)} to test with, of ${names} classes`;
  return differ
    ? [
        `${title} has ${told(expected, classes)}; here are ${told(sizes, classesHere)}: results are not those of the whole set.`,
      ]
    : [];
}
