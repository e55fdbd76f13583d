import { readdirSync } from 'node:fs';
import path from 'node:path';
import { decodeImage, type Pixels } from '../../lib/data/decode-image.js';

/** Photos in memory, all squares of one size. */
export interface Photos {
  readonly count: number;
  readonly size: number;
  /** uint8 RGB of some of them. */
  pixels(first: number, count: number): Uint8Array;
}

/** Side of the squares that are cut out of the middle of photos. */
const SQUARE = 224;

/** The first photos of each class of a folder, one class after the other, until there are `count`. */
export async function readPhotos(folder: string, count: number): Promise<Uint8Array[]> {
  const classes = readdirSync(folder).sort();
  const names = classes.map((name) => readdirSync(path.join(folder, name)).sort());
  const most = Math.max(...names.map((files) => files.length));
  const files = Array.from({ length: most }, (_, at) =>
    names.flatMap((inClass, i) =>
      inClass[at] === undefined ? [] : [path.join(folder, classes[i] as string, inClass[at])],
    ),
  ).flat();
  if (files.length < count) throw new Error(`${folder} has ${files.length} photos, and ${count} are asked for.`);
  return Promise.all(
    files.slice(0, count).map(async (file) => middle(await decodeImage(file, { name: file, maxPixels: 1e8 }))),
  );
}

/** Of side `size`: as they are, or means over squares of pixels. */
export function photosOf(squares: readonly Uint8Array[], size: number): Photos {
  const all = Buffer.concat(squares.map((square) => shrink(square, SQUARE / size)));
  const bytes = size * size * 3;
  return {
    count: squares.length,
    size,
    pixels: (first, count) => all.subarray(first * bytes, (first + count) * bytes),
  };
}

function middle({ pixels, width, height }: Pixels): Uint8Array {
  const out = new Uint8Array(SQUARE * SQUARE * 3);
  const [left, top] = [(width - SQUARE) >> 1, (height - SQUARE) >> 1];
  for (let row = 0; row < SQUARE; row += 1) {
    const from = ((top + row) * width + left) * 3;
    out.set(pixels.subarray(from, from + SQUARE * 3), row * SQUARE * 3);
  }
  return out;
}

function shrink(square: Uint8Array, by: number): Uint8Array {
  if (by === 1) return square;
  const size = SQUARE / by;
  return Uint8Array.from({ length: size * size * 3 }, (_, at) => {
    const [channel, pixel] = [at % 3, Math.floor(at / 3)];
    const [left, top] = [(pixel % size) * by, Math.floor(pixel / size) * by];
    let sum = 0;
    for (let y = top; y < top + by; y += 1) {
      for (let x = left; x < left + by; x += 1) sum += square[(y * SQUARE + x) * 3 + channel] as number;
    }
    return Math.round(sum / by ** 2);
  });
}
