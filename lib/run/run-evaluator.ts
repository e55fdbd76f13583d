import { classLabels } from '../data/dataset.js';
import type { Images } from '../data/images.js';
import { ByolError } from '../errors.js';
import type { ProtocolInput } from '../eval/protocol.js';
import { evaluateKnn } from '../eval/protocols/knn.js';
import { evaluateLinear } from '../eval/protocols/linear.js';
import { evaluateLearner } from '../train/evaluate-learner.js';
import type { TrainingResources } from '../train/resources.js';
import type { KnnResult, LinearResult } from './events.js';
import type { BaselineFile } from './run-folder.js';

/** Whether kNN during the run has the same images as after the last epoch: all of them. */
export function asksAllDuringRun({
  config,
  train,
  test,
}: Pick<TrainingResources, 'config' | 'train' | 'test'>): boolean {
  const { bankImages, queryImages } = config.evaluation.knn;
  const isAll = (count: number, images: Images | null): boolean => count === 0 || count >= (images?.count ?? 0);
  return isAll(bankImages, train) && isAll(queryImages, test);
}

/**
 * The evaluations that a run makes of its own encoder. Without labels of training and test images every result is null. So is
 * one of features or classifiers that are not finite, with a warning: the training itself may be well, and goes on.
 */
export class RunEvaluator {
  readonly #resources: TrainingResources;
  readonly #signal: AbortSignal | undefined;
  readonly #warn: (message: string) => void;

  constructor(resources: TrainingResources, signal: AbortSignal | undefined, warn: (message: string) => void) {
    this.#resources = resources;
    this.#signal = signal;
    this.#warn = warn;
  }

  /** Both: neighbours and the classifier learn from the ones, and the others are asked. */
  get labelled(): boolean {
    const { train, test } = this.#resources;
    return test !== null && classLabels(train.targets) !== null && classLabels(test.targets) !== null;
  }

  /** kNN with the images that evaluation.knn sets aside for it during the run. */
  async knnDuringRun(): Promise<KnnResult | null> {
    return this.#with('running', (input) => this.#knn(input, false));
  }

  /** kNN with all images and, if it is switched on, the linear protocol: one pass over the images serves both. */
  async final(): Promise<{ readonly knn: KnnResult | null; readonly linear: LinearResult | null }> {
    const results = await this.#with('running', (input) => this.#all(input));
    return results ?? { knn: null, linear: null };
  }

  /** The same of the network before its first step, which has no running statistics: those of each batch serve. */
  async untrained(): Promise<BaselineFile> {
    const { evaluation } = this.#resources.config;
    const results = await this.#with('batch', async (input) => ({
      ...(await this.#all(input)),
      knnDuringRun: evaluation.knn.everyEpochs > 0 ? await this.#knn(input, false) : null,
    }));
    return { ...(results ?? { knn: null, linear: null, knnDuringRun: null }), evaluation };
  }

  async #all(input: ProtocolInput): Promise<{ knn: KnnResult | null; linear: LinearResult | null }> {
    const { evaluation } = this.#resources.config;
    const knn = await this.#knn(input, true);
    if (!evaluation.linear.atEnd) return { knn, linear: null };
    const linear = await this.#unlessNotFinite(() => evaluateLinear(input, evaluation.linear));
    return { knn, linear: linear && { top1: linear.top1, top5: linear.top5, learningRate: linear.chosen } };
  }

  async #knn(input: ProtocolInput, everything: boolean): Promise<KnnResult | null> {
    const { knn } = this.#resources.config.evaluation;
    const settings = everything ? { ...knn, bankImages: 0, queryImages: 0 } : knn;
    const result = await this.#unlessNotFinite(() => evaluateKnn(input, settings));
    return result && { top1: result.top1, top5: result.top5, queries: result.queryImages };
  }

  async #unlessNotFinite<T>(measure: () => Promise<T>): Promise<T | null> {
    try {
      return await measure();
    } catch (error) {
      if (!(error instanceof ByolError) || error.code !== 'ERR_BYOL_NOT_FINITE') throw error;
      this.#warn(`An evaluation was left out. ${error.message}`);
      return null;
    }
  }

  async #with<T>(statistics: 'running' | 'batch', body: (input: ProtocolInput) => Promise<T>): Promise<T | null> {
    if (!this.labelled) return null;
    return evaluateLearner(this.#resources, { statistics, signal: this.#signal }, body);
  }
}
