import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Breather } from '../../breather.js';
import { ByolError } from '../../errors.js';
import { fileProblem, readDataFile, statData } from '../../files/data-file.js';
import { dataPath, defineDataKind } from '../data-kind.js';
import type { Dataset, ImageSplit } from '../dataset.js';
import { withHeldOut } from '../sets/divide-memory.js';

/** CIFAR-10, binary version (A. Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html). */

const SIDE = 32;
const PLANE = SIDE * SIDE;
const RECORD = 1 + 3 * PLANE;
const IMAGES_PER_FILE = 10_000;
const CLASSES = 10;
const FOLDER = 'cifar-10-batches-bin';
const HINT = `the folder ${FOLDER} of cifar-10-binary.tar.gz from https://www.cs.toronto.edu/~kriz/cifar.html`;

export const cifar10 = defineDataKind({
  schema: z.strictObject({
    /** CIFAR-10, binary version: data_batch_1..5.bin and test_batch.bin. */
    kind: z.literal('cifar10'),
    path: dataPath,
    /** Training files to use, 1 to 5. */
    batches: z.array(z.int().min(1).max(5)).min(1),
    /** 'paper': 5,000 of the 50,000 training images validate, as in the paper's transfer, of each class as many. Left out: none. */
    val: z.literal('paper').optional(),
  }),
  title: 'binary version',
  defaults: { batches: [1, 2, 3, 4, 5] },
  classes: CLASSES,
  recognize: async ({ path, files, folders }) => {
    const names = folders.includes(FOLDER) ? await readdir(join(path, FOLDER)) : files;
    const batches = [1, 2, 3, 4, 5].filter((batch) => names.includes(`data_batch_${batch}.bin`));
    return batches.length === 0 ? null : { settings: { path, batches }, side: SIDE };
  },
  open: async ({ path, batches, val }) => {
    const data = await readCifar10(path, batches);
    return val === 'paper' ? withHeldOut(data, { images: 5000, of: 50_000 }) : data;
  },
});

/**
 * Reads training files 1..5 as asked, and the test file. `path` is the folder with the .bin files or the one that holds
 * `cifar-10-batches-bin`. Throws ERR_BYOL_DATA for a missing or truncated file and for a label above 9.
 */
export async function readCifar10(path: string, batches: readonly number[]): Promise<Dataset> {
  const folder = await findFolder(path);
  const trainFiles = [...new Set(batches)]
    .sort((a, b) => a - b)
    .map((batch) => join(folder, `data_batch_${batch}.bin`));
  const classNames = await readClassNames(join(folder, 'batches.meta.txt'));
  const train = await readFiles(trainFiles);
  const test = await readFiles([join(folder, 'test_batch.bin')]);
  return { train, test, classNames };
}

async function findFolder(path: string): Promise<string> {
  const what = 'the folder of CIFAR-10';
  const entry = await statData(path, what);
  if (entry === null) {
    throw new ByolError('ERR_BYOL_DATA', `There is no folder ${path}. data.path must be ${HINT}, or its parent.`);
  }
  if (!entry.isDirectory()) {
    throw new ByolError('ERR_BYOL_DATA', `${path} is a file. data.path must be a folder: ${HINT}, or its parent.`);
  }
  const inner = join(path, FOLDER);
  const folder = (await statData(inner, what))?.isDirectory() ? inner : path;
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw fileProblem(folder, what, error);
  });
  if (!names.some((name) => name.endsWith('.bin'))) {
    const holds = names.length === 0 ? 'is empty' : `holds no .bin files (but ${names.slice(0, 4).join(', ')})`;
    throw new ByolError('ERR_BYOL_DATA', `The folder ${folder} ${holds}. data.path must be ${HINT}, or its parent.`);
  }
  return folder;
}

async function readClassNames(path: string): Promise<string[]> {
  const bytes = await readDataFile(path, `the class names of CIFAR-10, part of ${HINT}`);
  const lines = Buffer.from(bytes).toString('utf8').split('\n');
  const names = lines.map((line) => line.trim()).filter((line) => line !== '');
  if (names.length !== CLASSES) {
    throw new ByolError(
      'ERR_BYOL_DATA',
      `${path} should name ${CLASSES} classes, one a line, but names ${names.length}.`,
    );
  }
  return names;
}

async function readFiles(paths: readonly string[]): Promise<ImageSplit> {
  const count = paths.length * IMAGES_PER_FILE;
  const pixels = new Uint8Array(count * 3 * PLANE);
  const labels = new Int32Array(count);
  const breather = new Breather();
  for (const [fileIndex, path] of paths.entries()) {
    const bytes = await readDataFile(path, `CIFAR-10 images, part of ${HINT}`, (size) => checkSize(path, size));
    for (let record = 0; record < IMAGES_PER_FILE; record += 1) {
      const image = fileIndex * IMAGES_PER_FILE + record;
      labels[image] = readRecord(bytes, record, pixels, image * 3 * PLANE, path);
      if (record % 100 === 0) await breather.breathe();
    }
  }
  return {
    count,
    source: { kind: 'memory', pixels, heights: SIDE, widths: SIDE },
    targets: { kind: 'class', labels },
  };
}

function checkSize(path: string, size: number): void {
  const expected = IMAGES_PER_FILE * RECORD;
  if (size === expected) return;
  const kind = size < expected ? 'truncated' : 'not a CIFAR-10 binary file (CIFAR-100 and the Python version differ)';
  throw new ByolError(
    'ERR_BYOL_DATA',
    `${path} is ${kind}: expected ${expected} bytes (${IMAGES_PER_FILE} records of ${RECORD}), got ${size} ` +
      `(${(size / RECORD).toFixed(2)} records). Unpack the archive again.`,
  );
}

/** One record, from planes to pixels; returns its label. */
function readRecord(bytes: Uint8Array, record: number, pixels: Uint8Array, offset: number, path: string): number {
  const start = record * RECORD;
  const label = bytes[start] as number;
  if (label >= CLASSES) {
    throw new ByolError(
      'ERR_BYOL_DATA',
      `${path} is damaged: record ${record} has label ${label}, expected 0 to ${CLASSES - 1}.`,
    );
  }
  const red = start + 1;
  for (let i = 0, out = offset; i < PLANE; i += 1, out += 3) {
    pixels[out] = bytes[red + i] as number;
    pixels[out + 1] = bytes[red + PLANE + i] as number;
    pixels[out + 2] = bytes[red + 2 * PLANE + i] as number;
  }
  return label;
}
