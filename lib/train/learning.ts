import type { Accuracy } from '../binding/native.js';
import { packageVersion } from '../binding/package-root.js';
import type { Config } from '../config/schema.js';
import type { Dataset } from '../data/dataset.js';
import { datasetCheck, takeData } from '../data/given-data.js';
import { ByolError } from '../errors.js';
import { evaluateKnn } from '../eval/protocols/knn.js';
import { encoderMetadata } from '../export/encoder.js';
import { loadWeights } from '../import/load-weights.js';
import { type TrainSettings, trainingConfig } from '../methods/settings.js';
import * as option from '../text/options.js';
import { evaluateLearner } from './evaluate-learner.js';
import { classesOf, openResources, type TrainingResources } from './resources.js';
import { type StepsPause, type StepsReading, trainSteps } from './steps.js';
import { loadState, type ResumePoint, saveState } from './training-state.js';

/** What openLearning() is given beside settings. */
export interface LearningOptions {
  /** Images of your own, in place of the settings' `data`: datasetFromArrays(), datasetFromIterable(). */
  readonly data?: Dataset;
  /** Told of every photo that turns out to be broken, in whose place another one is taken. Without it the first one ends the training. */
  readonly onBroken?: (message: string) => void;
  /** Other work on the machine has changed the number of threads, of at most `most`; only with `threads: 0`. */
  readonly onThreads?: (threads: number, most: number) => void;
}

/** How the steps of a training by hand, or its kNN, are stopped. */
export interface LearningStepsOptions {
  /** Aborted: no further step is begun, and the loop ends with a pause. */
  readonly signal?: AbortSignal;
}

/**
 * A training without a run folder, to be driven by hand: nothing is written but what is asked for. It holds native memory until it
 * is disposed of (`await using`, or `dispose()`); what is asked of it afterwards throws ERR_BYOL_DISPOSED.
 */
export class Learning implements AsyncDisposable {
  readonly #resources: TrainingResources;
  /** What the last pause said, and whether it told the end of an epoch. */
  #known: { readonly step: number; readonly sums: ResumePoint['sums']; readonly told: boolean } | null = null;
  #stepping = false;

  /** @internal See openLearning(). */
  constructor(resources: TrainingResources) {
    this.#resources = resources;
  }

  /** As it was resolved. */
  get config(): Config {
    return this.#resources.config;
  }
  /** In label order; empty without labels. */
  get classNames(): readonly string[] {
    return this.#resources.classNames;
  }
  /** Optimiser steps of the whole training. */
  get totalSteps(): number {
    return this.#resources.schedule.steps;
  }
  /** Optimiser steps done; waits for those that are on their way. */
  get step(): Promise<number> {
    return this.#resources.learner.stepCount;
  }

  /**
   * The steps that are left, as they are done: readings of the metrics every second or so, and a pause at the end of each epoch and
   * at the very end, where nothing is on its way. No step begins before the next one is asked for, but for two that are; leaving the loop
   * stops, and another `steps()` goes on. Throws ERR_BYOL_DIVERGED, ERR_BYOL_TARGET_STUCK and whatever a step throws.
   */
  async *steps(options: LearningStepsOptions = {}): AsyncGenerator<StepsReading | StepsPause, void, undefined> {
    option.checkOptions('steps()', options, { signal: option.signal });
    if (this.#stepping) {
      throw new ByolError('ERR_BYOL_USAGE', 'steps(): the steps are being done already, by another loop.');
    }
    this.#stepping = true;
    try {
      const step = await this.step;
      const known = this.#known?.step === step ? this.#known : null;
      const from = { step, sums: known?.sums ?? null, epochOpen: known?.told !== true };
      for await (const told of trainSteps(this.#resources, { from, ...options })) {
        if (told.type === 'pause') this.#known = { step: told.step, sums: told.sums, told: told.ended !== null };
        yield told;
      }
    } finally {
      this.#stepping = false;
    }
  }

  /**
   * Weighted kNN on the test images with the encoder as it is, by all training images and the settings of `evaluation.knn`:
   * fractions in [0, 1]. Before the first step it is that of the untrained network. Throws ERR_BYOL_DATA without labels.
   */
  async knn({ signal }: LearningStepsOptions = {}): Promise<Accuracy> {
    const statistics = (await this.step) === 0 ? 'batch' : 'running';
    return evaluateLearner(this.#resources, { statistics, signal }, async (input) => {
      const settings = { ...this.config.evaluation.knn, bankImages: 0, queryImages: 0 };
      const { top1, top5 } = await evaluateKnn(input, settings);
      return { top1, top5 };
    });
  }

  /**
   * Writes the whole state, for load() and for `initFrom`, atomically: a training that goes on from it ends in the same bits. Between
   * two pauses the means of the epoch so far are not in it. Throws ERR_BYOL_IO.
   */
  async save(path: string): Promise<void> {
    const step = await this.step;
    // Of an epoch whose end has been told nothing is left to tell.
    const sums = this.#known?.step === step && !this.#known.told ? this.#known.sums : null;
    await saveState(this.#resources.learner, path, this.config, { step, seconds: 0, sums });
  }

  /** Goes on from what save() wrote. Throws ERR_BYOL_CHECKPOINT, and nothing has changed, where it is of another training. */
  async load(path: string): Promise<void> {
    const { learner, train, classNames } = this.#resources;
    const { step, sums } = await loadState(learner, path, this.config, classesOf(train, classNames));
    this.#known = { step, sums, told: sums === null };
  }

  /** Weights to start from, of a training state or an encoder file. Nothing else of the file is used. Throws ERR_BYOL_CHECKPOINT. */
  async loadWeights(path: string): Promise<void> {
    await loadWeights(this.#resources.learner, path);
  }

  /** Writes the encoder as a run does: safetensors with torchvision's names, for Encoder.load(). Throws ERR_BYOL_IO. */
  async exportEncoder(path: string): Promise<void> {
    const { sampler, learner } = this.#resources;
    const epochs = sampler.epochs.epochOf(await this.step);
    await learner.exportEncoder(path, encoderMetadata(this.config, { version: packageVersion(), epochs }));
  }

  /** Twice does no harm. */
  dispose(): void {
    this.#resources.dispose();
  }

  /** The same as dispose(). */
  async [Symbol.asyncDispose](): Promise<void> {
    // What is on its way still uses the native objects, which it keeps alive itself.
    this.dispose();
  }
}

/**
 * Opens images and networks for a training by hand. Throws ERR_BYOL_CONFIG with everything that is wrong with the settings,
 * ERR_BYOL_USAGE, ERR_BYOL_DATA, ERR_BYOL_CUDA_UNAVAILABLE, or why the addon cannot be loaded.
 *
 * @param settings as train() takes them.
 */
export async function openLearning(settings: TrainSettings, options: LearningOptions = {}): Promise<Learning> {
  option.checkOptions('openLearning()', options, {
    data: datasetCheck,
    onBroken: option.listener,
    onThreads: option.listener,
  });
  const config = trainingConfig(settings);
  const { data, onBroken, onThreads } = options;
  const given = data && (await takeData(data));
  const asked = given === undefined ? config : { ...config, data: given.config };
  return new Learning(await openResources(asked, { given, onBroken, ...(onThreads && { onThreads }) }));
}
