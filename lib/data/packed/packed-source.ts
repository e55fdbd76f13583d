import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { ByolError } from '../../errors.js';
import { fileReason } from '../../files/data-file.js';
import { readFully } from '../../files/read-fully.js';
import type { PackedSource } from '../dataset.js';
import type { Directory, Header } from './layout.js';

/** What a store says of its images: everything but their pixels. */
export interface StoreIndex {
  readonly path: string;
  readonly header: Header;
  readonly directory: Directory;
  readonly offsets: Float64Array;
  readonly heights: Int32Array;
  readonly widths: Int32Array;
  /** CRC-32 of the pixels of each image. */
  readonly sums: Uint32Array;
  /** How messages call each image. */
  readonly name: (image: number) => string;
  readonly column: (name: string) => Buffer;
}

/** Some images of a store, one after the other. */
export class PackedImagesSource implements PackedSource {
  readonly kind = 'packed';
  readonly path: string;
  readonly heights: number | Int32Array;
  readonly widths: number | Int32Array;
  readonly sums: Uint32Array;
  readonly #offsets: Float64Array;
  readonly #name: (image: number) => string;

  constructor({ path, offsets, heights, widths, sums, name }: StoreIndex, first: number, count: number) {
    this.path = path;
    this.heights = oneOrEach(heights.subarray(first, first + count));
    this.widths = oneOrEach(widths.subarray(first, first + count));
    this.sums = sums.subarray(first, first + count);
    this.#offsets = offsets.subarray(first, first + count);
    this.#name = (image) => name(first + image);
  }

  offset(image: number): number {
    return this.#offsets[image] as number;
  }

  location(image: number): string {
    return this.#name(image);
  }

  async read(image: number): Promise<Uint8Array> {
    const [height, width] = [this.heights, this.widths].map((sides) =>
      typeof sides === 'number' ? sides : (sides[image] as number),
    ) as [number, number];
    let pixels: Buffer;
    try {
      const file = await open(this.path, 'r');
      try {
        pixels = await readFully(file, this.offset(image), height * width * 3);
      } finally {
        await file.close();
      }
    } catch (error) {
      const reason = fileReason(error as NodeJS.ErrnoException);
      throw new ByolError('ERR_BYOL_DATA', `${this.path} cannot be read: ${reason}.`, { cause: error });
    }
    if (crc32(pixels) === this.sums[image]) return pixels;
    throw new ByolError(
      'ERR_BYOL_IMAGE',
      `${this.location(image)} in ${this.path} cannot be read: its pixels are damaged (their checksum differs).`,
    );
  }
}

/** One number where all are equal. */
function oneOrEach(sides: Int32Array): number | Int32Array {
  const [first = 0] = sides;
  return sides.every((side) => side === first) ? first : sides;
}
