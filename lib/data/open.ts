import type { NativeImageStore, NativeModule } from '../binding/native.js';
import type { ImageArray } from './dataset.js';
import { type DataConfig, readData } from './kinds/index.js';

/** A data set's images in native memory. Both stores are the caller's to dispose of. */
export interface OpenedData {
  readonly train: NativeImageStore;
  readonly test: NativeImageStore;
  /** 0 without labels. */
  readonly classes: number;
  /** In label order; empty without labels. */
  readonly classNames: readonly string[];
}

/** Images with what is known of them. */
export interface LabelledImages {
  readonly store: NativeImageStore;
  /** One class per image, -1 where unknown: such images take no part. null: no labels at all. */
  readonly labels: Int32Array | null;
}

export async function openData(native: NativeModule, config: DataConfig): Promise<OpenedData> {
  const { train, test, classNames } = await readData(config);
  const trainStore = makeStore(native, train);
  try {
    return { train: trainStore, test: makeStore(native, test), classes: classNames.length, classNames };
  } catch (error) {
    trainStore.dispose();
    throw error;
  }
}

/** A copy in native memory, the caller's to dispose of. */
export function makeStore(native: NativeModule, images: ImageArray): NativeImageStore {
  return new native.ImageStore(images.pixels, images.count, images.height, images.width, images.labels);
}
