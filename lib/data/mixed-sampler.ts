import { Breather } from '../breather.js';
import { permutation } from '../random/philox.js';
import { indicesWhere } from './indices.js';
import { Sampler, type StepSampler } from './sampler.js';

/** Tells these orders from others with the same seed: see labelled-part.ts and eval/linear.ts. */
const PURPOSE = 6;

export interface MixedSamplerOptions {
  /** Of every image, -1 where it has no label that may be used. */
  readonly labels: Int32Array;
  /** Rows of each micro-batch that are images with a label, from 1 to batchSize - 1. */
  readonly labelledRows: number;
  readonly batchSize: number;
  readonly accumulate: number;
  readonly seed: number;
}

/**
 * The same number of labelled images in every micro-batch, its first rows: an epoch is each of the others once, and the
 * labelled ones as often as that takes, in a new order each time around (Mean Teacher, byol-facts 7.3).
 */
export class MixedSampler implements StepSampler {
  readonly rows: number;
  readonly stepsPerEpoch: number;
  readonly dropped: number;
  readonly #options: MixedSamplerOptions;
  readonly #labelled: Int32Array;
  readonly #others: Int32Array;
  readonly #order: Sampler;
  /** The order of the round that was asked for last. */
  #round: { readonly number: number; readonly order: Promise<Int32Array> } | null = null;

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
    this.#options = options;
    this.#labelled = labelled;
    this.#others = others;
    this.#order = new Sampler(this.#others.length, batchSize - labelledRows, accumulate, seed);
    this.rows = batchSize * accumulate;
    this.stepsPerEpoch = this.#order.stepsPerEpoch;
    this.dropped = this.#order.dropped;
  }

  epochOf(step: number): number {
    return this.#order.epochOf(step);
  }

  indices(step: number, breather?: Breather): Promise<Int32Array> {
    return this.#compose(step, (image) => image, breather);
  }

  draws(step: number, breather?: Breather): Promise<Int32Array> {
    const firstRound = this.#roundOf(this.#firstPosition(this.epochOf(step) * this.stepsPerEpoch));
    const { length } = this.#options.labels;
    return this.#compose(step, (image, round) => image + length * (round - firstRound), breather);
  }

  /** `number` of every labelled row's image and its time around; the others come once an epoch. */
  async #compose(
    step: number,
    number: (image: number, round: number) => number,
    breather?: Breather,
  ): Promise<Int32Array> {
    const { labelledRows, batchSize, accumulate } = this.#options;
    const others = (await this.#order.indices(step, breather)).map((index) => this.#others[index] as number);
    const rows = new Int32Array(this.rows);
    let round = -1;
    let order: Int32Array = new Int32Array(0);
    for (let micro = 0; micro < accumulate; micro += 1) {
      const start = this.#firstPosition(step) + micro * labelledRows;
      for (let row = 0; row < labelledRows; row += 1) {
        const position = start + row;
        if (this.#roundOf(position) !== round) {
          round = this.#roundOf(position);
          order = await this.#roundOrder(round, breather);
        }
        const image = this.#labelled[order[position - round * order.length] as number] as number;
        rows[micro * batchSize + row] = number(image, round);
      }
      const width = batchSize - labelledRows;
      rows.set(others.subarray(micro * width, (micro + 1) * width), micro * batchSize + labelledRows);
    }
    return rows;
  }

  /** Place of a step's first labelled image in the endless row of them. */
  #firstPosition(step: number): number {
    return step * this.#options.labelledRows * this.#options.accumulate;
  }

  #roundOf(position: number): number {
    return Math.floor(position / this.#labelled.length);
  }

  #roundOrder(number: number, breather?: Breather): Promise<Int32Array> {
    if (this.#round?.number !== number) {
      const order = permutation(this.#labelled.length, this.#options.seed, number, PURPOSE, breather);
      this.#round = { number, order };
    }
    return this.#round.order;
  }
}
