import { drawPlanInSlices } from '../augment/plan.js';
import { viewSpec } from '../augment/view-spec.js';
import type { Accuracy, NativeFeatureBank } from '../binding/native.js';
import { cropAndFlip } from '../config/pipeline.js';
import type { Config } from '../config/schema.js';
import { classLabels, sizesOf } from '../data/dataset.js';
import { indicesWhere } from '../data/indices.js';
import { ByolError } from '../errors.js';
import { orderNumbers, viewNumbers } from '../random/purposes.js';
import { centerRows, type DrawRows, type EmbedOptions, embedAll, embedInto } from './embed.js';
import { type Split, splitByClass } from './held-out.js';
import { LinearFit } from './linear-fit.js';
import { PlainFeatures } from './plain-features.js';
import { type EvaluationProgress, labelledIndices, type Subject } from './subject.js';

export interface LinearSettings extends Omit<Config['evaluation']['linear'], 'atEnd'> {
  /** Decides the held-out images, the order of batches, the classifier's initial weights and the crops. */
  readonly seed: number;
}

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
  readonly views: 'crop-flip' | 'cached';
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
 * trainings go over the same features at the same time, so that choosing costs no further forward passes.
 * `features`: shared with other protocols; its own if left out. Throws ERR_BYOL_DATA without labels, or where nothing can be
 * held out; ERR_BYOL_NOT_FINITE for features that are not finite, or where the classifier diverged with every learning rate.
 */
export async function evaluateLinear(
  subject: Subject,
  settings: LinearSettings,
  features?: PlainFeatures,
): Promise<LinearEvaluation> {
  const { train, classes, device, signal, onProgress } = subject;
  const { epochs, seed } = settings;
  const indices = await labelledIndices(train, 'training images');
  const labels = indices.map((index) => classLabels(train.targets)?.[index] ?? -1);
  const split = await splitByClass(labels, settings.heldOut, seed, orderNumbers.heldOut);
  const batchSize = Math.min(settings.batchSize, split.kept.length);

  const plain = features ?? new PlainFeatures(subject);
  const views = settings.views === 'cached' ? new CachedViews(plain) : new CropFlipViews(subject, indices, settings);
  const fits: LinearFit[] = [];
  const fit = (rows: Int32Array, purpose: number): LinearFit => {
    const made = new LinearFit(subject.native, rows, {
      ...settings,
      batchSize,
      purpose,
      features: subject.learner.features,
      classes,
      device,
    });
    fits.push(made);
    return made;
  };
  let heldOutBank: NativeFeatureBank | undefined;
  try {
    const { bank: testBank } = await plain.of('test');
    heldOutBank = await embedHeldOut(subject, indices, split);
    const select = fit(split.kept, orderNumbers.linearSelection);
    const everyRow = await indicesWhere(indices.length, () => true);
    const final = fit(everyRow, orderNumbers.linearFinal);
    for (let epoch = 0; epoch < epochs; epoch += 1) {
      const bank = await views.epoch(epoch);
      await select.epoch(bank, epoch, signal);
      await final.epoch(bank, epoch, signal);
      onProgress?.({ phase: 'classifier', done: epoch + 1, total: epochs });
    }

    const selected = await select.evaluate(heldOutBank);
    const tested = await final.evaluate(testBank);
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
      views: settings.views,
      trainImages: indices.length,
      heldOutImages: split.heldOut.length,
      testImages: testBank.size,
      notes: [
        ...notesOf(settings, batchSize, best, indices.length),
        ...divergedNotes(settings.learningRates, validationTop1),
      ],
    };
  } finally {
    for (const made of fits) made.dispose();
    heldOutBank?.dispose();
    views.dispose();
    if (features === undefined) plain.dispose();
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

/** The training images' features of each epoch, labelled images in order. */
interface TrainingViews {
  epoch(epoch: number): Promise<NativeFeatureBank>;
  dispose(): void;
}

class CachedViews implements TrainingViews {
  readonly #plain: PlainFeatures;

  constructor(plain: PlainFeatures) {
    this.#plain = plain;
  }

  async epoch(): Promise<NativeFeatureBank> {
    return (await this.#plain.of('train')).bank;
  }

  /** The features belong to the caller. */
  dispose(): void {}
}

class CropFlipViews implements TrainingViews {
  readonly #subject: Subject;
  readonly #indices: Int32Array;
  readonly #settings: LinearSettings;
  #bank: NativeFeatureBank | undefined;

  constructor(subject: Subject, indices: Int32Array, settings: LinearSettings) {
    this.#subject = subject;
    this.#indices = indices;
    this.#settings = settings;
  }

  async epoch(epoch: number): Promise<NativeFeatureBank> {
    const { native, learner, device, train, views } = this.#subject;
    const { seed, epochs } = this.#settings;
    const { jitter } = views;
    const plan: DrawRows = (samples) => {
      const sizes = sizesOf(train, samples);
      return drawPlanInSlices({
        pipeline: cropAndFlip,
        view: viewNumbers.linear,
        seed,
        epoch,
        samples,
        jitter,
        ...sizes,
      });
    };
    const before = epoch * this.#indices.length;
    const options = trainOptions(this.#subject, this.#indices, plan, (done) => ({
      phase: 'training images',
      done: before + done,
      total: epochs * this.#indices.length,
    }));
    if (this.#bank === undefined) this.#bank = await embedAll(native, learner, device, options);
    else await embedInto(this.#bank, learner, options);
    return this.#bank;
  }

  dispose(): void {
    this.#bank?.dispose();
  }
}

function embedHeldOut(subject: Subject, indices: Int32Array, { heldOut }: Split): Promise<NativeFeatureBank> {
  const images = heldOut.map((position) => indices[position] as number);
  const plan = centerRows(subject.train, viewSpec(subject.views));
  const options = trainOptions(subject, images, plan, (done, total) => ({ phase: 'held-out images', done, total }));
  return embedAll(subject.native, subject.learner, subject.device, options);
}

function trainOptions(
  subject: Subject,
  indices: Int32Array,
  plan: DrawRows,
  progress: (done: number, total: number) => EvaluationProgress,
): EmbedOptions {
  const { train, views, statistics, batchSize, signal, onProgress } = subject;
  return {
    images: train.store,
    indices,
    plan,
    view: viewSpec(views),
    statistics,
    batchSize,
    signal,
    onProgress: (done, total) => onProgress?.(progress(done, total)),
  };
}

function notesOf(settings: LinearSettings, batchSize: number, best: number, trainImages: number): string[] {
  const notes: string[] = [];
  if (settings.views === 'cached') {
    notes.push(
      "Trained on features of the plain images, computed once; the paper's protocol draws new crops and flips each epoch.",
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
