import { availableParallelism } from 'node:os';
import { loadNative } from '../binding/load.js';
import type { DecodedImages, DecodeFailure, DecodeInput } from '../binding/native.js';
import { type FilesSource, sizeOf } from './dataset.js';

/** Images of a batch, and bytes of their pixels unless one alone has more: enough for many threads, and no burden for memory. */
const BATCH = 32;
const BATCH_BYTES = 64 * 2 ** 20;

/** What one file may take. Progressive images of more than 85 million pixels take more memory. */
const LIMITS = { memory: 512 * 2 ** 20, scans: 100, seconds: 60, fileBytes: 2 ** 30 } as const;

/** What becomes of each image, in no certain order. */
export interface JpegReader {
  /** `pixels` are valid until this returns. Throwing ends the reading. */
  decoded(image: number, pixels: Uint8Array): void;
  /** `reason`: after "it". */
  broken(image: number, reason: string): void;
}

/**
 * Decodes the JPEG files of a source whole, by threads of the addon, while others are read. Colour profiles are not applied. Resolves
 * with the images that are for another decoder: files of other formats, and JPEGs of kinds that libjpeg does not decode.
 */
export async function decodeJpegs(
  source: FilesSource,
  images: number,
  reader: JpegReader,
  signal?: AbortSignal,
): Promise<number[]> {
  const numbers = Array.from({ length: images }, (_, image) => image);
  const native = loadNative();
  if (native.info().jpeg === '') return numbers;
  const others = numbers.filter((image) => source.format(image) !== 'jpeg');
  using pool = new native.DecodePool(availableParallelism());
  let ahead: { readonly batch: readonly number[]; readonly decoded: Promise<DecodedImages> } | undefined;
  const take = async (): Promise<void> => {
    if (ahead === undefined) return;
    const { batch, decoded } = ahead;
    others.push(...deliver(batch, await decoded, reader));
    signal?.throwIfAborted();
  };
  for (const batch of batches(source, numbers)) {
    signal?.throwIfAborted();
    const decoded = pool.decode(inputOf(source, batch));
    decoded.catch(() => {}); // where an earlier batch ends the reading, nobody waits for this one
    await take();
    ahead = { batch, decoded };
  }
  await take();
  return others.sort((a, b) => a - b);
}

/** Of JPEG files. */
function* batches(source: FilesSource, numbers: readonly number[]): Generator<readonly number[]> {
  let batch: number[] = [];
  let bytes = 0;
  for (const image of numbers) {
    if (source.format(image) !== 'jpeg') continue;
    const { height, width } = sizeOf(source, image);
    const more = height * width * 3;
    if (batch.length === BATCH || (batch.length > 0 && bytes + more > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(image);
    bytes += more;
  }
  if (batch.length > 0) yield batch;
}

function inputOf(source: FilesSource, batch: readonly number[]): DecodeInput {
  const sizes = batch.map((image) => sizeOf(source, image));
  const pixels = sizes.map(({ height, width }) => height * width);
  return {
    places: batch.map((image) => source.place(image)),
    heights: Int32Array.from(sizes, ({ height }) => height),
    widths: Int32Array.from(sizes, ({ width }) => width),
    orientations: Int32Array.from(batch, (image) => source.orientation(image)),
    crops: 1,
    boxes: Int32Array.from(sizes.flatMap(({ height, width }) => [0, 0, height, width])),
    viewHeight: 1,
    viewWidth: 1,
    leastRatio: null,
    limits: { ...LIMITS, pixels: Math.max(...pixels), batchBytes: pixels.reduce((sum, count) => sum + 3 * count, 0) },
  };
}

/** Returns those for another decoder. */
function deliver(
  batch: readonly number[],
  { pixels, heights, widths, failures }: DecodedImages,
  reader: JpegReader,
): number[] {
  const failed = new Map(failures.map((failure) => [failure.image, failure]));
  const others: number[] = [];
  let start = 0;
  for (const [i, image] of batch.entries()) {
    const end = start + (heights[i] as number) * (widths[i] as number) * 3;
    const failure = failed.get(i);
    if (failure === undefined) reader.decoded(image, pixels.subarray(start, end));
    else if (failure.outcome === 'not-jpeg' || failure.outcome === 'unsupported') others.push(image);
    else reader.broken(image, afterIt(failure));
    start = end;
  }
  return others;
}

function afterIt({ outcome, reason }: DecodeFailure): string {
  return outcome === 'unreadable' || outcome === 'changed'
    ? reason.replace(/^it /, '')
    : `cannot be decoded: ${reason}`;
}
