import { z } from 'zod';
import type { NativeFeatureBank } from '../../binding/native.js';
import { classesOf, type DatasetMetric, splitTitles, type Targets } from '../../data/dataset.js';
import type { Images } from '../../data/images.js';
import type { DeepReadonly } from '../../deep-readonly.js';
import { ByolError } from '../../errors.js';
import { orderNumbers } from '../../random/purposes.js';
import { count, percent, table } from '../../text/format.js';
import {
  ClassificationMeter,
  type ClassificationMetrics,
  metricKeys,
  metricOf,
  metricTitles,
} from '../classification-meter.js';
import { targetedIndices } from '../evaluation-data.js';
import { LogisticClassifier, type TargetedRows } from '../logistic-fit.js';
import { logisticNotes } from '../logistic-notes.js';
import { defineProtocol, type ProtocolInput } from '../protocol.js';
import { splitByClass } from '../validation-split.js';

const settings = z.strictObject({
  /** Tried from the largest to the smallest. Each multiplies |W|^2 / 2 beside the sum of the images' losses: scikit-learn's 1 / C. */
  penalties: z.array(z.number().nonnegative()).min(1),
  /** A fit ends where the gradient's norm is this part of what it is with weights of 0. */
  tolerance: z.number().positive(),
  /** Of L-BFGS, for each penalty. */
  maxIterations: z.int().positive(),
  /** Part of the training images that is held out to choose the penalty where the data set has no validation images. */
  validationFraction: z.number().gt(0).lt(1),
});

/** `evaluation.logistic`. */
export type LogisticSettings = DeepReadonly<z.infer<typeof settings>>;

/** Paper D.2: 45 penalties, evenly spaced in their logarithms from 1e-6 to 1e5. */
export const officialLogistic: LogisticSettings = {
  penalties: Array.from({ length: 45 }, (_, i) => Number((10 ** (-6 + i / 4)).toPrecision(6))),
  tolerance: 1e-4,
  maxIterations: 1000,
  validationFraction: 0.1,
};

/** Metrics are fractions in [0, 1] of the test images; null: not of this kind of images. */
export interface LogisticEvaluation extends ClassificationMetrics {
  readonly protocol: 'logistic';
  /** What was chosen by, and is reported first. */
  readonly metric: DatasetMetric;
  readonly penalties: readonly number[];
  /** Of each, on the images to choose by; null: there was one penalty, and so nothing to choose. */
  readonly validation: readonly number[] | null;
  /** The penalty with the best validation, the largest of equals. */
  readonly chosen: number;
  /** What the classifier that was tested had been trained on: held-out images were put back. */
  readonly trainedOn: 'all training images' | 'training and validation images';
  readonly trainImages: number;
  /** Images that were chosen by: the data set's own, or a part of the training images. */
  readonly validationImages: number;
  readonly testImages: number;
  /** Of L-BFGS: over all penalties, and of the classifier that was tested. */
  readonly selectionIterations: number;
  readonly iterations: number;
  /** Departures from the paper's protocol, what it leaves open, and doubts: one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Transfer by a linear classifier (paper D.2): logistic regression with an L2 penalty on frozen features of centre crops, by L-BFGS.
 * The penalty is chosen on the data set's validation images, or on a class-balanced part of the training images that is held out;
 * then the classifier is trained again on training and validation images, and the test images are asked once. One class per
 * image: softmax; any number of labels: each class against the rest. Features of training and validation images are all kept.
 * Throws ERR_BYOL_DATA without labels, or where nothing can be held out; ERR_BYOL_NOT_FINITE for features that are not finite.
 */
export async function evaluateLogistic(input: ProtocolInput, settings: LogisticSettings): Promise<LogisticEvaluation> {
  const { context, data, features } = input;
  const metric = metricOf(data);
  const many = metric === 'map11';
  // That there is nothing to test with is to be heard of before the training.
  const testIndices = await targetedIndices(data.test, splitTitles.test);
  const { bank, indices } = await features.of('train');
  const train = rowsOf(bank, indices, data.train);
  const own = data.val && (await features.of('val'));
  const validation = own && data.val && rowsOf(own.bank, own.indices, data.val);
  const chooses = settings.penalties.length > 1;
  const parts =
    validation || !chooses
      ? { kept: train, heldOut: validation ?? null }
      : await heldOutPart(train, settings, context.seed);

  const made: LogisticClassifier[] = [];
  const classifier = async (on: ReadonlyArray<TargetedRows>): Promise<LogisticClassifier> => {
    const { tolerance, maxIterations } = settings;
    const { device, signal, native } = context;
    const options = { features: bank.dimension, classes: data.classes, many, device, tolerance, maxIterations, signal };
    const one = new LogisticClassifier(native, options);
    made.push(one);
    for (const rows of on) await one.add(rows);
    return one;
  };
  const total = (chooses ? settings.penalties.length : 0) + 1;
  const progress = (done: number): void => context.onProgress?.({ phase: 'classifier', done, total });
  try {
    const choice =
      chooses && parts.heldOut
        ? await choose(await classifier([parts.kept]), parts.heldOut, { settings, metric, progress })
        : null;
    made.pop()?.dispose();
    const chosen = choice?.chosen ?? (settings.penalties[0] as number);
    const final = await classifier(validation ? [train, validation] : [train]);
    const fit = await final.fit(chosen);
    progress(total);

    const meter = new ClassificationMeter(data.classes, targetsOf(data.test));
    let first = 0;
    for await (const block of features.blocks('test')) {
      await final.measureInto(meter, rowsOf(block, testIndices.subarray(first, first + block.size), data.test));
      first += block.size;
    }
    const notes = logisticNotes({
      ...settings,
      data,
      choice,
      fit,
      heldOut: validation ? 0 : (parts.heldOut?.rows.length ?? 0),
      unseen: data.classes - seenClasses(validation ? [train, validation] : [train]),
    });
    return {
      protocol: 'logistic',
      metric,
      ...(await meter.result()),
      penalties: settings.penalties,
      validation: choice?.validation ?? null,
      chosen,
      trainedOn: validation ? 'training and validation images' : 'all training images',
      trainImages: train.rows.length,
      validationImages: (choice && parts.heldOut?.rows.length) ?? 0,
      testImages: testIndices.length,
      selectionIterations: choice?.iterations ?? 0,
      iterations: fit.iterations,
      notes,
    };
  } finally {
    for (const one of made) one.dispose();
  }
}

/** What came of the penalties. */
export interface PenaltyChoice {
  readonly chosen: number;
  /** Of each penalty, as they are given. */
  readonly validation: readonly number[];
  readonly iterations: number;
  /** Penalties whose fit was ended by `maxIterations`. */
  readonly unfinished: readonly number[];
}

async function choose(
  classifier: LogisticClassifier,
  asked: TargetedRows,
  {
    settings: { penalties },
    metric,
    progress,
  }: {
    readonly settings: LogisticSettings;
    readonly metric: DatasetMetric;
    readonly progress: (done: number) => void;
  },
): Promise<PenaltyChoice> {
  const order = [...new Set(penalties)].sort((a, b) => b - a);
  const values = new Map<number, number>();
  const unfinished: number[] = [];
  let iterations = 0;
  for (const [done, penalty] of order.entries()) {
    const fit = await classifier.fit(penalty);
    iterations += fit.iterations;
    if (fit.stopped === 'iterations') unfinished.push(penalty);
    values.set(penalty, (await classifier.measure(asked))[metricKeys[metric]] as number);
    progress(done + 1);
  }
  const value = (penalty: number): number => values.get(penalty) as number;
  const chosen = order.reduce((best, penalty) => (value(penalty) > value(best) ? penalty : best));
  return { chosen, validation: penalties.map(value), iterations, unfinished };
}

/** Of images with many labels any: they are of no one class. */
async function heldOutPart(
  { bank, rows, images, targets }: TargetedRows,
  { validationFraction }: LogisticSettings,
  seed: number,
): Promise<{ readonly kept: TargetedRows; readonly heldOut: TargetedRows }> {
  const labels = images.map((image) => (targets.kind === 'class' ? (targets.labels[image] ?? -1) : 0));
  const { kept, heldOut } = await splitByClass(labels, validationFraction, seed, orderNumbers.logisticHeldOut);
  const part = (places: Int32Array): TargetedRows => ({
    bank,
    rows: places.map((place) => rows[place] as number),
    images: places.map((place) => images[place] as number),
    targets,
  });
  return { kept: part(kept), heldOut: part(heldOut) };
}

/** All rows of a bank, once it is filled: where images turned out broken it has others. */
function rowsOf(bank: NativeFeatureBank, indices: Int32Array, images: Images): TargetedRows {
  const rows = Int32Array.from({ length: bank.size }, (_, row) => row);
  return { bank, rows, images: images.usable(indices), targets: targetsOf(images) };
}

function seenClasses(parts: readonly TargetedRows[]): number {
  const seen = new Set<number>();
  for (const { images, targets } of parts) {
    for (const image of images) for (const label of classesOf(targets, image)) seen.add(label);
  }
  return seen.size;
}

function targetsOf({ targets }: Images): Targets {
  if (targets === null) throw new ByolError('ERR_BYOL_DATA', 'Nothing is known of the images that is to be learnt.');
  return targets;
}

/** Penalties that are shown on each side of the chosen one; all are in the result. */
const SHOWN_BESIDE = 4;

function aroundChosen({ penalties, validation, chosen }: LogisticEvaluation): string[][] {
  const values = new Map(penalties.map((penalty, i) => [penalty, validation?.[i]]));
  const order = [...values.keys()].sort((a, b) => a - b);
  const at = order.indexOf(chosen);
  return order
    .slice(Math.max(0, at - SHOWN_BESIDE), at + SHOWN_BESIDE + 1)
    .map((penalty) => [`penalty ${short(penalty)}`, percent(values.get(penalty)), penalty === chosen ? 'chosen' : '']);
}

/** "0.316", "1.78e-6" */
function short(penalty: number): string {
  const rounded = Number(penalty.toPrecision(3));
  return rounded >= 1e-3 || rounded === 0 ? String(rounded) : rounded.toExponential();
}

export const logistic = defineProtocol({
  name: 'logistic',
  title: 'Logistic regression by L-BFGS on frozen features (paper D.2), its penalty chosen on validation images',
  needs: 'labels',
  settings,
  defaults: officialLogistic,
  metrics: {
    top1: 'logistic/top1',
    top5: 'logistic/top5',
    meanPerClass: 'logistic/mean-per-class',
    map11: 'logistic/map11',
  },
  run: evaluateLogistic,
  describe: (result: LogisticEvaluation) => {
    const { metric, penalties, validation, chosen, trainImages, validationImages, trainedOn } = result;
    const known = [
      ['top-1', result.top1],
      ['top-5', result.top5],
      ['mean per class', result.meanPerClass],
      ['11-point mAP', result.map11],
    ] as const;
    const first = known.filter(([name]) => name === metricTitles[metric]);
    const rows = [...first, ...known.filter((row) => !first.includes(row))].flatMap(([name, value]) =>
      value === null ? [] : [[name, percent(value)]],
    );
    return [
      `logistic: ${count(trainImages)} training images, tested after training on ${trainedOn}, penalty ${short(chosen)}`,
      table([['test images', count(result.testImages)], ...rows], [1]),
      ...(validation === null
        ? []
        : [
            `${metricTitles[metric]} on ${count(validationImages)} images to choose by, with ${count(penalties.length)} penalties from ${short(Math.min(...penalties))} to ${short(Math.max(...penalties))}`,
            table(aroundChosen(result), [1]),
          ]),
      ...result.notes,
    ].join('\n');
  },
});
