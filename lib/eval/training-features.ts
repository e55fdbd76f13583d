import type { DrawRows } from '../augment/take-images.js';
import type { NativeFeatureBank } from '../binding/native.js';
import type { EvaluationContext } from './context.js';
import { embedAll, embedInto, type ImagesToEmbed } from './embed.js';
import { blockRows } from './feature-blocks.js';
import type { FrozenEncoder } from './frozen-encoder.js';

/** The features that a classifier is trained on, epoch after epoch. */

/** A step of training: its images, by their places among all of them, and what the learning rate is multiplied by. */
export interface FitStep {
  readonly images: Int32Array;
  readonly scale: number;
}

/** The same with a bank, which is there until the next one is asked for, and the places in it. */
export interface FedStep {
  readonly bank: NativeFeatureBank;
  readonly rows: Int32Array;
  readonly scale: number;
}

export interface TrainingFeatures {
  feed(epoch: number, steps: AsyncIterable<FitStep>): AsyncGenerator<FedStep, void, undefined>;
  dispose(): void;
}

/** The images that features are of, and the crops of them that an epoch sees. */
export interface TrainingImages extends Required<Omit<ImagesToEmbed, 'plan' | 'onProgress'>> {
  readonly plan: (epoch: number) => DrawRows;
  /** Images embedded, over all epochs. */
  readonly onProgress: (done: number) => void;
}

/** One bank for all epochs, which belongs to somebody else. */
export class FixedFeatures implements TrainingFeatures {
  readonly #bank: NativeFeatureBank;

  constructor(bank: NativeFeatureBank) {
    this.#bank = bank;
  }

  async *feed(_epoch: number, steps: AsyncIterable<FitStep>): AsyncGenerator<FedStep> {
    for await (const { images: rows, scale } of steps) yield { bank: this.#bank, rows, scale };
  }

  dispose(): void {}
}

/** A bank for each epoch, shared by all who train in it. */
export class EpochFeatures implements TrainingFeatures {
  readonly #context: EvaluationContext;
  readonly #encoder: FrozenEncoder;
  readonly #images: TrainingImages;
  #bank: NativeFeatureBank | undefined;
  #epoch = -1;

  constructor(context: EvaluationContext, encoder: FrozenEncoder, images: TrainingImages) {
    this.#context = context;
    this.#encoder = encoder;
    this.#images = images;
  }

  async *feed(epoch: number, steps: AsyncIterable<FitStep>): AsyncGenerator<FedStep> {
    const bank = await this.#of(epoch);
    for await (const { images: rows, scale } of steps) yield { bank, rows, scale };
  }

  async #of(epoch: number): Promise<NativeFeatureBank> {
    if (this.#bank !== undefined && this.#epoch === epoch) return this.#bank;
    const { images, indices, plan, view, onProgress } = this.#images;
    const what = {
      images,
      indices,
      plan: plan(epoch),
      view,
      onProgress: (done: number) => onProgress(epoch * indices.length + done),
    };
    if (this.#bank === undefined) this.#bank = await embedAll(this.#context, this.#encoder, what);
    else await embedInto(this.#bank, this.#context, this.#encoder, what);
    this.#epoch = epoch;
    return this.#bank;
  }

  dispose(): void {
    this.#bank?.dispose();
  }
}

/**
 * Blocks of steps, each embedded just before it is trained on: 1,281,167 images of 2,048 features would be 10.5 GB. Nothing is
 * shared: whoever trains in an epoch has its images embedded anew, in its own order. The steps are those of EpochFeatures.
 */
export class StreamedFeatures implements TrainingFeatures {
  readonly #context: EvaluationContext;
  readonly #encoder: FrozenEncoder;
  readonly #images: TrainingImages;
  #embedded = 0;

  constructor(context: EvaluationContext, encoder: FrozenEncoder, images: TrainingImages) {
    this.#context = context;
    this.#encoder = encoder;
    this.#images = images;
  }

  async *feed(epoch: number, steps: AsyncIterable<FitStep>): AsyncGenerator<FedStep> {
    const most = blockRows(this.#encoder.network.features);
    let block: FitStep[] = [];
    let rows = 0;
    for await (const step of steps) {
      if (block.length > 0 && rows + step.images.length > most) {
        yield* this.#feedBlock(epoch, block);
        block = [];
        rows = 0;
      }
      block.push(step);
      rows += step.images.length;
    }
    if (block.length > 0) yield* this.#feedBlock(epoch, block);
  }

  async *#feedBlock(epoch: number, block: readonly FitStep[]): AsyncGenerator<FedStep> {
    const { images, indices, plan, view, onProgress } = this.#images;
    const wanted = Int32Array.from(
      block.flatMap((step) => [...step.images]),
      (place) => indices[place] as number,
    );
    const before = this.#embedded;
    this.#embedded += wanted.length;
    const bank = await embedAll(this.#context, this.#encoder, {
      images,
      indices: wanted,
      plan: plan(epoch),
      view,
      onProgress: (done) => onProgress(before + done),
    });
    try {
      let first = 0;
      for (const { images: asked, scale } of block) {
        const begin = first;
        yield { bank, rows: asked.map((_, i) => begin + i), scale };
        first += asked.length;
      }
    } finally {
      bank.dispose();
    }
  }

  dispose(): void {}
}
