import type { NativeDecodePool } from '../../binding/native.js';
import { ByolError } from '../../errors.js';
import { type FilesSource, type ImageSource, type MemorySource, type PackedSource, sizeOf } from '../dataset.js';
import { afterIt } from '../photos/broken.js';
import { decodeWhole, each, LIMITS, MOST_AT_ONCE, mayBeOther, reasonOf } from '../photos/photo-decoder.js';
import type { PackPlan, PlannedImage } from './plan.js';

/** Images one after the other, as they are packed. */
export interface ResizedImages {
  /** Of each its pixels; after "it", why there are none. */
  readonly images: ReadonlyArray<Uint8Array | string>;
}

/** Of one batch: enough for all threads, and little to wait for at the end. */
const BATCH_IMAGES = 64;
const BATCH_BYTES = 2 ** 25;
/** Batches that are on their way. */
const AHEAD = 2;

/** The images of a plan from `first` on, in order, a batch at a time. */
export async function* resizedImages(
  pool: NativeDecodePool,
  plan: PackPlan,
  first: number,
): AsyncGenerator<ResizedImages, void, undefined> {
  const queue: Array<Promise<ResizedImages>> = [];
  let next = first;
  const begin = (): void => {
    const batch: PlannedImage[] = [];
    let bytes = 0;
    const { split } = plan.at(next);
    while (next < plan.count && batch.length < BATCH_IMAGES && bytes < BATCH_BYTES) {
      const image = plan.at(next);
      if (image.split !== split) break;
      batch.push(image);
      bytes += image.height * image.width * 3;
      next += 1;
    }
    const source = plan.splits.find(([name]) => name === split)?.[1].source as ImageSource;
    const resized = resize(pool, source, batch);
    // Awaited later: a failure must not count as unhandled until then.
    resized.catch(() => {});
    queue.push(resized);
  };
  try {
    while (next < plan.count || queue.length > 0) {
      while (next < plan.count && queue.length < AHEAD) begin();
      yield await (queue.shift() as Promise<ResizedImages>);
    }
  } finally {
    // Whoever leaves early may dispose of the pool.
    await Promise.allSettled(queue);
  }
}

async function resize(
  pool: NativeDecodePool,
  source: ImageSource,
  batch: readonly PlannedImage[],
): Promise<ResizedImages> {
  return { images: source.kind === 'files' ? await ofFiles(pool, source, batch) : await ofPixels(pool, source, batch) };
}

async function ofFiles(
  pool: NativeDecodePool,
  source: FilesSource,
  batch: readonly PlannedImage[],
): Promise<Array<Uint8Array | string>> {
  const sizes = batch.map(({ image }) => sizeOf(source, image));
  const { pixels, failures } = await pool.resize({
    sources: batch.map(({ image }) => source.place(image)),
    heights: Int32Array.from(sizes, ({ height }) => height),
    widths: Int32Array.from(sizes, ({ width }) => width),
    orientations: Int32Array.from(batch, ({ image }) => source.orientation(image)),
    ...newSizes(batch),
    limits: LIMITS,
  });
  const images: Array<Uint8Array | string> = divided(pixels, batch);
  await each(failures, MOST_AT_ONCE, async (failure) => {
    const planned = batch[failure.image] as PlannedImage;
    images[failure.image] = mayBeOther(failure)
      ? await orReason(async () =>
          resizePixels(pool, (await decodeWhole(source, planned.image)).pixels, source, planned),
        )
      : afterIt(failure.reason);
  });
  return images;
}

async function ofPixels(
  pool: NativeDecodePool,
  source: MemorySource | PackedSource,
  batch: readonly PlannedImage[],
): Promise<Array<Uint8Array | string>> {
  const images: Array<Uint8Array | string> = [];
  const start = source.kind === 'memory' ? startOf(source, batch[0]?.image ?? 0) : 0;
  let at = start;
  for (const planned of batch) {
    const { height, width } = sizeOf(source, planned.image);
    const bytes = height * width * 3;
    const read = source.kind === 'memory' ? source.pixels.subarray(at, at + bytes) : () => source.read(planned.image);
    at += bytes;
    images.push(
      await orReason(async () => resizePixels(pool, typeof read === 'function' ? await read() : read, source, planned)),
    );
  }
  return images;
}

function startOf(source: MemorySource, image: number): number {
  const { heights, widths } = source;
  if (typeof heights === 'number' && typeof widths === 'number') return image * heights * widths * 3;
  let start = 0;
  for (let before = 0; before < image; before += 1) {
    const { height, width } = sizeOf(source, before);
    start += height * width * 3;
  }
  return start;
}

async function resizePixels(
  pool: NativeDecodePool,
  pixels: Uint8Array,
  source: ImageSource,
  planned: PlannedImage,
): Promise<Uint8Array> {
  const { height, width } = sizeOf(source, planned.image);
  if (height === planned.height && width === planned.width) return pixels;
  const resized = await pool.resize({
    sources: [{ pixels }],
    heights: Int32Array.of(height),
    widths: Int32Array.of(width),
    orientations: Int32Array.of(1),
    ...newSizes([planned]),
    limits: LIMITS,
  });
  return resized.pixels;
}

function newSizes(batch: readonly PlannedImage[]): { readonly newHeights: Int32Array; readonly newWidths: Int32Array } {
  return {
    newHeights: Int32Array.from(batch, ({ height }) => height),
    newWidths: Int32Array.from(batch, ({ width }) => width),
  };
}

function divided(pixels: Uint8Array, batch: readonly PlannedImage[]): Uint8Array[] {
  let end = 0;
  return batch.map(({ height, width }) => {
    const start = end;
    end += height * width * 3;
    return pixels.subarray(start, end);
  });
}

/** Throws what is no fault of an image. */
async function orReason(work: () => Promise<Uint8Array>): Promise<Uint8Array | string> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ByolError) || error.code !== 'ERR_BYOL_IMAGE') throw error;
    return afterIt(reasonOf(error));
  }
}
