import type { Accuracy, Execution } from '../binding/native.js';
import type { Config } from '../config/schema.js';
import type { Metrics, StepValues } from '../metrics/values.js';
import type { Verdict } from '../train/verdict.js';

/** What a run's kNN gave. */
export interface KnnResult extends Accuracy {
  /** Test images asked. */
  readonly queries: number;
}

/** The result of a linear protocol: chosen on the held-out part of the training set, measured on the test images. */
export interface LinearResult extends Accuracy {
  /** The chosen learning rate per 256 images. */
  readonly learningRate: number;
}

/** The same network before its first step. null: there are no labels, or the protocol is switched off. */
export interface Baseline {
  readonly knn: Accuracy | null;
  readonly linear: LinearResult | null;
}

/** What a run came to. Accuracies are fractions in [0, 1]. */
export interface RunResult {
  readonly folder: string;
  /** Epochs and optimiser steps done. */
  readonly epochs: number;
  readonly steps: number;
  /** true: stopped before the last epoch; the folder can be resumed. */
  readonly interrupted: boolean;
  /** Of the last epoch that was measured; null without labels, or if none was reached. */
  readonly knn: Accuracy | null;
  readonly linear: LinearResult | null;
  /** With the images that `knn` was measured with: of a stopped run those that are set aside for use during it. */
  readonly untrained: Baseline;
  /** Of the last complete epoch; null if none was reached. */
  readonly metrics: Metrics | null;
  readonly verdict: Verdict;
  /** Path of encoder.safetensors; null while the run is not finished. */
  readonly encoder: string | null;
  /** Wall-clock seconds of training and evaluation, over all sittings of the run. */
  readonly seconds: number;
}

/** Images and networks are open; what was not asked for, but found or resolved, is told. */
export interface StartEvent {
  readonly type: 'start';
  readonly config: Config;
  readonly folder: string;
  /** Training images. */
  readonly images: number;
  readonly testImages: number;
  readonly classes: readonly string[];
  /** Images per optimiser step: batchSize * accumulate. */
  readonly batch: number;
  /** With epochBoundary 'stream' their mean, seldom a whole number. */
  readonly stepsPerEpoch: number;
  readonly steps: number;
  /** Images left out of every epoch because they do not fill a step, other ones each epoch; none with 'stream'. */
  readonly dropped: number;
  /** Trainable parameters of the online encoder. */
  readonly parameters: number;
  /** Dimension of the representation. */
  readonly features: number;
  readonly device: string;
  readonly precision: 'float32' | 'bfloat16';
  readonly threads: number;
  /** Peak learning rate: base * batch / 256. */
  readonly peakLearningRate: number;
  /** Optimiser steps already done by earlier sittings; 0 for a new run. */
  readonly resumedAt: number;
}

/** Photos are found and read, some times a second: what takes long before `start`. */
export interface ReadingEvent {
  readonly type: 'reading';
  /** 'listing', or which images are read: 'training images', ... */
  readonly phase: string;
  readonly done: number;
  /** null: not known yet. */
  readonly total: number | null;
}

/** How the network does before its first step: what training has to beat. */
export interface UntrainedEvent extends Baseline {
  readonly type: 'untrained';
}

/** Work between steps that may take a while. */
export interface PhaseEvent {
  readonly type: 'phase';
  readonly phase: 'untrained' | 'knn' | 'linear';
}

/** Every second or so. A reader that is slower gets the newest one only. */
export interface StepEvent {
  readonly type: 'step';
  /** Optimiser steps done and in all. */
  readonly step: number;
  readonly steps: number;
  /** The epoch that the step belongs to, 1..epochs; of a step that two epochs share, the later one. */
  readonly epoch: number;
  readonly epochs: number;
  readonly metrics: StepValues;
  /** Estimate for the rest of the run, evaluations included as far as one has been timed. */
  readonly secondsLeft: number;
}

/** An epoch is over and, where that is due, evaluated. */
export interface EpochEvent {
  readonly type: 'epoch';
  /** Epochs done, 1..epochs. */
  readonly epoch: number;
  readonly epochs: number;
  readonly metrics: Metrics;
  readonly verdict: Verdict;
}

/** A training state has been written; the run can go on from it. */
export interface CheckpointEvent {
  readonly type: 'checkpoint';
  readonly path: string;
  readonly step: number;
}

/** Something to know that stops nothing. */
export interface WarningEvent {
  readonly type: 'warning';
  readonly message: string;
}

/**
 * Other work on the machine has taken cores, or given them back: from here on `threads` of `most` threads compute. Only with
 * `threads: 0`. Results depend on the number in their last digits.
 */
export interface ThreadsEvent {
  readonly type: 'threads';
  readonly threads: number;
  readonly most: number;
}

/** How a device computes the steps of this run: told once, when a few are done. Not of runs on the CPU. */
export interface ExecutionEvent extends Execution {
  readonly type: 'execution';
}

/** Last of all: what `result` resolves with. */
export interface EndEvent {
  readonly type: 'end';
  readonly result: RunResult;
}

/**
 * Told apart by `type`. `start` comes before everything but warnings and readings of photos, then `untrained`; the last one is `end`. A run that had finished
 * before, and is asked to go on, tells a warning and `end`.
 */
export type TrainEvent =
  | ReadingEvent
  | StartEvent
  | UntrainedEvent
  | PhaseEvent
  | StepEvent
  | EpochEvent
  | CheckpointEvent
  | WarningEvent
  | ThreadsEvent
  | ExecutionEvent
  | EndEvent;
