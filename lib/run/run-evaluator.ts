import { classLabels } from '../data/dataset.js';
import type { Images } from '../data/images.js';
import { ByolError } from '../errors.js';
import { evaluateKnn } from '../eval/knn.js';
import { evaluateLinear } from '../eval/linear.js';
import { PlainFeatures } from '../eval/plain-features.js';
import type { Subject } from '../eval/subject.js';
import type { Session } from '../train/session.js';
import type { KnnResult, LinearResult } from './events.js';
import type { BaselineFile } from './run-folder.js';

/** Whether kNN during the run has the same images as after the last epoch: all of them. */
export function asksAllDuringRun({ config, train, test }: Pick<Session, 'config' | 'train' | 'test'>): boolean {
  const { bankImages, queryImages } = config.evaluation.knn;
  const isAll = (count: number, images: Images | null): boolean => count === 0 || count >= (images?.store.size ?? 0);
  return isAll(bankImages, train) && isAll(queryImages, test);
}

/**
 * The evaluations that a run makes of its own encoder. Without labels of training and test images every result is null. So is
 * one of features or classifiers that are not finite, with a warning: the training itself may be well, and goes on.
 */
export class RunEvaluator {
  readonly #session: Session;
  readonly #signal: AbortSignal | undefined;
  readonly #warn: (message: string) => void;

  constructor(session: Session, signal: AbortSignal | undefined, warn: (message: string) => void) {
    this.#session = session;
    this.#signal = signal;
    this.#warn = warn;
  }

  /** Both: neighbours and the classifier learn from the ones, and the others are asked. */
  get labelled(): boolean {
    const { train, test } = this.#session;
    return test !== null && classLabels(train.targets) !== null && classLabels(test.targets) !== null;
  }

  /** kNN with the images that evaluation.knn sets aside for it during the run. */
  async knnDuringRun(): Promise<KnnResult | null> {
    return this.#with('running', (subject, features) => this.#knn(subject, features, false));
  }

  /** kNN with all images and, if it is switched on, the linear protocol: one pass over the images serves both. */
  async final(): Promise<{ readonly knn: KnnResult | null; readonly linear: LinearResult | null }> {
    const results = await this.#with('running', (subject, features) => this.#all(subject, features));
    return results ?? { knn: null, linear: null };
  }

  /** The same of the network before its first step, which has no running statistics: those of each batch serve. */
  async untrained(): Promise<BaselineFile> {
    const { evaluation } = this.#session.config;
    const results = await this.#with('batch', async (subject, features) => ({
      ...(await this.#all(subject, features)),
      knnDuringRun: evaluation.knn.everyEpochs > 0 ? await this.#knn(subject, features, false) : null,
    }));
    return { ...(results ?? { knn: null, linear: null, knnDuringRun: null }), evaluation };
  }

  async #all(
    subject: Subject,
    features: PlainFeatures,
  ): Promise<{ knn: KnnResult | null; linear: LinearResult | null }> {
    const { evaluation, seed } = this.#session.config;
    const knn = await this.#knn(subject, features, true);
    if (!evaluation.linear.atEnd) return { knn, linear: null };
    const linear = await this.#unlessNotFinite(() => evaluateLinear(subject, { ...evaluation.linear, seed }, features));
    return { knn, linear: linear && { top1: linear.top1, top5: linear.top5, learningRate: linear.chosen } };
  }

  async #knn(subject: Subject, features: PlainFeatures, everything: boolean): Promise<KnnResult | null> {
    const { knn } = this.#session.config.evaluation;
    const settings = everything ? { ...knn, bankImages: 0, queryImages: 0 } : knn;
    const result = await this.#unlessNotFinite(() => evaluateKnn(subject, settings, features));
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

  async #with<T>(
    statistics: 'running' | 'batch',
    body: (subject: Subject, features: PlainFeatures) => Promise<T>,
  ): Promise<T | null> {
    const { native, learner, resolved, train, test, classNames, config } = this.#session;
    if (!this.labelled || test === null) return null;
    const subject: Subject = {
      native,
      learner,
      device: resolved.device,
      train,
      test,
      classes: classNames.length,
      views: config.views,
      batchSize: config.evaluation.batchSize,
      statistics,
      signal: this.#signal,
    };
    const features = new PlainFeatures(subject);
    try {
      return await body(subject, features);
    } finally {
      features.dispose();
    }
  }
}
