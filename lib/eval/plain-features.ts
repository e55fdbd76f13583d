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
 * Features of the labelled images' centre crops, computed when they are first asked for and then kept, so that protocols
 * which look at the same encoder share the forward passes. Good for as long as the encoder does not change.
 */
export class PlainFeatures {
  readonly #subject: Subject;
  readonly #banks = new Map<string, PlainBank>();

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  /** `count` images, evenly spread over the labelled ones; 0: all. Throws ERR_BYOL_DATA without labels. */
  async of(which: 'train' | 'test', count = 0): Promise<PlainBank> {
    const { native, learner, device, views, batchSize, statistics, signal, onProgress } = this.#subject;
    const images = this.#subject[which];
    const phase = which === 'train' ? 'training images' : 'test images';
    const indices = evenSubset(await labelledIndices(images, phase), count);
    const key = `${which} ${indices.length}`;
    const known = this.#banks.get(key);
    if (known !== undefined) return known;
    const view = viewSpec(views);
    const bank = await embedAll(native, learner, device, {
      images: images.store,
      indices,
      plan: centerRows(images.store, view),
      view,
      statistics,
      batchSize,
      signal,
      onProgress: (done, total) => onProgress?.({ phase, done, total }),
    });
    const made = { bank, indices };
    this.#banks.set(key, made);
    return made;
  }

  dispose(): void {
    for (const { bank } of this.#banks.values()) bank.dispose();
    this.#banks.clear();
  }
}
