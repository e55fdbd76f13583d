import type { Breather } from '../breather.js';
import { ByolError } from '../errors.js';
import { permutation } from '../random/philox.js';

/** Which images each optimiser step sees. Any step can be drawn without the ones before it. */
export interface StepSampler {
  /** Images per optimiser step. */
  readonly rows: number;
  readonly stepsPerEpoch: number;
  /** Images that do not fill a step and are left out of an epoch; other ones each epoch. */
  readonly dropped: number;
  /** 0-based epoch of a 0-based step. */
  epochOf(step: number): number;
  /** Image numbers of one optimiser step: micro-batches x batchSize rows, a new array. */
  indices(step: number, breather?: Breather): Promise<Int32Array>;
  /** For each of these rows a number that tells its augmentation from every other of the epoch. */
  draws(step: number, breather?: Breather): Promise<Int32Array>;
}

/** Every epoch is its own random order of all images, keyed by (seed, epoch) alone. */
export class Sampler implements StepSampler {
  readonly images: number;
  readonly rows: number;
  readonly stepsPerEpoch: number;
  readonly dropped: number;
  readonly #seed: number;
  /** The order of the epoch that was asked for last. */
  #order: { readonly epoch: number; readonly images: Promise<Int32Array> } | null = null;

  /** Throws ERR_BYOL_DATA if the images do not fill one step. */
  constructor(images: number, batchSize: number, accumulate: number, seed: number) {
    this.images = images;
    this.rows = batchSize * accumulate;
    this.stepsPerEpoch = Math.floor(images / this.rows);
    this.dropped = images - this.stepsPerEpoch * this.rows;
    this.#seed = seed;
    if (this.stepsPerEpoch === 0) {
      const step =
        accumulate === 1
          ? `batchSize is ${batchSize}`
          : `batchSize ${batchSize} x accumulate ${accumulate} is ${this.rows}`;
      throw new ByolError(
        'ERR_BYOL_DATA',
        `An epoch would have no steps: there are ${images} training images, but ${step}. Lower batchSize or use more images.`,
      );
    }
  }

  epochOf(step: number): number {
    return Math.floor(step / this.stepsPerEpoch);
  }

  async indices(step: number, breather?: Breather): Promise<Int32Array> {
    const epoch = this.epochOf(step);
    if (this.#order?.epoch !== epoch) {
      this.#order = { epoch, images: permutation(this.images, this.#seed, epoch, 0, breather) };
    }
    const start = (step - epoch * this.stepsPerEpoch) * this.rows;
    return (await this.#order.images).slice(start, start + this.rows);
  }
  /** An image comes once an epoch. */
  draws(step: number, breather?: Breather): Promise<Int32Array> {
    return this.indices(step, breather);
  }
}
