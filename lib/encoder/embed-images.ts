import { cropsToTake, moveCrops } from '../augment/take-images.js';
import { evaluationView } from '../augment/view-spec.js';
import type { NativeModule, ViewSpec } from '../binding/native.js';
import {
  type FilesSource,
  type ImageSource,
  type ImageSplit,
  type PackedSource,
  sizeOf,
  sizesOf,
} from '../data/dataset.js';
import { PackedReader } from '../data/packed/packed-reader.js';
import { PhotoDecoder } from '../data/photos/photo-decoder.js';
import { ByolError } from '../errors.js';
import { centerRows } from '../eval/embed.js';
import { mapQueued } from '../eval/in-flight.js';
import { availableCores } from '../train/available-cores.js';
import { type Encoder, type EncoderParts, type RepresentationBatch, withParts } from './encoder.js';
import type { EmbedAllOptions } from './encoder-options.js';

/** How the images of a split are embedded. */
export interface EmbedImagesOptions extends EmbedAllOptions {
  /** Images before this one are left out, up to the last batch that begins no later; the first one if left out. */
  readonly from?: number | undefined;
}

/** Representations of the images [start, end) of a split, without those that are broken. */
export interface ImageBatch extends RepresentationBatch {
  readonly start: number;
  readonly end: number;
  /** Those that are left out. */
  readonly broken: readonly BrokenImage[];
}

/** An image without a row. */
export interface BrokenImage {
  /** Its number in the split. */
  readonly image: number;
  /** After "it". */
  readonly reason: string;
}

/** Bytes of pixels after which a batch is full, however few its images. */
const BATCH_BYTES = 128 * 1024 * 1024;

/**
 * Every image of a split, labelled or not, in batches as they are done: memory does not grow with the number of images. JPEG is decoded
 * natively, on threads of its own, and only what the centre crop needs; other formats by `sharp`. Which images are in a batch depends
 * on nothing but their sizes and the encoder's batchSize. Throws as embedAll().
 */
export async function* embedImages(
  encoder: Encoder,
  images: ImageSplit<ImageSource>,
  { from = 0, signal, onBroken }: EmbedImagesOptions = {},
): AsyncGenerator<ImageBatch, void, undefined> {
  const { native, batchSize, resolved } = await withParts(encoder, async (parts) => parts);
  const { source } = images;
  const { take, dispose } = takerOf(native, images);
  // Decoding takes the cores that the network computes with, unless that is on a card.
  const queued = source.kind !== 'memory' && resolved.device === 'cpu' ? 1 : undefined;
  try {
    const work = (batch: Range) =>
      withParts(encoder, async (parts) => ({ batch, taken: await embedBatch(parts, images, batch, take) }));
    const batches = imageBatches(images, batchSize, from);
    for await (const { batch, taken } of mapQueued(batches, work, { signal, ...(queued && { queued }) })) {
      for (const { image, reason } of taken.broken) {
        const error = new ByolError('ERR_BYOL_IMAGE', `${nameOf(source, image)} ${reason}.`);
        if (onBroken === undefined) throw error;
        onBroken(error, image);
      }
      yield { ...batch, ...taken.rows, broken: taken.broken };
    }
  } finally {
    dispose();
  }
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function* imageBatches(
  { count, source }: ImageSplit<ImageSource>,
  most: number,
  from: number,
): Generator<Range, void, undefined> {
  let start = 0;
  let bytes = 0;
  for (let image = 0; image < count; image += 1) {
    const { height, width } = sizeOf(source, image);
    const taken = 3 * (source.kind === 'memory' ? height * width : Math.min(height, width) ** 2);
    if (image > start && (image - start === most || bytes + taken > BATCH_BYTES)) {
      if (image > from) yield { start, end: image };
      start = image;
      bytes = 0;
    }
    bytes += taken;
  }
  if (count > from) yield { start, end: count };
}

/** Pixels of images, one after the other, with their plan. */
interface TakenPixels {
  readonly images: Int32Array;
  readonly pixels: Uint8Array;
  readonly heights: Int32Array;
  readonly widths: Int32Array;
  readonly plan: Float32Array;
}

type Take = (
  batch: Range,
  view: ViewSpec,
  planOf: (images: Int32Array) => Promise<Float32Array>,
) => Promise<{ readonly taken: TakenPixels; readonly broken: readonly BrokenImage[] }>;

function takerOf(
  native: Pick<NativeModule, 'DecodePool'>,
  images: ImageSplit<ImageSource>,
): { readonly take: Take; dispose(): void } {
  const { source } = images;
  if (source.kind === 'memory') return { take: fromMemory(images), dispose: () => {} };
  if (source.kind === 'packed') {
    const reader = new PackedReader(native, availableCores());
    return { take: fromPacked(reader, source), dispose: () => reader.dispose() };
  }
  const decoder = new PhotoDecoder(native, availableCores());
  return { take: fromFiles(decoder, source), dispose: () => decoder.dispose() };
}

function fromPacked(reader: PackedReader, source: PackedSource): Take {
  return async ({ start, end }, spec, planOf) => {
    const images = numbers(start, end);
    const plan = await planOf(images);
    const crops = cropsToTake([{ spec, plan }], sizesOf(source, images));
    const { boxes, ...read } = await reader.read(source, { indices: images, ...crops });
    moveCrops([{ spec, plan }], crops.boxes, boxes);
    return { taken: { images, ...read, plan }, broken: [] };
  };
}

/** Batches are asked for in order. */
function fromMemory({ source }: ImageSplit<ImageSource>): Take {
  if (source.kind !== 'memory') throw new TypeError('these images are not in memory');
  let [next, offset] = [0, 0];
  const pass = (end: number): number => {
    const from = offset;
    for (; next < end; next += 1) {
      const { height, width } = sizeOf(source, next);
      offset += height * width * 3;
    }
    return from;
  };
  return async ({ start, end }, _, planOf) => {
    pass(start);
    const pixels = source.pixels.subarray(pass(end), offset);
    const images = numbers(start, end);
    const sizes = Array.from(images, (image) => sizeOf(source, image));
    const heights = Int32Array.from(sizes, ({ height }) => height);
    const widths = Int32Array.from(sizes, ({ width }) => width);
    return { taken: { images, pixels, heights, widths, plan: await planOf(images) }, broken: [] };
  };
}

/** What turns out to be broken is left out, and the others are decoded again: it is seldom. */
function fromFiles(decoder: PhotoDecoder, source: FilesSource): Take {
  return async ({ start, end }, spec, planOf) => {
    const broken: BrokenImage[] = [];
    let images = numbers(start, end);
    while (images.length > 0) {
      const plan = await planOf(images);
      const crops = cropsToTake([{ spec, plan }], sizesOf(source, images));
      const { broken: reasons, boxes, ...decoded } = await decoder.decode(source, { indices: images, ...crops });
      if (reasons.size === 0) {
        moveCrops([{ spec, plan }], crops.boxes, boxes);
        return { taken: { images, ...decoded, plan }, broken: inOrder(broken) };
      }
      for (const [row, reason] of reasons) {
        broken.push({ image: images[row] as number, reason });
      }
      images = images.filter((_, row) => !reasons.has(row));
    }
    const none = new Int32Array();
    const taken = { images, pixels: new Uint8Array(), heights: none, widths: none, plan: new Float32Array() };
    return { taken, broken: inOrder(broken) };
  };
}

function nameOf(source: ImageSource, image: number): string {
  return source.kind === 'memory' ? `Image ${image}` : source.location(image);
}

function inOrder(broken: readonly BrokenImage[]): BrokenImage[] {
  return broken.toSorted((a, b) => a.image - b.image);
}

async function embedBatch(
  { native, network, description, resolved }: EncoderParts,
  { source }: ImageSplit<ImageSource>,
  batch: Range,
  take: Take,
): Promise<{ readonly rows: RepresentationBatch; readonly broken: readonly BrokenImage[] }> {
  const view = evaluationView(description.input);
  const dimension = network.features;
  const { taken, broken } = await take(batch, view, async (images) =>
    centerRows(sizesOf(source, images), view)(numbers(0, images.length)),
  );
  const { images, pixels, heights, widths, plan } = taken;
  const count = images.length;
  if (count === 0) return { rows: { data: new Float32Array(), count, dimension, indices: images }, broken };
  const store = new native.ImageStore(pixels, heights, widths, null);
  const bank = new native.FeatureBank(count, dimension, resolved.device);
  try {
    const indices = numbers(0, count);
    await network.embed({ images: store, indices, plan, view, statistics: 'running', bank, offset: 0 });
    return { rows: { data: await bank.read(0, count), count, dimension, indices: images }, broken };
  } finally {
    bank.dispose();
    store.dispose();
  }
}

function numbers(start: number, end: number): Int32Array {
  return Int32Array.from({ length: end - start }, (_, i) => start + i);
}
