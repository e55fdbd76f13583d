import type { NativeFeatureBank } from '../binding/native.js';
import { splitTitles } from '../data/dataset.js';
import type { Images } from '../data/images.js';
import { areKept, type EvaluationContext } from './context.js';
import { centerRows, embedAll, type ImagesToEmbed } from './embed.js';
import { type EvaluationData, evenSubset, type Split, targetedIndices } from './evaluation-data.js';
import { embedInBlocks } from './feature-blocks.js';
import type { FrozenEncoder } from './frozen-encoder.js';

/** Features of some images of a split. */
export interface CenterCropBank {
  readonly bank: NativeFeatureBank;
  /** Row i of the bank is image indices[i]. */
  readonly indices: Int32Array;
}

/**
 * Features of the images' centre crops, computed when they are first asked for and then kept, so that protocols
 * which look at the same encoder share the forward passes. Good for as long as the encoder does not change.
 */
export class CenterCropFeatures {
  readonly #context: EvaluationContext;
  readonly #encoder: FrozenEncoder;
  readonly #data: EvaluationData;
  readonly #banks = new Map<string, NativeFeatureBank>();

  constructor(context: EvaluationContext, encoder: FrozenEncoder, data: EvaluationData) {
    this.#context = context;
    this.#encoder = encoder;
    this.#data = data;
  }

  /** `count` images with one label or any number of them, evenly spread over these; 0: all. Throws ERR_BYOL_DATA without labels. */
  async of(split: Split, count = 0): Promise<CenterCropBank> {
    const indices = await this.#labelled(split, count);
    return { bank: await this.#bank(split, keyOf(split, indices), indices), indices };
  }

  /**
   * The same for whoever needs no more than a part of them at a time: in one bank where they are kept, else in blocks of which
   * each is gone when the next one comes.
   */
  async *blocks(split: Split, count = 0): AsyncGenerator<NativeFeatureBank, void, undefined> {
    const indices = await this.#labelled(split, count);
    if (this.#fits(split, indices)) {
      yield await this.#bank(split, keyOf(split, indices), indices);
    } else {
      yield* embedInBlocks(this.#context, this.#encoder, this.#what(split, indices));
    }
  }

  /** Whether they are kept, or would be: blocks() then gives them in one. */
  async areKept(split: Split, count = 0): Promise<boolean> {
    return this.#fits(split, await this.#labelled(split, count));
  }

  #fits(split: Split, indices: Int32Array): boolean {
    const others = [...this.#banks.values()].reduce((sum, { size }) => sum + size, 0);
    const { features } = this.#encoder.network;
    return this.#banks.has(keyOf(split, indices)) || areKept(indices.length, features, this.#context, others);
  }

  async #labelled(split: Split, count: number): Promise<Int32Array> {
    return evenSubset(await targetedIndices(this.#images(split), splitTitles[split]), count);
  }

  #images(split: Split): Images {
    const images = this.#data[split];
    if (images === undefined) throw new RangeError(`There are no ${splitTitles[split]}.`);
    return images;
  }

  async #bank(split: Split, key: string, indices: Int32Array): Promise<NativeFeatureBank> {
    const known = this.#banks.get(key);
    if (known !== undefined) return known;
    const bank = await embedAll(this.#context, this.#encoder, this.#what(split, indices));
    this.#banks.set(key, bank);
    return bank;
  }

  #what(split: Split, indices: Int32Array): ImagesToEmbed {
    const images = this.#images(split);
    return {
      images,
      indices,
      plan: centerRows(images, this.#encoder.view),
      onProgress: (done, total) => this.#context.onProgress?.({ phase: splitTitles[split], done, total }),
    };
  }

  /** Frees all that was kept. */
  dispose(): void {
    for (const bank of this.#banks.values()) bank.dispose();
    this.#banks.clear();
  }
}

function keyOf(split: Split, indices: Int32Array): string {
  return `${split} ${indices.length}`;
}
