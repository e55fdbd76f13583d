import { viewSpec } from '../augment/view-spec.js';
import type { NativeFeatureBank } from '../binding/native.js';
import { centerRows, embedAll } from './embed.js';
import { evenSubset, labelledIndices, type Subject } from './subject.js';

export interface PlainBank {
  readonly bank: NativeFeatureBank;
  /** Row i of the bank is image indices[i]. */
  readonly indices: Int32Array;
}

/**
 * Features of the images' centre crops, computed when they are first asked for and then kept, so that protocols
 * which look at the same encoder share the forward passes. Good for as long as the encoder does not change.
 */
export class PlainFeatures {
  readonly #subject: Subject;
  readonly #banks = new Map<string, NativeFeatureBank>();

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  /** `count` labelled images, evenly spread over them; 0: all. Throws ERR_BYOL_DATA without labels. */
  async of(which: 'train' | 'test', count = 0): Promise<PlainBank> {
    const phase = phaseOf(which);
    const indices = evenSubset(await labelledIndices(this.#subject[which], phase), count);
    return { bank: await this.#embed(which, `${which} ${indices.length}`, indices), indices };
  }

  /** Every image, labelled or not: row i is image i. */
  all(which: 'train' | 'test'): Promise<NativeFeatureBank> {
    return this.#embed(which, `${which} all`);
  }

  async #embed(which: 'train' | 'test', key: string, indices?: Int32Array): Promise<NativeFeatureBank> {
    const { native, learner, device, views, batchSize, statistics, signal, onProgress } = this.#subject;
    const known = this.#banks.get(key);
    if (known !== undefined) return known;
    const images = this.#subject[which];
    const view = viewSpec(views);
    const bank = await embedAll(native, learner, device, {
      images: images.store,
      ...(indices !== undefined && { indices }),
      plan: centerRows(images, view),
      view,
      statistics,
      batchSize,
      signal,
      onProgress: (done, total) => onProgress?.({ phase: phaseOf(which), done, total }),
    });
    this.#banks.set(key, bank);
    return bank;
  }

  dispose(): void {
    for (const bank of this.#banks.values()) bank.dispose();
    this.#banks.clear();
  }
}

function phaseOf(which: 'train' | 'test'): 'training images' | 'test images' {
  return which === 'train' ? 'training images' : 'test images';
}
