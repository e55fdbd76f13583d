import type { NativeLearner } from '../../binding/native.js';
import { type DatasetMetric, splitTitles } from '../../data/dataset.js';
import { ByolError } from '../../errors.js';
import { count, percent, table } from '../../text/format.js';
import { type ClassificationMetrics, metricKeys, metricOf, metricTitles } from '../classification-meter.js';
import { targetedIndices } from '../evaluation-data.js';
import { defineProtocol, type ProtocolInput } from '../protocol.js';
import { measure } from '../tuning/scores.js';
import {
  type RecipeName,
  type Tuning,
  type TuningPoint,
  type TuningSettings,
  tuningGrid,
  tuningSchema,
  wholeTuning,
} from '../tuning/settings.js';
import { batchesOf, normDecayOf, stepsOf, tune } from '../tuning/tune.js';
import { type TuningImages, type TuningParts, tuningParts } from '../tuning/tuning-images.js';
import { tuningNotes } from '../tuning/tuning-notes.js';

/** `evaluation.fine-tune`: a recipe of the paper, and what goes over it. */
export type FineTuneSettings = TuningSettings;

/** A training that was tried. */
export interface TunedPoint extends TuningPoint {
  /** Optimiser steps. */
  readonly steps: number;
  /** On the images to choose by; null: it diverged, or nothing was to be chosen. */
  readonly validation: number | null;
}

/** Metrics are fractions in [0, 1] of the test images; null: not of this kind of images. */
export interface FineTuneEvaluation extends ClassificationMetrics {
  readonly protocol: 'fine-tune';
  readonly recipe: RecipeName;
  /** What was chosen by, and is reported first. */
  readonly metric: DatasetMetric;
  readonly initialization: Tuning['initialization'];
  /** All that were tried. */
  readonly grid: readonly TunedPoint[];
  /** The one with the best validation, of the grid. */
  readonly chosen: TunedPoint;
  /** What the network that was tested had been trained on. */
  readonly trainedOn: 'labelled images' | 'labelled and validation images';
  /** Images whose labels were used, images that were chosen by, and labelled test images. */
  readonly trainImages: number;
  readonly validationImages: number;
  readonly testImages: number;
  /** Of the training that was tested. */
  readonly steps: number;
  /** Images per step, and its parts with batch statistics of their own. */
  readonly batchSize: number;
  readonly microBatches: number;
  readonly momentum: number;
  readonly headRate: number;
  readonly schedule: Tuning['schedule'];
  /** Decay of the running statistics; 'encoder': as in its pretraining. */
  readonly normDecay: number | 'encoder';
  /** Departures from the paper's protocol, what it leaves open, and doubts: one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Fine-tuning of the whole encoder with a new linear head: on a part of the labels (paper C.1, Table 2), on all of them (Table 8),
 * or on another data set (D.3, Table 3). Copies are trained one after the other, each from the encoder's weights, with every
 * combination of the grid; the best on the validation images is chosen, the first of equals, and tested, or trained again on
 * training and validation images and then tested. The encoder that is given stays as it is. Throws ERR_BYOL_DATA without
 * labels or where nothing can be held out, ERR_BYOL_NOT_FINITE where all diverged.
 */
export async function evaluateFineTuning(input: ProtocolInput, settings: TuningSettings): Promise<FineTuneEvaluation> {
  const { context, encoder, data } = input;
  const { classes } = data;
  const tuning = wholeTuning(settings);
  const metric = metricOf(data);
  const many = metric === 'map11';
  const grid = tuningGrid(tuning);
  const chooses = grid.length > 1;
  const parts = await tuningParts(data, tuning, { seed: context.seed, chooses });
  // That there is nothing to test with is to be heard of before the training.
  const test: TuningImages = { images: data.test, indices: await targetedIndices(data.test, splitTitles.test) };
  const retrains = tuning.retrain && (chooses || data.val !== undefined);
  const everything = chooses || !retrains ? parts.all : await withValidation(input, parts);

  const train = (point: TuningPoint, on: readonly TuningImages[], phase: string) =>
    tune({ context, encoder, parts: on, classes, many, tuning, point, phase });
  const steps = (point: TuningPoint): number =>
    stepsOf(batchesOf({ context, parts: [parts.labelled], tuning }), tuning, point);

  const tried: TunedPoint[] = [];
  let best: {
    readonly index: number;
    readonly value: number;
    readonly learner: (NativeLearner & Disposable) | null;
  } | null = null;
  let tested: (NativeLearner & Disposable) | null = null;
  try {
    for (const [index, point] of (parts.validation === null ? [] : grid).entries()) {
      const phase = `fine-tuning ${index + 1} of ${grid.length}`;
      const learner = await train(point, [parts.labelled], phase);
      const value = learner && (await validated(learner, input, parts, metric));
      tried.push({ ...point, steps: steps(point), validation: value });
      if (value === null || (best !== null && value <= best.value)) {
        learner?.dispose();
        continue;
      }
      best?.learner?.dispose();
      if (retrains) learner?.dispose();
      best = { index, value, learner: retrains ? null : learner };
    }
    const chosen = chooses ? tried[best?.index ?? -1] : untried(grid[0], steps);
    if (chosen === undefined) throw allDiverged(grid);
    const on = retrains ? everything : [parts.labelled];
    tested = best?.learner ?? (await train(chosen, on, 'fine-tuning'));
    const result =
      tested && (await measure(tested, { context, encoder, classes, asked: test, phase: splitTitles.test }));
    if (result === null) throw allDiverged([chosen]);
    const batches = batchesOf({ context, parts: on, tuning });
    return {
      protocol: 'fine-tune',
      ...result,
      metric,
      recipe: tuning.recipe,
      initialization: tuning.initialization,
      grid: chooses ? tried : [chosen],
      chosen,
      trainedOn: retrains ? 'labelled and validation images' : 'labelled images',
      trainImages: parts.labelled.indices.length,
      validationImages: parts.validation?.indices.length ?? 0,
      testImages: test.indices.length,
      steps: stepsOf(batches, tuning, chosen),
      batchSize: batches.rows[1],
      microBatches: tuning.microBatches,
      momentum: tuning.momentum,
      headRate: tuning.headRate,
      schedule: tuning.schedule,
      normDecay: normDecayOf(batches, tuning),
      notes: [...parts.notes, ...tuningNotes({ tuning, data, parts, trainedOn: on, batches, tried, chosen })],
    };
  } finally {
    best?.learner?.dispose();
    tested?.dispose();
  }
}

function untried(point: TuningPoint | undefined, steps: (point: TuningPoint) => number): TunedPoint | undefined {
  return point && { ...point, steps: steps(point), validation: null };
}

/** Nothing was to be chosen, and so nothing was held out: what is learnt from is all that may be. */
async function withValidation({ data: { val } }: ProtocolInput, parts: TuningParts): Promise<readonly TuningImages[]> {
  if (val === undefined) return parts.all;
  return [parts.labelled, { images: val, indices: await targetedIndices(val, splitTitles.val) }];
}

async function validated(
  learner: NativeLearner & Disposable,
  { context, encoder, data }: ProtocolInput,
  { validation }: TuningParts,
  metric: DatasetMetric,
): Promise<number | null> {
  if (validation === null) return null;
  try {
    const task = { context, encoder, classes: data.classes, asked: validation, phase: splitTitles.val };
    return (await measure(learner, task))?.[metricKeys[metric]] ?? null;
  } catch (error) {
    learner.dispose();
    throw error;
  }
}

function allDiverged(points: readonly TuningPoint[]): ByolError {
  const rates = [...new Set(points.map(({ learningRate }) => learningRate))].join(', ');
  return new ByolError(
    'ERR_BYOL_NOT_FINITE',
    `Fine-tuning: the training diverged with every combination that was tried (learning rates ${rates}).`,
    { hint: 'Try lower evaluation.fine-tune.learningRates.' },
  );
}

/** "learning rate 0.1, 30 epochs", with a weight decay where there is one. */
function pointText({ learningRate, weightDecay, epochs }: TuningPoint): string {
  const parts = [`learning rate ${learningRate}`];
  if (weightDecay > 0) parts.push(`weight decay ${weightDecay}`);
  if (epochs !== null) parts.push(epochs === 1 ? '1 epoch' : `${epochs} epochs`);
  return parts.join(', ');
}

export const fineTune = defineProtocol({
  name: 'fine-tune',
  title:
    'The whole encoder with a linear head, on a part of the labels, all of them, or another data set (paper C.1, D.3)',
  needs: 'labels',
  settings: tuningSchema,
  defaults: { recipe: 'semi-supervised' },
  metrics: {
    top1: 'fine-tune/top1',
    top5: 'fine-tune/top5',
    meanPerClass: 'fine-tune/mean-per-class',
    map11: 'fine-tune/map11',
  },
  run: evaluateFineTuning,
  describe: (result: FineTuneEvaluation) => {
    const { metric, grid, chosen, steps, batchSize, trainImages, validationImages, trainedOn, notes } = result;
    const named = [
      ['top-1', result.top1],
      ['top-5', result.top5],
      ['mean per class', result.meanPerClass],
      ['11-point mAP', result.map11],
    ] as const;
    const rows = named.flatMap(([name, value]) => (value === null ? [] : [[name, percent(value)]]));
    const from = result.initialization === 'random' ? ', from random weights' : '';
    const choice = grid.map((point) => [
      pointText(point),
      point.validation === null ? 'diverged' : percent(point.validation),
      pointText(point) === pointText(chosen) ? 'chosen' : '',
    ]);
    return [
      `fine-tune: ${count(steps)} steps of ${count(batchSize)} images, ${count(trainImages)} labelled images${from}; tested after training on ${trainedOn}`,
      table([['test images', count(result.testImages)], ...rows], [1]),
      ...(validationImages === 0
        ? [`${pointText(chosen)}: nothing was to be chosen`]
        : [`${metricTitles[metric]} on ${count(validationImages)} images to choose by`, table(choice, [1])]),
      ...notes,
    ].join('\n');
  },
});
