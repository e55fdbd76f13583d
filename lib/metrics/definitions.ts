import type { StepMetrics } from '../binding/native.js';
import { percent } from '../text/format.js';

/**
 * Every metric of a run, once: what it is, where it comes from, how several readings become one, how it is drawn and told.
 * Meter, events, metrics.jsonl, charts and words derive from this table; another metric is another entry.
 */

/** What decides which metrics a run has. */
export interface MetricFacts {
  /** An online classifier is trained alongside, on labels. */
  readonly onlineProbe: boolean;
  /** Of the training images. */
  readonly classes: number;
  /** Labels are all that is learnt from: the objective between views is not computed. */
  readonly supervisedOnly: boolean;
}

/** Where the time of a step goes: seconds, means over some steps. */
export interface StepParts {
  /** Until it began: images and plans were not there yet. */
  readonly data: number;
  readonly augment: number;
  readonly forward: number;
  readonly backward: number;
  readonly update: number;
}

/** What the clocks say of some steps. null: not known. */
export interface Timings {
  readonly imagesPerSecond: number;
  readonly dataWait: number;
  readonly parts: StepParts | null;
  /** Floating-point operations a second, and the share of what the device's matrix products reach. */
  readonly flops: number | null;
  readonly flopsShare: number | null;
  /** Bytes. */
  readonly peakMemory: number | null;
}

/** What the schedules say of one step. */
export interface ScheduledValues {
  readonly learningRate: number;
  readonly tau: number;
}

/** Charts of several metrics of a run, and their titles. */
export const sharedCharts = {
  accuracy: 'Accuracy',
  top5: 'Top-5 accuracy',
  time: 'Seconds of a step',
} as const;

/** What a metric is about: charts are shown in this order, with these titles. */
export const metricGroups = {
  learning: 'Learning',
  representation: 'Representation',
  schedule: 'Schedules',
  speed: 'Speed',
} as const;

export type MetricGroup = keyof typeof metricGroups;

export interface MetricPresentation {
  /** In charts: a chart's title, or a line's name among others. */
  readonly title: string;
  /** Values that can be; null: no bound. */
  readonly range: readonly [least: number | null, most: number | null];
  /** 'own': a chart of its own; else a line in a chart of sharedCharts; null: measured once, and in no chart. */
  readonly chart: 'own' | keyof typeof sharedCharts | null;
  readonly group: MetricGroup;
  /** Left out: a plain number. 'fraction' is shown as percent. */
  readonly unit?: 'fraction' | 'seconds' | 'bytes';
  /** What a line of progress says, and which: that of every epoch, or that of the newest step. */
  readonly words?: {
    readonly in: ReadonlyArray<'epoch' | 'step'>;
    readonly say: (value: number) => string;
  };
}

/** Read from the learner, every few steps: what a reading adds to the sum that the mean over steps comes from, or what it says last. */
export interface LearnerMetric extends MetricPresentation {
  readonly from: 'learner';
  readonly over: 'mean' | 'last';
  readonly read: (reading: StepMetrics, facts: MetricFacts) => number;
  /** Left out: every run has it. */
  readonly where?: (facts: MetricFacts) => boolean;
}

/** Of the same steps, by the clock. */
export interface TimingMetric extends MetricPresentation {
  readonly from: 'timing';
  /** null: not known. */
  readonly read: (timings: Timings) => number | null;
  /** Some steps have none. */
  readonly optional?: true;
}

/** Of the last of these steps; nothing to average over an epoch. */
export interface ScheduleMetric extends MetricPresentation {
  readonly from: 'schedule';
  readonly read: (values: ScheduledValues) => number;
}

/** Of the process, since the last reading. */
export interface ProcessMetric extends MetricPresentation {
  readonly from: 'process';
}

/** Measured between steps by a protocol. */
export interface EvaluationMetric extends MetricPresentation {
  readonly from: 'evaluation';
}

export type MetricDefinition = LearnerMetric | TimingMetric | ScheduleMetric | ProcessMetric | EvaluationMetric;
export type MetricDefinitions = Readonly<Record<string, MetricDefinition>>;

/** Of a part of a step. */
const seconds = (part: keyof StepParts, title: string) =>
  ({
    from: 'timing',
    optional: true,
    read: ({ parts }: Timings) => parts?.[part] ?? null,
    title,
    range: [0, null],
    chart: 'time',
    group: 'speed',
    unit: 'seconds',
  }) as const;

/** Of an accuracy. */
const fraction = { range: [0, 1], chart: 'accuracy', group: 'learning', unit: 'fraction' } as const;

export const metricDefinitions = {
  /**
   * The objective before its scale. BYOL: 2 - 2cos summed over both directions, 0..8; 4 when prediction and target are unrelated.
   * With labels alone their cross-entropy; with labels and an objective (Mean Teacher) without it.
   */
  loss: {
    from: 'learner',
    over: 'mean',
    read: ({ loss, supervisedLoss }, { supervisedOnly }) => (supervisedOnly ? supervisedLoss : loss),
    title: 'Loss',
    range: [null, null],
    chart: 'own',
    group: 'learning',
    words: { in: ['epoch', 'step'], say: (value) => `loss ${value.toFixed(3)}` },
  },
  /** sqrt(d) * mean standard deviation of the l2-normalised online projections: 1 spread, 0 collapsed. */
  'collapse/std': {
    from: 'learner',
    over: 'mean',
    read: ({ projectionStd }) => projectionStd,
    title: 'Spread of the projections (1 spread, 0 collapsed)',
    range: [0, 1],
    chart: 'own',
    group: 'representation',
    words: { in: ['epoch'], say: (value) => `spread ${value.toFixed(2)}` },
  },
  /**
   * Effective rank of the online projections of the last batch: how many dimensions they use, 1 to the smaller of their
   * dimension and the batch less one (exp of the entropy of the singular values; Roy and Vetterli 2007).
   */
  'collapse/rank': {
    from: 'learner',
    over: 'last',
    read: ({ projectionRank }) => projectionRank,
    title: 'Effective rank of the projections',
    range: [0, null],
    chart: 'own',
    group: 'representation',
  },
  /** ||theta - xi|| / ||theta||: how far the online network is from its target. */
  'target/distance': {
    from: 'learner',
    over: 'last',
    read: ({ targetDistance }) => targetDistance,
    title: 'Distance to the target',
    range: [0, null],
    chart: 'own',
    group: 'representation',
  },
  /** Weighted kNN on the test images with the online encoder's frozen features. */
  'knn/top1': {
    from: 'evaluation',
    title: 'kNN, test images',
    ...fraction,
    words: { in: ['epoch'], say: (value) => `kNN ${percent(value)}` },
  },
  /** The label among the five classes with the most votes. */
  'knn/top5': { from: 'evaluation', title: 'kNN top-5, test images', ...fraction, chart: 'top5' },
  /** The online linear classifier on the augmented training view. Not a test accuracy. */
  'probe/online/top1': {
    from: 'learner',
    over: 'mean',
    read: ({ probeTop1 }) => probeTop1,
    where: ({ onlineProbe }) => onlineProbe,
    title: 'online probe, training views',
    ...fraction,
    words: { in: ['epoch'], say: (value) => `online probe ${percent(value)}` },
  },
  /** The same, the label among the five best. Among five classes or fewer every label is. */
  'probe/online/top5': {
    from: 'learner',
    over: 'mean',
    read: ({ probeTop5 }) => probeTop5,
    where: ({ onlineProbe, classes }) => onlineProbe && classes > 5,
    title: 'online probe top-5, training views',
    ...fraction,
    chart: 'top5',
  },
  /** The linear protocol on frozen features (paper C.1), test images; measured once, after the last epoch. */
  'probe/linear/top1': { from: 'evaluation', title: 'linear, test images', ...fraction, chart: null },
  learning_rate: {
    from: 'schedule',
    read: ({ learningRate }) => learningRate,
    title: 'Learning rate',
    range: [0, null],
    chart: 'own',
    group: 'schedule',
  },
  /** Decay of the target's moving average. */
  tau: {
    from: 'schedule',
    read: ({ tau }) => tau,
    title: 'tau',
    range: [null, null],
    chart: 'own',
    group: 'schedule',
  },
  images_per_second: {
    from: 'timing',
    read: ({ imagesPerSecond }) => imagesPerSecond,
    title: 'Images per second',
    range: [0, null],
    chart: 'own',
    group: 'speed',
    words: { in: ['epoch', 'step'], say: (value) => `${Math.round(value)} images/s` },
  },
  /**
   * Share of wall-clock time in which the LibTorch thread did not compute: it augmented, or waited for JavaScript.
   * 1 - sum(StepTimes.total - StepTimes.augment) / elapsed.
   */
  data_wait: {
    from: 'timing',
    read: ({ dataWait }) => dataWait,
    title: 'Share of time without computing',
    range: [0, 1],
    chart: 'own',
    group: 'speed',
    unit: 'fraction',
    words: { in: ['step'], say: (value) => `data ${Math.round(100 * value)} %` },
  },
  /**
   * Where the time of a step goes, in seconds: waiting for images and plans, making views, all forward passes with the loss, the
   * backward passes, optimiser and moving average. By the device's own clock, where there is one. Together they are batch /
   * images_per_second.
   */
  'time/data': seconds('data', 'data'),
  'time/augment': seconds('augment', 'views'),
  'time/forward': seconds('forward', 'forward'),
  'time/backward': seconds('backward', 'backward'),
  'time/update': seconds('update', 'update'),
  /** 10^12 floating-point operations a second of all convolutions and matrix products, by the wall clock. */
  'compute/tflops': {
    from: 'timing',
    optional: true,
    read: ({ flops }) => flops && flops / 1e12,
    title: 'TFLOP/s',
    range: [0, null],
    chart: 'own',
    group: 'speed',
    words: { in: ['step'], say: (value) => `${Number(value.toPrecision(3))} TFLOP/s` },
  },
  /** Of the rate of a large matrix product on this device in the run's precision, measured in the run's first seconds. */
  'compute/share': {
    from: 'timing',
    optional: true,
    read: ({ flopsShare }) => flopsShare,
    title: "Share of the device's matrix rate",
    range: [0, null],
    chart: 'own',
    group: 'speed',
    unit: 'fraction',
  },
  /** Bytes: on a device the most that tensors held, on the CPU the most that the process held. */
  'memory/peak': {
    from: 'timing',
    optional: true,
    read: ({ peakMemory }) => peakMemory,
    title: 'Peak memory',
    range: [0, null],
    chart: 'own',
    group: 'speed',
    unit: 'bytes',
  },
  /** The fewest that have computed since the last reading. */
  threads: { from: 'process', title: 'Threads', range: [1, null], chart: 'own', group: 'speed' },
} as const satisfies MetricDefinitions;

/** 'loss', 'knn/top1', 'collapse/std', ...: as in metrics.jsonl, events, charts and TensorBoard. */
export type MetricName = keyof typeof metricDefinitions;
