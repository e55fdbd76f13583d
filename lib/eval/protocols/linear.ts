import { z } from 'zod';
import { cropAndFlip } from '../../augment/pipeline.js';
import { drawPlanInSlices } from '../../augment/plan.js';
import type { DrawRows } from '../../augment/take-images.js';
import type { Accuracy, ViewSpec } from '../../binding/native.js';
import { classLabels, type ImageSizes, sizesOf, splitTitles } from '../../data/dataset.js';
import { indicesWhere } from '../../data/indices.js';
import type { DeepReadonly } from '../../deep-readonly.js';
import { ByolError } from '../../errors.js';
import { orderNumbers, viewNumbers } from '../../random/purposes.js';
import { count, percent, table } from '../../text/format.js';
import { areKept } from '../context.js';
import { centerRows, type ImagesToEmbed } from '../embed.js';
import { labelledIndices } from '../evaluation-data.js';
import { accuracyOver, embedInBlocks } from '../feature-blocks.js';
import { LinearFit } from '../linear-fit.js';
import { defineProtocol, type ProtocolInput } from '../protocol.js';
import {
  EpochFeatures,
  FixedFeatures,
  StreamedFeatures,
  type TrainingFeatures,
  type TrainingImages,
} from '../training-features.js';
import { splitByClass, type ValidationSplit } from '../validation-split.js';

const settings = z.strictObject({
  /** Run the linear protocol (paper C.1) at the end of training. */
  atEnd: z.boolean(),
  epochs: z.int().positive(),
  batchSize: z.int().positive(),
  /** Learning rates per 256 images, all trained in one pass. */
  learningRates: z.array(z.number().positive()).min(1),
  momentum: z.number().min(0).max(1),
  weightDecay: z.number().min(0),
  /**
   * 'per-epoch': of new random crops and flips each epoch (the protocol); 'fixed': of the images' centre crops, the same ones
   * each time.
   */
  features: z.enum(['fixed', 'per-epoch']),
  /** Part of the training images that is held out to choose the learning rate. */
  validationFraction: z.number().gt(0).lt(1),
});

export type LinearSettings = DeepReadonly<z.infer<typeof settings>>;

/** Paper C.1: five learning rates, Nesterov momentum 0.9, no weight decay. */
export const officialLinear: LinearSettings = {
  atEnd: true,
  epochs: 80,
  batchSize: 1024,
  learningRates: [0.4, 0.3, 0.2, 0.1, 0.05],
  momentum: 0.9,
  weightDecay: 0,
  features: 'per-epoch',
  // The paper holds out the last 10,009 images.
  validationFraction: 10_009 / 1_281_167,
};

/** The same classifier for small images: on the features of their centre crops, which stay the same. */
export const fixedLinear: LinearSettings = {
  ...officialLinear,
  batchSize: 256,
  learningRates: [1.6, 0.8, 0.4, 0.2, 0.1],
  features: 'fixed',
  validationFraction: 0.1,
};

/** Accuracies are fractions in [0, 1]. */
export interface LinearEvaluation extends Accuracy {
  readonly protocol: 'linear';
  /** Tried, per 256 images. */
  readonly learningRates: readonly number[];
  /** Of each, on the held-out training images, trained on the others; null: that classifier diverged. */
  readonly validationTop1: ReadonlyArray<number | null>;
  /** The learning rate with the best validationTop1; top1 and top5 are its results on the test images. */
  readonly chosen: number;
  /** What the classifier that was tested had been trained on: the held-out images were put back. */
  readonly trainedOn: 'all training images';
  readonly epochs: number;
  readonly batchSize: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly features: LinearSettings['features'];
  /** Labelled training images, held-out ones included. */
  readonly trainImages: number;
  readonly heldOutImages: number;
  /** Labelled test images. */
  readonly testImages: number;
  /** Departures from the paper's protocol, and doubts: one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Linear evaluation (paper C.1): one linear layer with bias on the frozen encoder's representation, in inference mode,
 * trained on crops and flips, tested on centre crops. The learning rate is chosen on a held-out, class-balanced part of the
 * training images; the test images are asked once, by a classifier trained on all training images with that rate. Both
 * trainings go over the same features at the same time, so that choosing costs no further forward passes, unless there are
 * more features than are kept (EvaluationContext.keptBytes). Throws ERR_BYOL_DATA without labels, or where nothing can be
 * held out; ERR_BYOL_NOT_FINITE for features that are not finite, or where the classifier diverged with every learning rate.
 */
export async function evaluateLinear(
  input: ProtocolInput,
  settings: Omit<LinearSettings, 'atEnd'>,
): Promise<LinearEvaluation> {
  const { context, encoder, data, features } = input;
  const { native, device, seed, signal, onProgress } = context;
  const { epochs } = settings;
  const indices = await labelledIndices(data.train, splitTitles.train);
  const labels = indices.map((index) => classLabels(data.train.targets)?.[index] ?? -1);
  const split = await splitByClass(labels, settings.validationFraction, seed, orderNumbers.heldOut);
  const batchSize = Math.min(settings.batchSize, split.kept.length);
  // That there is nothing to test with is to be heard of before the training.
  await labelledIndices(data.test, splitTitles.test);

  const resources: Array<{ dispose(): void }> = [];
  const keep = <T extends { dispose(): void }>(resource: T): T => {
    resources.push(resource);
    return resource;
  };
  const fit = (images: Int32Array, purpose: number): LinearFit => {
    const sizes = { features: encoder.network.features, classes: data.classes, device };
    return keep(new LinearFit(native, images, { ...settings, batchSize, purpose, seed, ...sizes }));
  };
  try {
    const select = fit(split.kept, orderNumbers.linearSelection);
    const everyImage = await indicesWhere(indices.length, () => true);
    const final = fit(everyImage, orderNumbers.linearFinal);
    const training = keep(await trainingFeatures(input, settings, indices, [select, final]));
    for (let epoch = 0; epoch < epochs; epoch += 1) {
      await select.epoch(training, epoch, signal);
      await final.epoch(training, epoch, signal);
      onProgress?.({ phase: 'classifier', done: epoch + 1, total: epochs });
    }

    const heldOut = embedInBlocks(context, encoder, heldOutImages(input, indices, split));
    const { accuracies: selected } = await accuracyOver(heldOut, (bank) => select.evaluate(bank));
    const { accuracies: tested, rows: testImages } = await accuracyOver(features.blocks('test'), (bank) =>
      final.evaluate(bank),
    );
    const validationTop1 = selected.map(({ top1 }) => (Number.isFinite(top1) ? top1 : null));
    const best = bestRate(validationTop1, tested, settings.learningRates);
    const { top1, top5 } = tested[best] as Accuracy;
    return {
      protocol: 'linear',
      top1,
      top5,
      learningRates: settings.learningRates,
      validationTop1,
      chosen: settings.learningRates[best] as number,
      trainedOn: 'all training images',
      epochs,
      batchSize,
      momentum: settings.momentum,
      weightDecay: settings.weightDecay,
      features: settings.features,
      trainImages: indices.length,
      heldOutImages: split.heldOut.length,
      testImages,
      notes: [
        ...notesOf(settings, batchSize, best, indices.length),
        ...divergedNotes(settings.learningRates, validationTop1),
      ],
    };
  } finally {
    for (const resource of resources) resource.dispose();
  }
}

/**
 * Index of the best rate on the held-out images. One whose classifier diverged, in either training, cannot be chosen; that
 * says nothing of how right the others are on the test images.
 */
function bestRate(
  validation: ReadonlyArray<number | null>,
  tested: readonly Accuracy[],
  rates: readonly number[],
): number {
  const usable = [...validation.keys()].filter((i) => validation[i] !== null && Number.isFinite(tested[i]?.top1));
  if (usable.length === 0) {
    throw new ByolError(
      'ERR_BYOL_NOT_FINITE',
      `Linear evaluation: the classifier diverged with every learning rate that was tried (${rates.join(', ')}).`,
      { hint: 'Try lower evaluation.linear.learningRates.' },
    );
  }
  return usable.reduce((best, i) => ((validation[i] as number) > (validation[best] as number) ? i : best));
}

/** Kept where they fit, else streamed: the steps, and what is learnt in them, are the same. */
async function trainingFeatures(
  { context, encoder, data, features }: ProtocolInput,
  settings: Omit<LinearSettings, 'atEnd'>,
  indices: Int32Array,
  fits: readonly LinearFit[],
): Promise<TrainingFeatures> {
  const { train } = data;
  const fixed = settings.features === 'fixed';
  const kept = areKept(indices.length, encoder.network.features, context);
  if (fixed && kept) return new FixedFeatures((await features.of('train')).bank);
  const perEpoch = kept ? indices.length : fits.reduce((sum, { imagesPerEpoch }) => sum + imagesPerEpoch, 0);
  const total = settings.epochs * perEpoch;
  const images: TrainingImages = {
    images: train,
    indices,
    plan: (epoch) => (fixed ? centerRows(train, encoder.view) : cropRows(train, encoder.view, context.seed, epoch)),
    // Random crops are cut out and then resized, with either transform (paper C.1; torchvision's RandomResizedCrop).
    view: fixed ? encoder.view : { ...encoder.view, beyondCrop: false },
    onProgress: (done) => context.onProgress?.({ phase: splitTitles.train, done, total }),
  };
  return kept ? new EpochFeatures(context, encoder, images) : new StreamedFeatures(context, encoder, images);
}

/** New crops and flips, each epoch other ones. */
function cropRows(images: ImageSizes, { jitter }: ViewSpec, seed: number, epoch: number): DrawRows {
  const draw = { pipeline: cropAndFlip, view: viewNumbers.linear, seed, epoch, jitter };
  return (samples) => drawPlanInSlices({ ...draw, samples, ...sizesOf(images, samples) });
}

function heldOutImages(
  { context, encoder, data }: ProtocolInput,
  indices: Int32Array,
  { heldOut }: ValidationSplit,
): ImagesToEmbed {
  const { train } = data;
  return {
    images: train,
    indices: heldOut.map((position) => indices[position] as number),
    plan: centerRows(train, encoder.view),
    onProgress: (done, total) => context.onProgress?.({ phase: 'held-out images', done, total }),
  };
}

function notesOf(
  settings: Omit<LinearSettings, 'atEnd'>,
  batchSize: number,
  best: number,
  trainImages: number,
): string[] {
  const notes: string[] = [];
  if (settings.features === 'fixed') {
    notes.push(
      "Trained on features of the centre crops, computed once; the paper's protocol draws new crops and flips each epoch.",
    );
  }
  if (batchSize < settings.batchSize) {
    notes.push(`The batch is ${batchSize} instead of ${settings.batchSize}: there are no more images to train on.`);
  }
  const leftOut = trainImages % batchSize;
  if (leftOut > 0) {
    notes.push(
      `Each epoch leaves out ${leftOut} of the ${trainImages} training images, which do not fill a batch of ${batchSize}; other ones each time.`,
    );
  }
  const sorted = [...settings.learningRates].sort((a, b) => a - b);
  const chosen = settings.learningRates[best];
  if (sorted.length > 1 && (chosen === sorted[0] || chosen === sorted.at(-1))) {
    const end = chosen === sorted[0] ? 'lowest' : 'highest';
    notes.push(`The ${end} of the learning rates was best on the held-out images: rates beyond it might give more.`);
  }
  return notes;
}

function divergedNotes(rates: readonly number[], validation: ReadonlyArray<number | null>): string[] {
  const diverged = rates.filter((_, i) => validation[i] === null);
  return diverged.length === 0 ? [] : [`The classifier diverged with learning rate ${diverged.join(', ')}.`];
}

export const linear = defineProtocol({
  name: 'linear',
  title: 'A linear classifier on frozen features (paper C.1), its learning rate chosen on held-out training images',
  needs: 'class',
  settings,
  defaults: officialLinear,
  metrics: { top1: 'probe/linear/top1', top5: 'probe/linear/top5' },
  run: evaluateLinear,
  describe: (result: LinearEvaluation) => {
    const { epochs, trainImages, trainedOn, features, learningRates, validationTop1, chosen, heldOutImages } = result;
    const rows = [
      ['test images', count(result.testImages)],
      ['top-1', percent(result.top1)],
      ['top-5', percent(result.top5)],
    ];
    const rates = learningRates.map((rate, index) => [
      `learning rate ${rate}`,
      validationTop1[index] === null ? 'diverged' : percent(validationTop1[index]),
      rate === chosen ? 'chosen' : '',
    ]);
    return [
      `linear: ${epochs} epochs on ${count(trainImages)} training images, ${trainedOn}, ${features} features`,
      table(rows, [1]),
      `top-1 on the ${count(heldOutImages)} held-out training images`,
      table(rates, [1]),
      ...result.notes,
    ].join('\n');
  },
});
