import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Breather } from '../breather.js';
import type { Dataset, ImageArray } from './dataset.js';

/** data.json: which images a run is trained and measured on, so that it goes on with no others. */

/** Between two looks at the clock: about a millisecond's work. */
const CHUNK = 1 << 20;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const partSchema = z.strictObject({
  images: z.int().positive(),
  height: z.int().positive(),
  width: z.int().positive(),
  /** SHA-256 of the pixels as they lie in memory: images x height x width x 3 bytes. */
  pixels: sha256,
  /** SHA-256 of one little-endian int32 per image; null: no labels. */
  labels: sha256.nullable(),
});
export const dataRecordSchema = z.strictObject({
  train: partSchema,
  test: partSchema,
  classNames: z.array(z.string()),
});
export type DataRecord = z.infer<typeof dataRecordSchema>;
type Part = DataRecord['train'];

/** Takes 0.15 s for CIFAR-10 (150 MB) where the processor has instructions for SHA, 0.35 s without. */
export async function describeData({ train, test, classNames }: Dataset): Promise<DataRecord> {
  return { train: await describePart(train), test: await describePart(test), classNames: [...classNames] };
}

async function describePart({ count, height, width, pixels, labels }: ImageArray): Promise<Part> {
  return {
    images: count,
    height,
    width,
    pixels: await hash(pixels),
    labels: labels && (await hash(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength))),
  };
}

async function hash(bytes: Uint8Array): Promise<string> {
  const sum = createHash('sha256');
  const breather = new Breather();
  for (let start = 0; start < bytes.length; start += CHUNK) {
    sum.update(bytes.subarray(start, start + CHUNK));
    await breather.breathe();
  }
  return sum.digest('hex');
}

/** How other images than before differ from them, in words; empty: they are the same. */
export function dataDifferences(older: DataRecord, newer: DataRecord): string[] {
  const differences = [
    ...partDifferences('training', older.train, newer.train),
    ...partDifferences('test', older.test, newer.test),
  ];
  if (JSON.stringify(older.classNames) !== JSON.stringify(newer.classNames)) {
    differences.push(`classes: ${classes(older)}, now ${classes(newer)}`);
  }
  return differences;
}

function partDifferences(name: string, older: Part, newer: Part): string[] {
  const size = ({ height, width }: Part): string => `${width} x ${height} pixels`;
  const differences: string[] = [];
  if (older.images !== newer.images) differences.push(`${name} images: ${older.images}, now ${newer.images}`);
  if (size(older) !== size(newer)) differences.push(`size of the ${name} images: ${size(older)}, now ${size(newer)}`);
  const sameShape = differences.length === 0;
  if (sameShape && older.pixels !== newer.pixels) {
    differences.push(`${name} images: as many of the same size, but others, or in another order`);
  }
  if (older.labels === null && newer.labels !== null)
    differences.push(`labels of the ${name} images: none, now there are`);
  else if (older.labels !== null && newer.labels === null)
    differences.push(`labels of the ${name} images: now there are none`);
  else if (sameShape && older.labels !== newer.labels) differences.push(`labels of the ${name} images: now others`);
  return differences;
}

function classes({ classNames }: DataRecord): string {
  const shown = classNames.slice(0, 5).join(', ');
  if (classNames.length === 0) return 'none';
  return classNames.length <= 5 ? shown : `${classNames.length} (${shown}, ...)`;
}
