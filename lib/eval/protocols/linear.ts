import type { Accuracy } from '../../binding/native.js';
import { splitTitles } from '../../data/dataset.js';
import { ByolError } from '../../errors.js';
import { permutation } from '../../random/philox.js';
import { orderNumbers } from '../../random/purposes.js';
import { count, percent, table } from '../../text/format.js';
import { labelledIndices } from '../evaluation-data.js';
import { accuracyOver, embedInBlocks } from '../feature-blocks.js';
import { runQueued } from '../in-flight.js';
import { LinearFit } from '../linear-fit.js';
import { chooseLinearImages, heldOutImages, linearFeatures } from '../linear-images.js';
import { type LinearSettings, linearRecipes, linearSettings, officialLinear } from '../linear-settings.js';
import { defineProtocol, type ProtocolInput } from '../protocol.js';

/** Accuracies are fractions in [0, 1]. */
export interface LinearEvaluation extends Accuracy {
  readonly protocol: 'linear';
  /** Tried, per 256 images. */
  readonly learningRates: readonly number[];
  /** Of each, on the held-out images, trained on the others; null: that classifier diverged. Empty where nothing was chosen. */
  readonly validationTop1: ReadonlyArray<number | null>;
  /** The learning rate with the best validationTop1, or the only one; top1 and top5 are its results on the test images. */
  readonly chosen: number;
  /**
   * What the classifier that was tested had been trained on: the held-out images were put back; they may be the data set's own
   * validation images.
   */
  readonly trainedOn: 'all training images' | 'training and validation images';
  readonly epochs: number;
  readonly batchSize: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly features: LinearSettings['features'];
  readonly augmentation: LinearSettings['augmentation'];
  readonly logitRegularizer: LinearSettings['logitRegularizer'];
  /** Labelled images that it was trained on, held-out ones included. */
  readonly trainImages: number;
  readonly heldOutImages: number;
  /** Labelled test images. */
  readonly testImages: number;
  /** Departures from the paper's protocol, and doubts: one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Linear evaluation (paper C.1): one linear layer with bias on the frozen encoder's representation, in inference mode,
 * trained on crops and flips, tested on centre crops. The learning rate is chosen on the data set's validation images or, where it
 * has none, on a held-out, class-balanced part of the training images; the test images are asked once, by a classifier trained on all
 * of them with that rate. Both trainings follow one order of the images, each taking its own of it, so that choosing costs no
 * further forward passes. Features that are of new views each epoch, or more than are kept (EvaluationContext.keptBytes), are
 * embedded just before they are trained on. Throws ERR_BYOL_DATA without labels, or where nothing can be held out;
 * ERR_BYOL_NOT_FINITE for features that are not finite, or where the classifier diverged with every learning rate.
 */
export async function evaluateLinear(
  input: ProtocolInput,
  settings: Omit<LinearSettings, 'atEnd'>,
): Promise<LinearEvaluation> {
  const { context, encoder, data, features } = input;
  const { native, device, seed, signal, onProgress } = context;
  const { epochs, learningRates, momentum, weightDecay, augmentation, logitRegularizer } = settings;
  const images = await chooseLinearImages(input, settings);
  const { heldOut } = images;
  const held = heldOut?.indices.length ?? 0;
  const batchSize = Math.min(settings.batchSize, images.count - held);
  // That there is nothing to test with is to be heard of before the training.
  await labelledIndices(data.test, splitTitles.test);

  const resources: Array<{ dispose(): void }> = [];
  const keep = <T extends { dispose(): void }>(resource: T): T => {
    resources.push(resource);
    return resource;
  };
  const fit = (leftOut: Uint8Array | null): LinearFit => {
    const sizes = { features: encoder.network.features, classes: data.classes, device };
    const options = { learningRates, momentum, weightDecay, logitRegularizer, epochs, batchSize, seed, ...sizes };
    return keep(new LinearFit(native, images.count, leftOut, options));
  };
  try {
    const select = heldOut && fit(heldOut.places);
    const final = fit(null);
    const fits = select === null ? [final] : [select, final];
    const training = keep(await linearFeatures(input, settings, images));
    for (let epoch = 0; epoch < epochs; epoch += 1) {
      const order = await permutation(images.count, seed, epoch, orderNumbers.linear);
      await runQueued(
        training.feed(epoch, fits, order),
        ({ trainee, bank, rows, step }) => trainee.step(bank, rows, trainee.scale(epoch, step)),
        { signal },
      );
      onProgress?.({ phase: 'classifier', done: epoch + 1, total: epochs });
    }

    const validationTop1 =
      select === null || heldOut === null
        ? []
        : (
            await accuracyOver(embedInBlocks(context, encoder, heldOutImages(input, heldOut)), (bank) =>
              select.evaluate(bank),
            )
          ).accuracies.map(({ top1 }) => (Number.isFinite(top1) ? top1 : null));
    const { accuracies: tested, rows: testImages } = await accuracyOver(features.blocks('test'), (bank) =>
      final.evaluate(bank),
    );
    const best = bestRate(validationTop1, tested, learningRates);
    const { top1, top5 } = tested[best] as Accuracy;
    return {
      protocol: 'linear',
      top1,
      top5,
      learningRates,
      validationTop1,
      chosen: learningRates[best] as number,
      trainedOn: images.parts.length > 1 ? 'training and validation images' : 'all training images',
      epochs,
      batchSize,
      momentum,
      weightDecay,
      features: settings.features,
      augmentation,
      logitRegularizer,
      trainImages: images.count,
      heldOutImages: held,
      testImages,
      notes: [...notesOf(settings, batchSize, best, images.count), ...divergedNotes(learningRates, validationTop1)],
    };
  } finally {
    for (const resource of resources) resource.dispose();
  }
}

/**
 * Index of the best rate on the held-out images; of the only one where there are none. One whose classifier diverged, in either training, cannot be chosen; that
 * says nothing of how right the others are on the test images.
 */
function bestRate(
  validation: ReadonlyArray<number | null>,
  tested: readonly Accuracy[],
  rates: readonly number[],
): number {
  const usable = [...rates.keys()].filter((i) => validation[i] !== null && Number.isFinite(tested[i]?.top1));
  if (usable.length === 0) {
    throw new ByolError(
      'ERR_BYOL_NOT_FINITE',
      `Linear evaluation: the classifier diverged with every learning rate that was tried (${rates.join(', ')}).`,
      { hint: 'Try lower evaluation.linear.learningRates.' },
    );
  }
  return usable.reduce((best, i) => ((validation[i] as number) > (validation[best] as number) ? i : best));
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
  if (settings.features === 'fixed' && settings.augmentation !== 'crop-flip') {
    notes.push(
      `Nothing is augmented where features are fixed, so augmentation '${settings.augmentation}' made no difference.`,
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

/** In words of a line; empty for the protocol itself. */
function variantOf({ augmentation, logitRegularizer: logits }: LinearEvaluation): string {
  const words = [
    ...(augmentation === 'pretraining' ? ['augmentations of pretraining'] : []),
    ...(logits === null ? [] : [`logits through ${logits.alpha} tanh(x / ${logits.alpha}), penalty ${logits.beta}`]),
  ];
  return words.length === 0 ? '' : `\nvariant: ${words.join('; ')} (paper Table 7)`;
}

function divergedNotes(rates: readonly number[], validation: ReadonlyArray<number | null>): string[] {
  const diverged = rates.filter((_, i) => validation[i] === null);
  return diverged.length === 0 ? [] : [`The classifier diverged with learning rate ${diverged.join(', ')}.`];
}

export const linear = defineProtocol({
  name: 'linear',
  title: 'A linear classifier on frozen features (paper C.1), its learning rate chosen on held-out training images',
  needs: 'class',
  settings: linearSettings,
  defaults: officialLinear,
  recipes: linearRecipes,
  metrics: { top1: 'probe/linear/top1', top5: 'probe/linear/top5' },
  run: evaluateLinear,
  describe: (result: LinearEvaluation) => {
    const { epochs, trainImages, trainedOn, features, learningRates, validationTop1, chosen, heldOutImages } = result;
    const held = trainedOn === 'all training images' ? 'held-out training images' : 'validation images';
    const rows = [
      ['test images', count(result.testImages)],
      ['top-1', percent(result.top1)],
      ['top-5', percent(result.top5)],
    ];
    const rates = learningRates.map((rate, index) => [
      `learning rate ${rate}`,
      validationTop1[index] === null ? 'diverged' : percent(validationTop1[index] ?? Number.NaN),
      rate === chosen ? 'chosen' : '',
    ]);
    const choice =
      validationTop1.length === 0
        ? [`learning rate ${chosen}; nothing was chosen`]
        : [`top-1 on the ${count(heldOutImages)} ${held}`, table(rates, [1])];
    return [
      `linear: ${epochs} epochs on ${count(trainImages)} images, ${trainedOn}, ${features} features${variantOf(result)}`,
      table(rows, [1]),
      ...choice,
      ...result.notes,
    ].join('\n');
  },
});
