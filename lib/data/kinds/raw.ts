import { mkdir, rm } from 'node:fs/promises';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { Breather } from '../../breather.js';
import { ByolError } from '../../errors.js';
import { ioError, writeAtomically } from '../../files/atomic-file.js';
import { isPresent, readDataFile } from '../../files/data-file.js';
import { writeJson } from '../../files/json-file.js';
import { defineDataKind } from '../data-kind.js';
import type { Dataset, ImageArray } from '../dataset.js';

/**
 * A raw store: a folder with `raw.json`, `train.bin` and `test.bin` (uint8 RGB pixels, images x height x width x 3,
 * row-major) and, if labelled, `train.labels.bin` and `test.labels.bin` (int32, little-endian, -1: unknown). Any tool that can
 * write bytes can make one: `array.tofile('train.bin')` in NumPy.
 */
const manifestSchema = z.strictObject({
  height: z.int().positive(),
  width: z.int().positive(),
  /** Names in label order. Without it labels are named by their numbers. */
  classes: z.array(z.string().min(1)).min(1).optional(),
  train: z.strictObject({ images: z.int().positive() }),
  test: z.strictObject({ images: z.int().positive() }),
});
type Manifest = z.infer<typeof manifestSchema>;

const MANIFEST = 'raw.json';

export const raw = defineDataKind({
  schema: z.strictObject({
    /** Equally sized uint8 RGB images: a folder with raw.json, train.bin, test.bin and, if labelled, *.labels.bin. */
    kind: z.literal('raw'),
    path: z.string().min(1),
  }),
  title: 'equally sized uint8 images: raw.json, train.bin, test.bin',
  defaults: {},
  recognise: async ({ path, files }) => {
    if (!files.includes(MANIFEST)) return null;
    const { height, width } = await readManifest(path);
    return { settings: { path }, side: Math.max(height, width) };
  },
  open: ({ path }) => readRawStore(path),
});

/** Throws ERR_BYOL_DATA naming the file, what was expected and what is there. */
export async function readRawStore(folder: string): Promise<Dataset> {
  const manifest = await readManifest(folder);
  const train = await readPart(folder, 'train', manifest);
  const test = await readPart(folder, 'test', manifest);
  const labelled = train.labels !== null || test.labels !== null;
  const classNames = labelled ? (manifest.classes ?? numberedClasses(train, test)) : [];
  return { train, test, classNames };
}

/** Writes a store; raw.json comes last, so that an unfinished store is not taken for a whole one. Throws ERR_BYOL_IO. */
export async function writeRawStore(folder: string, data: Dataset): Promise<void> {
  const { train, test, classNames } = data;
  if (train.height !== test.height || train.width !== test.width) {
    const sizes = `${train.width} x ${train.height} and ${test.width} x ${test.height}`;
    throw new ByolError(
      'ERR_BYOL_DATA',
      `A raw store has one image size, but train and test images are ${sizes} pixels.`,
    );
  }
  const manifest = join(folder, MANIFEST);
  try {
    await mkdir(folder, { recursive: true });
    await rm(manifest, { force: true });
  } catch (error) {
    throw ioError(folder, 'write to', error);
  }
  for (const [part, images] of Object.entries({ train, test })) {
    await writeAtomically(join(folder, `${part}.bin`), images.pixels);
    const labels = join(folder, `${part}.labels.bin`);
    if (images.labels !== null) await writeAtomically(labels, encodeLabels(images.labels));
    else await rm(labels, { force: true });
  }
  const content: Manifest = {
    height: train.height,
    width: train.width,
    ...(classNames.length > 0 ? { classes: [...classNames] } : {}),
    train: { images: train.count },
    test: { images: test.count },
  };
  await writeJson(manifest, content);
}

async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, MANIFEST);
  const bytes = await readDataFile(path, 'the description of a raw store: sizes and numbers of its images');
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw new ByolError('ERR_BYOL_DATA', `${path} is not JSON: ${(error as Error).message}.`, { cause: error });
  }
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) {
    const example = '{"height": 32, "width": 32, "train": {"images": 50000}, "test": {"images": 10000}}';
    const problems = parsed.error.issues
      .map((issue) => `${issue.path.join('.') || 'the whole'}: ${issue.message}`)
      .join('; ');
    throw new ByolError('ERR_BYOL_DATA', `${path} does not describe a raw store: ${problems}. Example: ${example}`);
  }
  return parsed.data;
}

async function readPart(folder: string, part: 'train' | 'test', manifest: Manifest): Promise<ImageArray> {
  const { height, width } = manifest;
  const count = manifest[part].images;
  const path = join(folder, `${part}.bin`);
  const pixels = await readDataFile(path, 'the pixels of a raw store', (size) =>
    checkSize(path, size, count * height * width * 3, `${count} images of ${width} x ${height} x 3 bytes`),
  );
  const labelsPath = join(folder, `${part}.labels.bin`);
  // Whatever has this name is meant to be labels: left out because it cannot be read, they would be missed without a word.
  if (!(await isPresent(labelsPath))) return { count, height, width, pixels, labels: null };
  const bytes = await readDataFile(labelsPath, 'the labels of a raw store', (size) =>
    checkSize(labelsPath, size, count * 4, `${count} labels of 4 bytes`),
  );
  const labels = decodeLabels(bytes);
  const known = await checkLabels(labelsPath, labels, manifest);
  return { count, height, width, pixels, labels: known === 0 ? null : labels };
}

function checkSize(path: string, size: number, expected: number, as: string): void {
  if (size === expected) return;
  const kind = size < expected ? 'truncated' : 'too long';
  throw new ByolError(
    'ERR_BYOL_DATA',
    `${path} is ${kind}: expected ${expected} bytes (${as}, by ${MANIFEST}), got ${size}.`,
  );
}

/** Returns how many are known. */
async function checkLabels(path: string, labels: Int32Array, manifest: Manifest): Promise<number> {
  // Without names, more classes than training images can only be garbage, which must not become a giant classifier.
  const classes = manifest.classes?.length ?? manifest.train.images;
  const breather = new Breather();
  let known = 0;
  for (const [image, label] of labels.entries()) {
    if (image % 4096 === 0) await breather.breathe();
    if (label >= 0 && label < classes) known += 1;
    if (label >= -1 && label < classes) continue;
    throw new ByolError(
      'ERR_BYOL_DATA',
      `${path}: image ${image} has label ${label}, expected 0 to ${classes - 1}, or -1 for unknown.`,
    );
  }
  return known;
}

function numberedClasses(...parts: readonly ImageArray[]): string[] {
  let largest = -1;
  for (const { labels } of parts) for (const label of labels ?? []) largest = Math.max(largest, label);
  return Array.from({ length: largest + 1 }, (_, label) => String(label));
}

function encodeLabels(labels: Int32Array): Uint8Array {
  return littleEndian(new Uint8Array(labels.slice().buffer));
}

/** Of bytes that begin their buffer. */
function decodeLabels(bytes: Uint8Array): Int32Array {
  return new Int32Array(littleEndian(bytes).buffer, bytes.byteOffset, bytes.byteLength / 4);
}

/** Turns whole int32s, in place, from this machine's order of bytes to little-endian, or back. */
function littleEndian(bytes: Uint8Array): Uint8Array {
  if (endianness() === 'BE') Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).swap32();
  return bytes;
}
