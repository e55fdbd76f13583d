import { Breather } from '../breather.js';
import { ByolError } from '../errors.js';
import { orderNumbers } from '../random/purposes.js';
import { EndlessOrder, type OrderedPart } from './endless-order.js';
import type { EpochSteps } from './epoch-steps.js';
import { indicesWhere } from './indices.js';
import { Sampler, type SamplerOptions, type StepSampler } from './sampler.js';

export interface MixedSamplerOptions extends SamplerOptions {
  /** Of every image, -1 where it has no label that may be used. */
  readonly labels: Int32Array;
  /** Rows of each micro-batch that are images with a label, from 1 to batchSize - 1. */
  readonly labelledRows: number;
}

/**
 * The same number of labelled images in every micro-batch, its first rows: an epoch is each of the others once, and the
 * labelled ones as often as that takes, in a new order each time around (Mean Teacher, byol-facts 7.3).
 */
export class MixedSampler implements StepSampler {
  readonly rows: number;
  /** Of the images without a label. */
  readonly epochs: EpochSteps;
  readonly #options: MixedSamplerOptions;
  readonly #labelled: Int32Array;
  readonly #others: Int32Array;
  readonly #labelledOrder: EndlessOrder;
  readonly #otherSteps: Sampler;

  /** Throws ERR_BYOL_DATA if the images without a label do not fill one step. */
  static async make(options: MixedSamplerOptions): Promise<MixedSampler> {
    const { labels } = options;
    const breather = new Breather();
    const labelled = await indicesWhere(labels.length, (image) => (labels[image] as number) >= 0, breather);
    const others = await indicesWhere(labels.length, (image) => (labels[image] as number) < 0, breather);
    return new MixedSampler(options, labelled, others);
  }

  private constructor(options: MixedSamplerOptions, labelled: Int32Array, others: Int32Array) {
    const { labelledRows, batchSize, accumulate, seed } = options;
    const width = batchSize - labelledRows;
    if (labelled.length === 0) {
      throw new ByolError('ERR_BYOL_DATA', 'No training image has a label, but every step takes images that have one.');
    }
    if (others.length < width * accumulate) {
      throw new ByolError(
        'ERR_BYOL_DATA',
        `An epoch would have no steps: ${others.length} training images are used without a label, but a step takes ` +
          `${width * accumulate} of them. Lower batchSize, accumulate or supervision.labelFraction, or use more images.`,
      );
    }
    this.#options = options;
    this.#labelled = labelled;
    this.#others = others;
    this.#labelledOrder = new EndlessOrder(labelled.length, seed, orderNumbers.labelledRows);
    this.#otherSteps = new Sampler(others.length, { ...options, batchSize: width });
    this.rows = batchSize * accumulate;
    this.epochs = this.#otherSteps.epochs;
  }

  async indices(step: number, breather?: Breather): Promise<Int32Array> {
    const { labelled, others } = await this.#rowsOf(step, breather);
    return this.#interleave(labelled.numbers, others.numbers);
  }

  async draws(step: number, breather?: Breather): Promise<Int32Array> {
    const { labelled, others } = await this.#rowsOf(step, breather);
    const images = this.#options.labels.length;
    const epoch = this.epochs.epochOf(step);
    const firstRound = this.#labelledOrder.roundOf(this.#firstPosition(this.epochs.stepsIn(epoch)));
    return this.#interleave(
      labelled.numbers.map((image, row) => image + images * ((labelled.rounds[row] as number) - firstRound)),
      others.numbers.map((image, row) => image + images * (epoch - (others.rounds[row] as number))),
    );
  }

  /** Image numbers of a step's rows of both kinds, with the time around or the epoch of each. */
  async #rowsOf(
    step: number,
    breather?: Breather,
  ): Promise<{ readonly labelled: OrderedPart; readonly others: OrderedPart }> {
    const { labelledRows, accumulate } = this.#options;
    const labelled = await this.#labelledOrder.part(this.#firstPosition(step), labelledRows * accumulate, breather);
    const others = await this.#otherSteps.ordered(step, breather);
    const imagesOf = ({ numbers, rounds }: OrderedPart, images: Int32Array): OrderedPart => ({
      numbers: numbers.map((index) => images[index] as number),
      rounds,
    });
    return { labelled: imagesOf(labelled, this.#labelled), others: imagesOf(others, this.#others) };
  }

  /** The labelled rows of each micro-batch, then its others. */
  #interleave(labelled: Int32Array, others: Int32Array): Int32Array {
    const { labelledRows, batchSize, accumulate } = this.#options;
    const width = batchSize - labelledRows;
    const rows = new Int32Array(this.rows);
    for (let micro = 0; micro < accumulate; micro += 1) {
      rows.set(labelled.subarray(micro * labelledRows, (micro + 1) * labelledRows), micro * batchSize);
      rows.set(others.subarray(micro * width, (micro + 1) * width), micro * batchSize + labelledRows);
    }
    return rows;
  }

  /** Place of a step's first labelled image in the endless row of them. */
  #firstPosition(step: number): number {
    return step * this.#options.labelledRows * this.#options.accumulate;
  }
}
