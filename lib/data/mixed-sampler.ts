import { permutation } from '../random/philox.js';
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
  #round = -1;
  #roundOrder: Int32Array = new Int32Array(0);

  /** Throws ERR_BYOL_DATA if the images without a label do not fill one step. */
  constructor(options: MixedSamplerOptions) {
    const { labels, labelledRows, batchSize, accumulate, seed } = options;
    const images = Int32Array.from(labels.keys());
    this.#options = options;
    this.#labelled = images.filter((image) => (labels[image] as number) >= 0);
    this.#others = images.filter((image) => (labels[image] as number) < 0);
    this.#order = new Sampler(this.#others.length, batchSize - labelledRows, accumulate, seed);
    this.rows = batchSize * accumulate;
    this.stepsPerEpoch = this.#order.stepsPerEpoch;
    this.dropped = this.#order.dropped;
  }

  epochOf(step: number): number {
    return this.#order.epochOf(step);
  }

  indices(step: number): Int32Array {
    return this.#compose(step, (image) => image);
  }

  draws(step: number): Int32Array {
    const firstRound = this.#roundOf(this.#firstPosition(this.epochOf(step) * this.stepsPerEpoch));
    return this.#compose(step, (image, round) => image + this.#options.labels.length * (round - firstRound));
  }

  /** `number` of every labelled row's image and its time around; the others come once an epoch. */
  #compose(step: number, number: (image: number, round: number) => number): Int32Array {
    const { labelledRows, batchSize, accumulate } = this.#options;
    const others = this.#order.indices(step).map((index) => this.#others[index] as number);
    const rows = new Int32Array(this.rows);
    for (let micro = 0; micro < accumulate; micro += 1) {
      const start = this.#firstPosition(step) + micro * labelledRows;
      for (let row = 0; row < labelledRows; row += 1) {
        const round = this.#roundOf(start + row);
        rows[micro * batchSize + row] = number(this.#labelledAt(start + row, round), round);
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

  #labelledAt(position: number, round: number): number {
    const count = this.#labelled.length;
    if (round !== this.#round) {
      this.#roundOrder = permutation(count, this.#options.seed, round, PURPOSE);
      this.#round = round;
    }
    return this.#labelled[this.#roundOrder[position - round * count] as number] as number;
  }
}
