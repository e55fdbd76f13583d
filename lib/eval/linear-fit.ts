import type {
  Accuracy,
  LinearProbeSpec,
  NativeFeatureBank,
  NativeLinearProbe,
  NativeModule,
} from '../binding/native.js';
import { permutation } from '../random/philox.js';
import { runQueued } from './in-flight.js';
import type { FitStep, TrainingFeatures } from './training-features.js';

export interface FitOptions {
  /** Peak learning rates per 256 images; one classifier each. */
  readonly learningRates: readonly number[];
  readonly momentum: number;
  readonly weightDecay: number;
  readonly epochs: number;
  /** At most the number of images. */
  readonly batchSize: number;
  readonly seed: number;
  /** Of the permutations that order the images (lib/random/purposes.ts). */
  readonly purpose: number;
  readonly features: number;
  readonly classes: number;
  readonly device: string;
}

/**
 * Linear classifiers on some of the training images, one per learning rate, all on the same batches: SGD with Nesterov
 * momentum, the learning rate falling from its peak to 0 by a cosine per step, no warm-up (official configs/eval.py). Every
 * epoch has its own order; images that do not fill a batch are left out, other ones each epoch.
 */
export class LinearFit {
  readonly #probe: NativeLinearProbe;
  readonly #images: Int32Array;
  readonly #options: FitOptions;
  readonly #stepsPerEpoch: number;

  /** `images`: their places among those that the training features are of. */
  constructor(native: NativeModule, images: Int32Array, options: FitOptions) {
    const { learningRates, momentum, weightDecay, batchSize, seed, features, classes, device } = options;
    const spec: LinearProbeSpec = {
      features,
      classes,
      learningRates: learningRates.map((rate) => (rate * batchSize) / 256),
      momentum,
      nesterov: true,
      weightDecay,
      seed,
      device,
    };
    this.#images = images;
    this.#options = options;
    this.#stepsPerEpoch = Math.floor(images.length / batchSize);
    this.#probe = new native.LinearProbe(spec);
  }

  /** That it trains on: those that fill a batch. */
  get imagesPerEpoch(): number {
    return this.#stepsPerEpoch * this.#options.batchSize;
  }

  /** The 0-based epoch. */
  async epoch(features: TrainingFeatures, epoch: number, signal?: AbortSignal): Promise<void> {
    await runQueued(
      features.feed(epoch, this.#steps(epoch)),
      ({ bank, rows, scale }) => this.#probe.step(bank, rows, scale),
      { signal },
    );
  }

  /** One accuracy for each learning rate. */
  evaluate(bank: NativeFeatureBank): Promise<Accuracy[]> {
    return this.#probe.evaluate(bank);
  }

  dispose(): void {
    this.#probe.dispose();
  }

  async *#steps(epoch: number): AsyncGenerator<FitStep> {
    const { batchSize, epochs, seed, purpose } = this.#options;
    const order = await permutation(this.#images.length, seed, epoch, purpose);
    const total = epochs * this.#stepsPerEpoch;
    for (let i = 0; i < this.#stepsPerEpoch; i += 1) {
      const batch = order.subarray(i * batchSize, (i + 1) * batchSize);
      const images = batch.map((position) => this.#images[position] as number);
      yield { images, scale: cosineScale(epoch * this.#stepsPerEpoch + i, total) };
    }
  }
}

/** From 1 at step 0 towards 0, which it would reach at step `total`. */
export function cosineScale(step: number, total: number): number {
  return 0.5 * (1 + Math.cos((Math.PI * step) / total));
}
