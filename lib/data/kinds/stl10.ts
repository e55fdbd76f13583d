import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { DeepReadonly } from '../../deep-readonly.js';
import { ByolError } from '../../errors.js';
import { fileProblem, readDataFile } from '../../files/data-file.js';
import { dataPath, defineDataKind } from '../data-kind.js';
import type { Dataset, ImageSplit } from '../dataset.js';
import { fromPlanes } from './planes.js';

/** STL-10, binary version (Coates, Ng, Lee, AISTATS 2011; https://cs.stanford.edu/~acoates/stl10/). */

const SIDE = 96;
const IMAGE = 3 * SIDE * SIDE;
const FOLDER = 'stl10_binary';
const HINT = `the folder ${FOLDER} of stl10_binary.tar.gz from https://cs.stanford.edu/~acoates/stl10/`;
const CLASSES = 10;

const schema = z.strictObject({
  /** STL-10, binary version: train_X.bin, test_X.bin, unlabeled_X.bin with their labels. */
  kind: z.literal('stl10'),
  path: dataPath,
  /** What is learnt from: the 5,000 labelled images, the 100,000 unlabelled ones, or both. */
  train: z.enum(['train', 'unlabeled', 'train+unlabeled']),
  /** Of the labelled images only those of this fold, 0 to 9, keep their labels: the protocol's 1,000; null: all. */
  fold: z.int().min(0).max(9).nullable(),
});

export const stl10 = defineDataKind({
  schema,
  title: 'STL-10, binary version',
  defaults: { train: 'train+unlabeled', fold: null },
  classes: CLASSES,
  recognize: async ({ path, files, folders }) => {
    const names = folders.includes(FOLDER) ? await readdir(join(path, FOLDER)) : files;
    if (!['train_X.bin', 'train_y.bin', 'test_X.bin', 'test_y.bin'].every((name) => names.includes(name))) return null;
    const train = names.includes('unlabeled_X.bin') ? ('train+unlabeled' as const) : ('train' as const);
    return { settings: { path, train, fold: null }, side: SIDE };
  },
  open: readStl10,
});

/**
 * `path` is the folder with the .bin files or the one that holds `stl10_binary`. Images without a label have -1. Throws ERR_BYOL_DATA
 * for a missing or truncated file and for a label out of range.
 */
export async function readStl10({ path, train, fold }: DeepReadonly<z.infer<typeof schema>>): Promise<Dataset> {
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    throw fileProblem(path, HINT, error);
  });
  const folder = names.includes(FOLDER) ? join(path, FOLDER) : path;
  const classNames = await readNames(join(folder, 'class_names.txt'));
  const parts = train === 'train+unlabeled' ? ['train', 'unlabeled'] : [train];
  const files = await Promise.all(parts.map((part) => readPixels(join(folder, `${part}_X.bin`))));
  const counts = files.map((bytes) => bytes.length / IMAGE);
  const labels = new Int32Array(counts.reduce((sum, count) => sum + count, 0)).fill(-1);
  if (train !== 'unlabeled') labels.set(await readLabels(join(folder, 'train_y.bin'), counts[0] as number));
  if (fold !== null && train !== 'unlabeled')
    await keepFold(join(folder, 'fold_indices.txt'), fold, labels, counts[0] as number);
  const tested = await readPixels(join(folder, 'test_X.bin'));
  const testLabels = await readLabels(join(folder, 'test_y.bin'), tested.length / IMAGE);
  return {
    train: await split(files, labels),
    test: await split([tested], testLabels),
    classNames,
  };
}

async function split(files: readonly Uint8Array[], labels: Int32Array): Promise<ImageSplit> {
  const pixels = new Uint8Array(labels.length * IMAGE);
  let start = 0;
  for (const bytes of files) {
    const images = bytes.length / IMAGE;
    // "Stored in column-major order, one channel at a time" (README of the set).
    await fromPlanes(bytes, pixels.subarray(start, start + bytes.length), {
      side: SIDE,
      images,
      stride: IMAGE,
      order: 'columns',
    });
    start += bytes.length;
  }
  const known = labels.some((label) => label >= 0);
  return {
    count: labels.length,
    source: { kind: 'memory', pixels, heights: SIDE, widths: SIDE },
    targets: known ? { kind: 'class', labels } : null,
  };
}

async function readPixels(path: string): Promise<Uint8Array> {
  return readDataFile(path, `STL-10 images, part of ${HINT}`, (size) => {
    if (size > 0 && size % IMAGE === 0) return;
    throw new ByolError(
      'ERR_BYOL_DATA',
      `${path} is truncated or not of STL-10: it has ${size} bytes, and images have ${IMAGE} (${(size / IMAGE).toFixed(2)} images). Unpack the archive again.`,
    );
  });
}

/** From 1 to 10 in the file, from 0 here. */
async function readLabels(path: string, count: number): Promise<Int32Array> {
  const bytes = await readDataFile(path, `labels of STL-10, part of ${HINT}`, (size) => {
    if (size === count) return;
    throw new ByolError('ERR_BYOL_DATA', `${path} should have ${count} bytes, one for each image, but has ${size}.`);
  });
  const wrong = bytes.findIndex((label) => label < 1 || label > CLASSES);
  if (wrong >= 0) {
    throw new ByolError(
      'ERR_BYOL_DATA',
      `${path} is damaged: image ${wrong} has label ${bytes[wrong]}, expected 1 to ${CLASSES}.`,
    );
  }
  return Int32Array.from(bytes, (label) => label - 1);
}

async function keepFold(path: string, fold: number, labels: Int32Array, labelled: number): Promise<void> {
  const lines = Buffer.from(await readDataFile(path, `folds of STL-10, part of ${HINT}`))
    .toString('utf8')
    .split('\n');
  const kept = new Set(
    (lines[fold] ?? '')
      .trim()
      .split(/\s+/)
      .filter((text) => text !== '')
      .map(Number),
  );
  const wrong = [...kept].find((image) => !Number.isInteger(image) || image < 0 || image >= labelled);
  if (kept.size === 0 || wrong !== undefined) {
    throw new ByolError(
      'ERR_BYOL_DATA',
      `${path}: line ${fold + 1} should list numbers of images, 0 to ${labelled - 1}${wrong === undefined ? ', but is empty' : `, and has ${wrong}`}.`,
    );
  }
  for (let image = 0; image < labelled; image += 1) if (!kept.has(image)) labels[image] = -1;
}

async function readNames(path: string): Promise<string[]> {
  const text = Buffer.from(await readDataFile(path, `class names of STL-10, part of ${HINT}`)).toString('utf8');
  const names = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (names.length === CLASSES) return names;
  throw new ByolError(
    'ERR_BYOL_DATA',
    `${path} should name ${CLASSES} classes, one a line, but names ${names.length}.`,
  );
}
