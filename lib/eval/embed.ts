import { evaluationPlan, torchvisionEvaluationPlan } from '../augment/plan.js';
import { type DrawRows, takeImages } from '../augment/take-images.js';
import type { NativeFeatureBank, ViewSpec } from '../binding/native.js';
import { type ImageSizes, type Size, sizesOf } from '../data/dataset.js';
import type { Images } from '../data/images.js';
import type { EvaluationContext } from './context.js';
import type { FrozenEncoder } from './frozen-encoder.js';
import { runQueued } from './in-flight.js';

/** Frozen representations y of an encoder, in batches. */

/** The part of an image's shorter side that the official evaluation keeps: 224 of 256 pixels (paper C.1). */
const OFFICIAL_CENTER = 0.875;

/** What is embedded: row i of a bank is image indices[i], or another one in place of a broken one. */
export interface ImagesToEmbed {
  readonly images: Images;
  readonly indices: Int32Array;
  readonly plan: DrawRows;
  /** What the plan is for; the encoder's view if left out. */
  readonly view?: ViewSpec;
  /** Images done, of all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** A new bank with the features and labels of the images. The caller disposes of it. */
export async function embedAll(
  context: EvaluationContext,
  encoder: FrozenEncoder,
  what: ImagesToEmbed,
): Promise<NativeFeatureBank> {
  const bank = new context.native.FeatureBank(what.indices.length, encoder.network.features, context.device);
  try {
    await embedInto(bank, context, encoder, what);
    return bank;
  } catch (error) {
    bank.dispose();
    throw error;
  }
}

/** The same into the rows from `offset` of a bank that is there. */
export async function embedInto(
  bank: NativeFeatureBank,
  { device, signal }: EvaluationContext,
  { network, statistics, batchSize, ...encoder }: FrozenEncoder,
  { images, indices, plan, view = encoder.view, onProgress }: ImagesToEmbed,
  offset = 0,
): Promise<void> {
  await runQueued(
    evenBatches(indices.length, batchSize),
    async ({ start, end }) => {
      const taken = await takeImages(images, indices.slice(start, end), [{ spec: view, draw: plan }]);
      const [drawn] = taken.plans as [Float32Array];
      try {
        const input = {
          images: taken.store,
          indices: taken.indices,
          plan: drawn,
          view,
          statistics,
          bank,
          offset: offset + start,
        };
        return network.embed(input);
      } finally {
        taken.release();
      }
    },
    // Decoding takes the cores that the network computes with, unless that is on a card.
    images.decoded && device === 'cpu' ? { queued: 1, signal } : { signal },
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

/** The centre of each image, as the transform of this view (evaluationView()) crops it; images of its own size are taken whole. */
export function centerRows(images: ImageSizes, view: ViewSpec): DrawRows {
  if (view.beyondCrop) {
    return (batch) => {
      const { heights, widths } = sizesOf(images, batch);
      return torchvisionEvaluationPlan(batch.length, heights, widths, view.height);
    };
  }
  const fraction = ({ height, width }: Size): number =>
    height === view.height && width === view.width ? 1 : OFFICIAL_CENTER;
  return (batch) => {
    const { heights, widths } = sizesOf(images, batch);
    return evaluationPlan(batch.length, heights, widths, fraction);
  };
}
