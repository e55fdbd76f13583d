import { Breather } from '../breather.js';
import { decodeImage, type Pixels } from '../data/decode-image.js';
import { ByolError } from '../errors.js';
import { mapQueued } from '../eval/in-flight.js';

/** A path, the bytes of an image file, or pixels. */
export type ImageInput = string | Uint8Array | Pixels;

/** An image with its place among the inputs. */
export interface PlacedImage {
  readonly index: number;
  readonly image: Pixels;
}

export interface ReadOptions {
  /** Larger image files are refused. */
  readonly maxPixels: number;
  /** Called in order; the image is left out. Without it the first one ends everything. */
  readonly onBroken?: ((error: ByolError, index: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Files that are read and decoded at once: as many as Node has threads for it. */
const DECODED_AT_ONCE = 4;

/** Bytes of pixels after which a batch is full, however few its images: the native part copies them while the event loop waits. */
const BATCH_BYTES = 8 * 1024 * 1024;

export function isImageInput(value: unknown): value is ImageInput {
  return typeof value === 'string' || value instanceof Uint8Array || isPixels(value);
}

function isPixels(value: unknown): value is Pixels {
  return value !== null && typeof value === 'object' && 'pixels' in value && 'width' in value && 'height' in value;
}

/** The images of the inputs, in order, a few of them decoded ahead. Throws as readImage. */
export async function* readImages(
  inputs: Iterable<ImageInput> | AsyncIterable<ImageInput>,
  { maxPixels, onBroken, signal }: ReadOptions,
): AsyncGenerator<PlacedImage, void, undefined> {
  const read = async ({ index, input }: { readonly index: number; readonly input: ImageInput }) => {
    try {
      return { index, image: await readImage(input, index, maxPixels) };
    } catch (error) {
      if (onBroken === undefined || !(error instanceof ByolError) || error.code !== 'ERR_BYOL_IMAGE') throw error;
      return { index, error };
    }
  };
  for await (const outcome of mapQueued(numbered(inputs), read, { queued: DECODED_AT_ONCE, signal })) {
    if (outcome.image !== undefined) yield outcome;
    else onBroken?.(outcome.error, outcome.index);
  }
}

async function* numbered<T>(inputs: Iterable<T> | AsyncIterable<T>) {
  let index = 0;
  for await (const input of inputs) {
    yield { index, input };
    index += 1;
  }
}

/** Throws ERR_BYOL_USAGE for what is no image at all or pixels of another number than their size, and as decodeImage. */
async function readImage(input: ImageInput, index: number, maxPixels: number): Promise<Pixels> {
  if (typeof input === 'string') return decodeImage(input, { name: `Image ${index} (${input})`, maxPixels });
  if (input instanceof Uint8Array) return decodeImage(input, { name: `Image ${index}`, maxPixels });
  if (!isPixels(input)) {
    throw new ByolError(
      'ERR_BYOL_USAGE',
      `Image ${index} must be a path, the bytes of an image file, or { pixels, width, height }.`,
    );
  }
  const { pixels, width, height } = input;
  const sized = [width, height].every((side) => Number.isInteger(side) && side > 0);
  if (sized && pixels instanceof Uint8Array && pixels.length === width * height * 3) return input;
  const found = pixels instanceof Uint8Array ? `${pixels.length} bytes` : 'no Uint8Array';
  throw new ByolError(
    'ERR_BYOL_USAGE',
    `Image ${index}: pixels must be a Uint8Array of width x height x 3 bytes, got ${width} x ${height} and ${found}.`,
  );
}

/** `most` images each, fewer where they are large. */
export async function* inBatches(
  images: AsyncIterable<PlacedImage>,
  most: number,
): AsyncGenerator<readonly PlacedImage[], void, undefined> {
  let batch: PlacedImage[] = [];
  let bytes = 0;
  for await (const placed of images) {
    const { length } = placed.image.pixels;
    if (batch.length === most || (batch.length > 0 && bytes + length > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(placed);
    bytes += length;
  }
  if (batch.length > 0) yield batch;
}

/** One after the other, as a native store takes them. */
export async function joinPixels(images: readonly Pixels[]): Promise<{
  readonly pixels: Uint8Array;
  readonly heights: Int32Array;
  readonly widths: Int32Array;
}> {
  const heights = Int32Array.from(images, ({ height }) => height);
  const widths = Int32Array.from(images, ({ width }) => width);
  const [first] = images;
  if (images.length === 1 && first !== undefined) return { pixels: first.pixels, heights, widths };
  const breather = new Breather();
  const pixels = new Uint8Array(images.reduce((sum, image) => sum + image.pixels.length, 0));
  let at = 0;
  for (const image of images) {
    await breather.breathe();
    pixels.set(image.pixels, at);
    at += image.pixels.length;
  }
  return { pixels, heights, widths };
}
