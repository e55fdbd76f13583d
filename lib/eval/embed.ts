import { evaluationPlan } from '../augment/plan.js';
import type { NativeFeatureBank, NativeImageStore, NativeLearner, NativeModule, ViewSpec } from '../binding/native.js';
import { type ImageSizes, type Size, sizesOf } from '../data/dataset.js';
import { indicesWhere } from '../data/indices.js';
import { runQueued } from './in-flight.js';

/** Frozen representations y of the online encoder, in batches. */

/** The part of an image's shorter side that the official evaluation keeps: 224 of 256 pixels (paper C.1). */
const OFFICIAL_CENTER = 0.875;

/** Draws the plan rows of a batch of images. */
export type DrawRows = (images: Int32Array) => Float32Array | Promise<Float32Array>;

export interface EmbedOptions {
  readonly images: NativeImageStore;
  /** Row i of the bank is image indices[i]; all images, in order, if left out. */
  readonly indices?: Int32Array;
  readonly plan: DrawRows;
  readonly view: ViewSpec;
  /** 'batch' for an encoder that has never been trained: it has no running statistics. */
  readonly statistics: 'running' | 'batch';
  /** Images per forward pass, at most. */
  readonly batchSize: number;
  /** Takes effect between batches; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Images done, of `total`. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** A new bank with the features and labels of the images. The caller disposes of it. */
export async function embedAll(
  native: NativeModule,
  learner: NativeLearner,
  device: string,
  options: EmbedOptions,
): Promise<NativeFeatureBank> {
  const indices = options.indices ?? (await allOf(options.images));
  const bank = new native.FeatureBank(indices.length, learner.features, device);
  try {
    await embedInto(bank, learner, { ...options, indices });
    return bank;
  } catch (error) {
    bank.dispose();
    throw error;
  }
}

/** The same into the first rows of a bank that is there. */
export async function embedInto(bank: NativeFeatureBank, learner: NativeLearner, options: EmbedOptions): Promise<void> {
  const { images, plan, view, statistics, batchSize, signal, onProgress } = options;
  const indices = options.indices ?? (await allOf(images));
  await runQueued(
    evenBatches(indices.length, batchSize),
    async ({ start, end }) => {
      const batch = indices.slice(start, end);
      return learner.embed({ images, indices: batch, plan: await plan(batch), view, statistics, bank, offset: start });
    },
    signal,
    ({ end }) => onProgress?.(end, indices.length),
  );
}

/** As few batches as `most` rows allow, all of nearly the same size: with batch statistics a small rest would be judged alone. */
export function* evenBatches(rows: number, most: number): Generator<{ readonly start: number; readonly end: number }> {
  const count = Math.ceil(rows / most);
  for (let i = 0; i < count; i += 1) {
    yield { start: Math.floor((i * rows) / count), end: Math.floor(((i + 1) * rows) / count) };
  }
}

/** The centre of each image, as the official evaluation crops it; images of the view's own size are taken whole. */
export function centerRows(images: ImageSizes, view: ViewSpec): DrawRows {
  const fraction = ({ height, width }: Size): number =>
    height === view.height && width === view.width ? 1 : OFFICIAL_CENTER;
  return (batch) => {
    const { heights, widths } = sizesOf(images, batch);
    return evaluationPlan(batch.length, heights, widths, fraction);
  };
}

function allOf(images: NativeImageStore): Promise<Int32Array> {
  return indicesWhere(images.size, () => true);
}
