import type {
  Accuracy,
  LinearProbeSpec,
  NativeFeatureBank,
  NativeLinearProbe,
  NativeModule,
} from '../binding/native.js';

export interface FitOptions {
  /** Peak learning rates per 256 images; one classifier each. */
  readonly learningRates: readonly number[];
  readonly momentum: number;
  readonly weightDecay: number;
  readonly logitRegularizer: LinearProbeSpec['logitRegularizer'];
  readonly epochs: number;
  /** At most the number of images. */
  readonly batchSize: number;
  readonly seed: number;
  readonly features: number;
  readonly classes: number;
  readonly device: string;
}

/**
 * Linear classifiers on some of the training images, one per learning rate, all on the same batches: SGD with Nesterov
 * momentum, the learning rate falling from its peak to 0 by a cosine per step, no warm-up (official configs/eval.py).
 */
export class LinearFit {
  readonly batchSize: number;
  readonly stepsPerEpoch: number;
  readonly #probe: NativeLinearProbe;
  readonly #leftOut: Uint8Array | null;
  readonly #epochs: number;

  /** Of `images` training images all but those, by their places, of which `leftOut` has a 1; null: all. */
  constructor(native: NativeModule, images: number, leftOut: Uint8Array | null, options: FitOptions) {
    const { learningRates, batchSize, epochs, ...others } = options;
    const rates = learningRates.map((rate) => (rate * batchSize) / 256);
    this.batchSize = batchSize;
    this.stepsPerEpoch = Math.floor((images - (leftOut?.reduce((sum, out) => sum + out, 0) ?? 0)) / batchSize);
    this.#leftOut = leftOut;
    this.#epochs = epochs;
    this.#probe = new native.LinearProbe({ ...others, learningRates: rates, nesterov: true });
  }

  /** Whether it is trained on the image at this place. */
  takes(place: number): boolean {
    return this.#leftOut === null || this.#leftOut[place] === 0;
  }

  /** What multiplies the learning rates in this step of this epoch, both from 0. */
  scale(epoch: number, step: number): number {
    return cosineScale(epoch * this.stepsPerEpoch + step, this.#epochs * this.stepsPerEpoch);
  }

  step(bank: NativeFeatureBank, rows: Int32Array, scale: number): Promise<void> {
    return this.#probe.step(bank, rows, scale);
  }

  /** One accuracy for each learning rate. */
  evaluate(bank: NativeFeatureBank): Promise<Accuracy[]> {
    return this.#probe.evaluate(bank);
  }

  dispose(): void {
    this.#probe.dispose();
  }
}

/** From 1 at step 0 towards 0, which it would reach at step `total`. */
export function cosineScale(step: number, total: number): number {
  return 0.5 * (1 + Math.cos((Math.PI * step) / total));
}
