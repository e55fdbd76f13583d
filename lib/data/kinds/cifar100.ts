import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ByolError } from '../../errors.js';
import { fileProblem, readDataFile } from '../../files/data-file.js';
import { dataPath, defineDataKind } from '../data-kind.js';
import type { Dataset, ImageSplit } from '../dataset.js';
import { withHeldOut } from '../sets/divide-memory.js';
import { fromPlanes } from './planes.js';

/** CIFAR-100, binary version (A. Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html): two labels, then three planes. */

const SIDE = 32;
const RECORD = 2 + 3 * SIDE * SIDE;
const FOLDER = 'cifar-100-binary';
const HINT = `the folder ${FOLDER} of cifar-100-binary.tar.gz from https://www.cs.toronto.edu/~kriz/cifar.html`;
const FILES = ['train.bin', 'test.bin', 'fine_label_names.txt', 'coarse_label_names.txt'] as const;

/** Of each sort of label: where it stands in a record, how many there are, and the file of their names. */
const labelSorts = {
  fine: { at: 1, classes: 100, names: 'fine_label_names.txt' },
  coarse: { at: 0, classes: 20, names: 'coarse_label_names.txt' },
} as const;
type LabelSort = keyof typeof labelSorts;

export const cifar100 = defineDataKind({
  schema: z.strictObject({
    /** CIFAR-100, binary version: train.bin and test.bin. */
    kind: z.literal('cifar100'),
    path: dataPath,
    /** The 100 classes, or the 20 superclasses that they belong to. */
    labels: z.enum(['fine', 'coarse']),
    /** 'paper': 5,067 of the 50,000 training images validate, as in the paper's transfer, of each class 50 or 51. Left out: none. */
    val: z.literal('paper').optional(),
  }),
  title: 'CIFAR-100, binary version',
  defaults: { labels: 'fine' },
  recognize: async ({ path, files, folders }) => {
    const names = folders.includes(FOLDER) ? await readdir(join(path, FOLDER)) : files;
    return FILES.every((name) => names.includes(name))
      ? { settings: { path, labels: 'fine' as const }, side: SIDE }
      : null;
  },
  open: async ({ path, labels, val }) => {
    const data = await readCifar100(path, labels);
    return val === 'paper' ? withHeldOut(data, { images: 5067, of: 50_000 }) : data;
  },
});

/**
 * Reads train.bin and test.bin. `path` is their folder or the one that holds `cifar-100-binary`. Throws ERR_BYOL_DATA for a missing
 * or truncated file and for a label out of range.
 */
export async function readCifar100(path: string, sort: LabelSort): Promise<Dataset> {
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    throw fileProblem(path, HINT, error);
  });
  const folder = names.includes(FOLDER) ? join(path, FOLDER) : path;
  const { classes, names: namesFile } = labelSorts[sort];
  const text = await readDataFile(join(folder, namesFile), `class names of CIFAR-100, part of ${HINT}`);
  const classNames = Buffer.from(text)
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (classNames.length !== classes) {
    throw new ByolError(
      'ERR_BYOL_DATA',
      `${join(folder, namesFile)} should name ${classes} classes, one a line, but names ${classNames.length}.`,
    );
  }
  return {
    train: await readRecords(join(folder, 'train.bin'), sort),
    test: await readRecords(join(folder, 'test.bin'), sort),
    classNames,
  };
}

async function readRecords(path: string, sort: LabelSort): Promise<ImageSplit> {
  const bytes = await readDataFile(path, `CIFAR-100 images, part of ${HINT}`, (size) => checkSize(path, size));
  const count = bytes.length / RECORD;
  const { at, classes } = labelSorts[sort];
  const labels = Int32Array.from({ length: count }, (_, image) => bytes[image * RECORD + at] as number);
  const wrong = labels.findIndex((label) => label >= classes);
  if (wrong >= 0) {
    throw new ByolError(
      'ERR_BYOL_DATA',
      `${path} is damaged: record ${wrong} has the ${sort} label ${labels[wrong]}, expected 0 to ${classes - 1}.`,
    );
  }
  const pixels = new Uint8Array(count * (RECORD - 2));
  await fromPlanes(bytes.subarray(2), pixels, { side: SIDE, images: count, stride: RECORD, order: 'rows' });
  return { count, source: { kind: 'memory', pixels, heights: SIDE, widths: SIDE }, targets: { kind: 'class', labels } };
}

function checkSize(path: string, size: number): void {
  if (size > 0 && size % RECORD === 0) return;
  throw new ByolError(
    'ERR_BYOL_DATA',
    `${path} is truncated or not a CIFAR-100 binary file: it has ${size} bytes, and records have ${RECORD} (${(size / RECORD).toFixed(2)} records). Unpack the archive again.`,
  );
}
