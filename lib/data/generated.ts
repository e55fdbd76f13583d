import { Breather } from '../breather.js';
import { Stream } from '../random/philox.js';
import type { Dataset, ImageSplit, MemorySource } from './dataset.js';

/** Labelled images that are drawn, not read. */
export interface GeneratedOptions {
  readonly trainImages: number;
  readonly testImages: number;
  /** Side in pixels. */
  readonly size: number;
  /** The same number draws the same images. */
  readonly seed: number;
}

/**
 * Draws one image into `out` (size x size x 3 bytes from `offset`) with numbers of `stream`, and returns its class. The stream
 * depends on (seed, split, index) alone, so a larger set begins with the smaller one.
 */
export type DrawImage = (stream: Stream, size: number, out: Uint8Array, offset: number) => number;

const SPLIT = { train: 0, test: 1 } as const;

export async function generateImages(
  { trainImages, testImages, size, seed }: GeneratedOptions,
  classNames: readonly string[],
  draw: DrawImage,
): Promise<Dataset<MemorySource> & Required<Pick<Dataset<MemorySource>, 'test'>>> {
  const split = (name: keyof typeof SPLIT, count: number): Promise<ImageSplit<MemorySource>> =>
    generateSplit((index) => new Stream(seed, SPLIT[name], index), count, size, draw);
  return { train: await split('train', trainImages), test: await split('test', testImages), classNames };
}

async function generateSplit(
  streamOf: (index: number) => Stream,
  count: number,
  size: number,
  draw: DrawImage,
): Promise<ImageSplit<MemorySource>> {
  const bytes = size * size * 3;
  const pixels = new Uint8Array(count * bytes);
  const labels = new Int32Array(count);
  const breather = new Breather();
  for (let index = 0; index < count; index += 1) {
    labels[index] = draw(streamOf(index), size, pixels, index * bytes);
    if (breather.due) await breather.breathe();
  }
  return {
    count,
    source: { kind: 'memory', pixels, heights: size, widths: size },
    targets: { kind: 'class', labels },
  };
}
