import type { Breather } from '../breather.js';
import { ByolError } from '../errors.js';
import { orderNumbers } from '../random/purposes.js';
import { EndlessOrder, type OrderedPart } from './endless-order.js';
import { type EpochBoundary, EpochSteps } from './epoch-steps.js';

/** Which images each optimiser step sees. Any step can be drawn without the ones before it. */
export interface StepSampler {
  /** Images per optimiser step. */
  readonly rows: number;
  readonly epochs: EpochSteps;
  /** Image numbers of one optimiser step: micro-batches x batchSize rows, a new array. */
  indices(step: number, breather?: Breather): Promise<Int32Array>;
  /** For each of these rows a number that tells its augmentation from every other of the step's epoch (`epochs.epochOf`). */
  draws(step: number, breather?: Breather): Promise<Int32Array>;
}

/** What decides the order of a run's images beside the images: settings of the configuration. */
export interface SamplerOptions {
  readonly batchSize: number;
  readonly accumulate: number;
  readonly seed: number;
  readonly epochBoundary: EpochBoundary;
}

/** Every epoch is its own random order of all images, keyed by (seed, epoch) alone. */
export class Sampler implements StepSampler {
  readonly rows: number;
  readonly epochs: EpochSteps;
  readonly #order: EndlessOrder;

  /** Throws ERR_BYOL_DATA if the images do not fill one step. */
  constructor(images: number, { batchSize, accumulate, seed, epochBoundary }: SamplerOptions) {
    this.rows = batchSize * accumulate;
    if (images < this.rows) {
      const step =
        accumulate === 1
          ? `batchSize is ${batchSize}`
          : `batchSize ${batchSize} x accumulate ${accumulate} is ${this.rows}`;
      throw new ByolError(
        'ERR_BYOL_DATA',
        `An epoch would have no steps: there are ${images} training images, but ${step}. Lower batchSize or use more images.`,
      );
    }
    this.epochs = new EpochSteps({ images, rows: this.rows, boundary: epochBoundary });
    this.#order = new EndlessOrder(images, seed, orderNumbers.training);
  }

  async indices(step: number, breather?: Breather): Promise<Int32Array> {
    return (await this.ordered(step, breather)).numbers;
  }

  /** An image comes once an epoch; in the step that two epochs share it may come once in each. */
  async draws(step: number, breather?: Breather): Promise<Int32Array> {
    const { numbers, rounds } = await this.ordered(step, breather);
    const epoch = this.epochs.epochOf(step);
    return numbers.map((image, row) => image + this.#order.count * (epoch - (rounds[row] as number)));
  }

  /** The image of every row, and the 0-based epoch in whose order it stands. */
  ordered(step: number, breather?: Breather): Promise<OrderedPart> {
    // Images that are left out have places in the endless row too.
    const first = step * this.rows + this.epochs.epochOf(step) * this.epochs.dropped;
    return this.#order.part(first, this.rows, breather);
  }
}
