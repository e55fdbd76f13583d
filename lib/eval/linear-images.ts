import { officialViews } from '../augment/pipeline.js';
import { drawPlanInSlices, PLAN_WIDTH } from '../augment/plan.js';
import type { DrawRows } from '../augment/take-images.js';
import type { ViewSpec } from '../binding/native.js';
import { classLabels, type ImageSizes, sizesOf, splitTitles } from '../data/dataset.js';
import type { Images } from '../data/images.js';
import { orderNumbers, viewNumbers } from '../random/purposes.js';
import { areKept } from './context.js';
import { centerRows, embedInto, type ImagesToEmbed } from './embed.js';
import { labelledIndices } from './evaluation-data.js';
import type { FrozenEncoder } from './frozen-encoder.js';
import type { LinearSettings } from './linear-settings.js';
import type { ProtocolInput } from './protocol.js';
import { trainingCrops, trainingView } from './training-crops.js';
import { FixedFeatures, StreamedFeatures, type TrainingFeatures, type TrainingPart } from './training-features.js';
import { splitByClass } from './validation-split.js';

/** Which images the linear protocol trains on, and which it chooses by. */
export interface LinearImages {
  /** All that the classifier which is tested is trained on: training images, then the data set's own validation images. */
  readonly parts: readonly TrainingPart[];
  readonly count: number;
  /** Those that the learning rate is chosen by; null: there is one rate alone. */
  readonly heldOut: HeldOutImages | null;
}

export interface HeldOutImages {
  readonly images: Images;
  readonly indices: Int32Array;
  /** Of each place in all parts, 1 where its image is held out. */
  readonly places: Uint8Array;
  /** 'training': a part of every class, drawn by the seed; 'validation': the data set's own. */
  readonly from: 'training' | 'validation';
}

/** Throws ERR_BYOL_DATA without labels, or where nothing can be held out. */
export async function chooseLinearImages(
  { context, data }: ProtocolInput,
  { learningRates, validationFraction }: Pick<LinearSettings, 'learningRates' | 'validationFraction'>,
): Promise<LinearImages> {
  const { train, val } = data;
  const indices = await labelledIndices(train, splitTitles.train);
  const parts: TrainingPart[] = [{ images: train, indices }];
  if (val !== undefined) parts.push({ images: val, indices: await labelledIndices(val, splitTitles.val) });
  const count = parts.reduce((sum, part) => sum + part.indices.length, 0);
  if (learningRates.length === 1) return { parts, count, heldOut: null };
  const places = new Uint8Array(count);
  const [, own] = parts;
  if (own !== undefined) {
    return { parts, count, heldOut: { ...own, places: places.fill(1, indices.length), from: 'validation' } };
  }
  const labels = indices.map((index) => classLabels(train.targets)?.[index] ?? -1);
  const split = await splitByClass(labels, validationFraction, context.seed, orderNumbers.heldOut);
  for (const place of split.heldOut) places[place] = 1;
  const heldOut = split.heldOut.map((place) => indices[place] as number);
  return { parts, count, heldOut: { images: train, indices: heldOut, places, from: 'training' } };
}

/** Kept where they are the same each epoch and fit, else streamed: the steps are the same. The caller disposes of them. */
export async function linearFeatures(
  input: ProtocolInput,
  settings: Pick<LinearSettings, 'features' | 'augmentation' | 'epochs'>,
  { parts, count }: LinearImages,
): Promise<TrainingFeatures> {
  const { context, encoder } = input;
  const { seed, onProgress } = context;
  const fixed = settings.features === 'fixed';
  if (fixed && areKept(count, encoder.network.features, context)) return keptFeatures(input, parts, count);
  const total = settings.epochs * count;
  return new StreamedFeatures(context, encoder, {
    parts,
    plan: (images, epoch) =>
      fixed ? centerRows(images, encoder.view) : viewRows(images, encoder, settings.augmentation, { seed, epoch }),
    view: fixed ? encoder.view : viewOf(encoder, settings.augmentation),
    onProgress: (epoch, done) => onProgress?.({ phase: splitTitles.train, done: epoch * count + done, total }),
  });
}

async function keptFeatures(
  { context, encoder, features }: ProtocolInput,
  parts: readonly TrainingPart[],
  count: number,
): Promise<TrainingFeatures> {
  if (parts.length === 1) return new FixedFeatures((await features.of('train')).bank);
  const bank = new context.native.FeatureBank(count, encoder.network.features, context.device);
  try {
    let offset = 0;
    for (const part of parts) {
      const before = offset;
      const onProgress = (done: number) =>
        context.onProgress?.({ phase: splitTitles.train, done: before + done, total: count });
      const what = { ...part, plan: centerRows(part.images, encoder.view), onProgress };
      await embedInto(bank, context, encoder, what, offset);
      offset += part.indices.length;
    }
  } catch (error) {
    bank.dispose();
    throw error;
  }
  return new FixedFeatures(bank, bank);
}

export function heldOutImages({ context, encoder }: ProtocolInput, { images, indices }: HeldOutImages): ImagesToEmbed {
  return {
    images,
    indices,
    plan: centerRows(images, encoder.view),
    onProgress: (done, total) => context.onProgress?.({ phase: 'held-out images', done, total }),
  };
}

/** Of per-epoch features. */
function viewOf({ view, pretraining }: FrozenEncoder, augmentation: LinearSettings['augmentation']): ViewSpec {
  return augmentation === 'pretraining' && pretraining !== undefined ? pretraining.view : trainingView(view);
}

/** New views, each epoch other ones. */
function viewRows(
  images: ImageSizes,
  encoder: FrozenEncoder,
  augmentation: LinearSettings['augmentation'],
  { seed, epoch }: { readonly seed: number; readonly epoch: number },
): DrawRows {
  const purpose = viewNumbers.linear;
  if (augmentation === 'crop-flip') return trainingCrops(images, encoder.view, { purpose, seed, epoch });
  const { jitter } = viewOf(encoder, augmentation);
  const pipelines = encoder.pretraining?.pipelines ?? officialViews;
  return async (samples) => {
    const rows = new Float32Array(samples.length * PLAN_WIDTH);
    for (const [turn, pipeline] of pipelines.entries()) {
      const places = samples
        .map((_, i) => i)
        .filter((i) => ((samples[i] as number) + epoch) % pipelines.length === turn);
      const own = places.map((place) => samples[place] as number);
      const draw = { pipeline, view: purpose, seed, epoch, jitter, samples: own };
      const drawn = await drawPlanInSlices({ ...draw, ...sizesOf(images, own) });
      for (const [row, place] of places.entries()) {
        rows.set(drawn.subarray(row * PLAN_WIDTH, (row + 1) * PLAN_WIDTH), place * PLAN_WIDTH);
      }
    }
    return rows;
  };
}
