import { mkdir, rm } from 'node:fs/promises';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { Breather } from '../../breather.js';
import { ByolError } from '../../errors.js';
import { ioError, writeAtomically } from '../../files/atomic-file.js';
import { isPresent, readDataFile } from '../../files/data-file.js';
import { writeJson } from '../../files/json-file.js';
import { dataPath, defineDataKind } from '../data-kind.js';
import {
  classLabels,
  type Dataset,
  type ImageSplit,
  type Size,
  type SplitName,
  sizeOf,
  splitNames,
} from '../dataset.js';

const partSchema = z.strictObject({ images: z.int().positive() });

/**
 * A raw store: a folder with `raw.json`, `train.bin` and, for kNN and classifiers, `test.bin` (uint8 RGB pixels, images x height x
 * width x 3, row-major) and, if labelled, `train.labels.bin` and `test.labels.bin` (int32, little-endian, -1: unknown); the same of
 * `val`. Any tool that can write bytes can make one: `array.tofile('train.bin')` in NumPy.
 */
const manifestSchema = z.strictObject({
  height: z.int().positive(),
  width: z.int().positive(),
  /** Names in label order. Without it labels are named by their numbers. */
  classes: z.array(z.string().min(1)).min(1).optional(),
  train: partSchema,
  val: partSchema.optional(),
  test: partSchema.optional(),
});
type Manifest = z.infer<typeof manifestSchema>;

const MANIFEST = 'raw.json';

export const raw = defineDataKind({
  schema: z.strictObject({
    /** Equally sized uint8 RGB images: a folder with raw.json, train.bin and, if there are any, test.bin and *.labels.bin. */
    kind: z.literal('raw'),
    path: dataPath,
  }),
  title: 'equally sized uint8 images: raw.json, train.bin, test.bin',
  defaults: {},
  recognize: async ({ path, files }) => {
    if (!files.includes(MANIFEST)) return null;
    const { height, width } = await readManifest(path);
    return { settings: { path }, side: Math.max(height, width) };
  },
  open: ({ path }) => readRawStore(path),
});

/** Throws ERR_BYOL_DATA naming the file, what was expected and what is there. */
export async function readRawStore(folder: string): Promise<Dataset> {
  const manifest = await readManifest(folder);
  const part = (name: SplitName, { images }: { readonly images: number }): Promise<ImageSplit> =>
    readPart(folder, name, manifest, images);
  const splits = {
    train: await part('train', manifest.train),
    ...(manifest.val && { val: await part('val', manifest.val) }),
    ...(manifest.test && { test: await part('test', manifest.test) }),
  };
  const labelled = Object.values(splits).some(({ targets }) => targets !== null);
  const classNames = labelled ? (manifest.classes ?? numberedClasses(Object.values(splits))) : [];
  return { ...splits, classNames };
}

/**
 * Writes a store; raw.json comes last, so that an unfinished store is not taken for a whole one. Throws ERR_BYOL_DATA for images that
 * a raw store cannot hold (different sizes, several labels each), ERR_BYOL_IO.
 */
export async function writeRawStore(folder: string, data: Dataset): Promise<void> {
  const parts = splitNames.map((name) => [name, data[name]] as const);
  const { height, width } = checkStorable(parts.flatMap(([, split]) => split ?? []));
  const manifest = join(folder, MANIFEST);
  try {
    await mkdir(folder, { recursive: true });
    await rm(manifest, { force: true });
  } catch (error) {
    throw ioError(folder, 'write to', error);
  }
  for (const [part, split] of parts) {
    const path = join(folder, `${part}.labels.bin`);
    const labels = classLabels(split?.targets ?? null);
    if (split !== undefined) await writeAtomically(join(folder, `${part}.bin`), split.source.pixels);
    else await rm(join(folder, `${part}.bin`), { force: true });
    if (labels !== null) await writeAtomically(path, encodeLabels(labels));
    else await rm(path, { force: true });
  }
  const content: Manifest = {
    height,
    width,
    ...(data.classNames.length > 0 ? { classes: [...data.classNames] } : {}),
    train: { images: data.train.count },
    ...(data.val && { val: { images: data.val.count } }),
    ...(data.test && { test: { images: data.test.count } }),
  };
  await writeJson(manifest, content);
}

/** The size of all images. */
function checkStorable(splits: readonly ImageSplit[]): Size {
  const refuse = (reason: string): never => {
    throw new ByolError('ERR_BYOL_DATA', `A raw store cannot hold these images: ${reason}.`);
  };
  const sizes = new Set<string>();
  for (const { count, source, targets } of splits) {
    if (targets?.kind === 'labels') refuse('it has one label per image, and these have any number');
    for (let image = 0; image < count; image += 1) {
      const { height, width } = sizeOf(source, image);
      sizes.add(`${width} x ${height}`);
      if (sizes.size > 1) refuse(`it has one size, and these are ${[...sizes].join(' and ')} pixels`);
    }
  }
  return sizeOf((splits[0] as ImageSplit).source, 0);
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

async function readPart(folder: string, part: SplitName, manifest: Manifest, count: number): Promise<ImageSplit> {
  const { height, width } = manifest;
  const path = join(folder, `${part}.bin`);
  const pixels = await readDataFile(path, 'the pixels of a raw store', (size) =>
    checkSize(path, size, count * height * width * 3, `${count} images of ${width} x ${height} x 3 bytes`),
  );
  const source = { kind: 'memory', pixels, heights: height, widths: width } as const;
  const labelsPath = join(folder, `${part}.labels.bin`);
  // Whatever has this name is meant to be labels: left out because it cannot be read, they would be missed without a word.
  if (!(await isPresent(labelsPath))) return { count, source, targets: null };
  const bytes = await readDataFile(labelsPath, 'the labels of a raw store', (size) =>
    checkSize(labelsPath, size, count * 4, `${count} labels of 4 bytes`),
  );
  const labels = decodeLabels(bytes);
  const known = await checkLabels(labelsPath, labels, manifest);
  return { count, source, targets: known === 0 ? null : { kind: 'class', labels } };
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

function numberedClasses(splits: readonly ImageSplit[]): string[] {
  let largest = -1;
  for (const { targets } of splits) for (const label of classLabels(targets) ?? []) largest = Math.max(largest, label);
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
