import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/paths.js';

/** What test/python/write_checkpoints.py wrote. */

export const fixture = (name: string): string => join(root, 'test/import/fixtures', name);

/** What each file's network makes of the pictures, by the library that wrote it. */
export const expectedFeatures = JSON.parse(readFileSync(fixture('features.json'), 'utf8')) as Readonly<
  Record<string, readonly (readonly number[])[]>
>;

const SIZE = 32;

/** As in the script. */
export const pictures = Array.from({ length: 3 }, (_, i) => {
  const pixels = new Uint8Array(SIZE * SIZE * 3);
  for (let y = 0, at = 0; y < SIZE; y += 1) {
    for (let x = 0; x < SIZE; x += 1) {
      for (let c = 0; c < 3; c += 1, at += 1) {
        pixels[at] = (i * 37 + x * (3 + i) + y * (7 - c) + ((x * y * (c + 1)) % 61)) % 256;
      }
    }
  }
  return { pixels, width: SIZE, height: SIZE };
});

/** The largest difference from what the library found, as a part of its largest feature. */
export function difference(found: { readonly data: Float32Array }, name: string): number {
  const expected = (expectedFeatures[name] as readonly (readonly number[])[]).flat();
  if (expected.length !== found.data.length) return Number.POSITIVE_INFINITY;
  return Math.max(...expected.map((value, i) => Math.abs(value - (found.data[i] as number)))) / Math.max(...expected);
}
