import type { NativeImageStore, NativeModule } from '../binding/native.js';
import type { ImageArray } from './dataset.js';
import { type DataConfig, readData } from './kinds/index.js';

/** A data set's images in native memory. Both stores are the caller's to dispose of. */
export interface OpenedData {
  readonly train: NativeImageStore;
  readonly test: NativeImageStore;
  /** Of every image, in pixels. */
  readonly height: number;
  readonly width: number;
  /** 0 without labels. */
  readonly classes: number;
  /** In label order; empty without labels. */
  readonly classNames: readonly string[];
}

/** Images with what is known of them. */
export interface LabelledImages {
  readonly store: NativeImageStore;
  /** Of every image, in pixels. */
  readonly height: number;
  readonly width: number;
  /** One class per image, -1 where unknown: such images take no part. null: no labels at all. */
  readonly labels: Int32Array | null;
}

export async function openData(native: NativeModule, config: DataConfig): Promise<OpenedData> {
  const { train, test, classNames } = await readData(config);
  const trainStore = makeStore(native, train);
  try {
    const { height, width } = train;
    return { train: trainStore, test: makeStore(native, test), height, width, classes: classNames.length, classNames };
  } catch (error) {
    trainStore.dispose();
    throw error;
  }
}

/** A copy in native memory, the caller's to dispose of. */
export function makeStore(native: NativeModule, images: ImageArray): NativeImageStore {
  const { pixels, count, height, width, labels } = images;
  const sides = (side: number): Int32Array => new Int32Array(count).fill(side);
  return new native.ImageStore(pixels, sides(height), sides(width), labels);
}
