import { type PlannedImages, takeImages } from '../../augment/take-images.js';
import type { NativeLearner, StepInput } from '../../binding/native.js';
import { classesOf } from '../../data/dataset.js';
import { viewNumbers } from '../../random/purposes.js';
import type { EvaluationContext } from '../context.js';
import type { FrozenEncoder } from '../frozen-encoder.js';
import { mapQueued, runQueued } from '../in-flight.js';
import { cosineScale } from '../linear-fit.js';
import { trainingCrops, trainingView } from '../training-crops.js';
import type { Tuning, TuningPoint } from './settings.js';
import { tunedLearner } from './tuned-learner.js';
import { type TuningBatch, TuningBatches } from './tuning-batches.js';
import type { TuningImages } from './tuning-images.js';

/** What is trained, on what, and how. */
export interface TuningTask {
  readonly context: EvaluationContext;
  readonly encoder: FrozenEncoder;
  readonly parts: readonly TuningImages[];
  readonly classes: number;
  /** Images have any number of classes. */
  readonly many: boolean;
  readonly tuning: Tuning;
  readonly point: TuningPoint;
  /** What progress calls it. */
  readonly phase: string;
}

/** Steps between two looks at whether the loss is still finite. */
const LOOK_EVERY = 25;

/** Batches of photos that are decoded ahead of a card. */
const AHEAD = 3;

/** The batches of a task. */
export function batchesOf({ context, parts, tuning }: Pick<TuningTask, 'context' | 'parts' | 'tuning'>): TuningBatches {
  return new TuningBatches(parts, { rows: tuning.batchSize, multiple: tuning.microBatches, seed: context.seed });
}

/** Optimiser steps of a task. */
export function stepsOf(batches: TuningBatches, { steps }: Tuning, { epochs }: TuningPoint): number {
  return epochs === null ? (steps ?? 0) : epochs * batches.stepsPerEpoch;
}

/** Of batch normalisation's running statistics. */
export function normDecayOf(batches: TuningBatches, { normDecay }: Tuning): number | 'encoder' {
  return normDecay === 'steps' ? Math.max(1 - 10 / batches.stepsPerEpoch, 0.9) : normDecay;
}

/**
 * Trains a copy of the encoder with a new linear head on random crops and flips: all weights, SGD with Nesterov momentum. Gives the
 * trained learner, of which the caller disposes, or null where the loss or its gradient was no longer finite. Throws the signal's
 * reason, and what steps throw.
 */
export async function tune(task: TuningTask): Promise<(NativeLearner & Disposable) | null> {
  const { context, encoder, classes, many, tuning, point, phase } = task;
  const batches = batchesOf(task);
  const steps = stepsOf(batches, tuning, point);
  const learner = await tunedLearner(context, encoder, {
    classes,
    many,
    initialization: tuning.initialization,
    momentum: tuning.momentum,
    weightDecay: point.weightDecay / point.learningRate,
    normDecay: normDecayOf(batches, tuning),
  });
  let finite = true;
  const step = async (batch: TuningBatch, taken: PlannedImages): Promise<void> => {
    if (!finite) return taken.release();
    const input = stepInput(task, batch, taken, steps);
    const done = learner.step(input);
    taken.release();
    await done;
    const last = batch.step + 1 === steps;
    if (!last && (batch.step + 1) % LOOK_EVERY !== 0) return;
    finite &&= (await learner.readMetrics()).firstBadStep < 0;
    context.onProgress?.({ phase, done: batch.step + 1, total: steps });
  };
  /** Nothing is decoded any more once it is known that the rest is of no use. */
  async function* whileFinite(): AsyncGenerator<TuningBatch, void, undefined> {
    for await (const batch of batches.take(steps)) {
      if (!finite) return;
      yield batch;
    }
  }
  try {
    await runSteps(task, learner, whileFinite(), step);
    if (finite) return learner;
  } catch (error) {
    learner.dispose();
    throw error;
  }
  learner.dispose();
  return null;
}

/** Takes the images of each batch and lets `step` have them, in order. */
async function runSteps(
  { context, encoder, parts }: TuningTask,
  { stepsInFlight }: NativeLearner,
  batches: AsyncIterable<TuningBatch>,
  step: (batch: TuningBatch, taken: PlannedImages) => Promise<void>,
): Promise<void> {
  const { signal, seed, device } = context;
  const { view } = encoder;
  const spec = trainingView(view);
  const take = async ({ from: { images }, images: asked, epoch }: TuningBatch): Promise<PlannedImages> => {
    const draw = trainingCrops(images, view, { purpose: viewNumbers.fineTuning, seed, epoch });
    return takeImages(images, asked, [{ spec, draw }]);
  };
  // Decoding takes the cores that the network computes with, unless that is on a card.
  if (device === 'cpu' && parts.some(({ images }) => images.decoded)) {
    return runQueued(batches, async (batch) => step(batch, await take(batch)), { queued: 1, signal });
  }
  const waiting = new Set<PlannedImages>();
  const ahead = mapQueued(
    batches,
    async (batch) => {
      const taken = await take(batch);
      waiting.add(taken);
      return { batch, taken };
    },
    { queued: AHEAD, signal },
  );
  try {
    await runQueued(
      ahead,
      ({ batch, taken }) => {
        waiting.delete(taken);
        return step(batch, taken);
      },
      { queued: stepsInFlight, signal },
    );
  } finally {
    for (const taken of waiting) taken.release();
  }
}

function stepInput(
  { classes, many, encoder, tuning, point }: TuningTask,
  { step, from }: TuningBatch,
  { store, indices, images, plans }: PlannedImages,
  steps: number,
): StepInput {
  const scale = tuning.schedule === 'cosine' ? cosineScale(step, steps) : 1;
  const view = { plan: plans[0] as Float32Array, spec: trainingView(encoder.view) };
  const { targets } = from.images;
  // Another image in the place of a broken one may be one whose label is not to be used.
  const labelled = (image: number): boolean => hasIndex(from.indices, image);
  const supervisedLabels = new Int32Array(images.length * (many ? classes : 1)).fill(-1);
  for (const [row, image] of images.entries()) {
    if (!labelled(image)) continue;
    const own = classesOf(targets, image);
    if (!many) {
      supervisedLabels[row] = own[0] ?? -1;
      continue;
    }
    supervisedLabels.fill(0, row * classes, (row + 1) * classes);
    for (const label of own) supervisedLabels[row * classes + label] = 1;
  }
  return {
    images: store,
    indices,
    microBatches: images.length % tuning.microBatches === 0 ? tuning.microBatches : 1,
    // The second one is not looked at.
    views: [view, view],
    learningRate: point.learningRate * scale,
    tau: 0,
    projectorRate: tuning.headRate,
    predictorRate: 1,
    objectiveWeight: 0,
    supervisedLabels,
  };
}

/** Whether an ascending list has the number. */
function hasIndex(ascending: Int32Array, wanted: number): boolean {
  let [first, end] = [0, ascending.length];
  while (first < end) {
    const middle = (first + end) >>> 1;
    if ((ascending[middle] as number) < wanted) first = middle + 1;
    else end = middle;
  }
  return ascending[first] === wanted;
}
