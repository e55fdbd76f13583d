import type { NativeImageStore, NativeModule } from '../binding/native.js';
import type { DataConfig } from '../config/schema.js';
import { ByolError } from '../errors.js';
import { readCifar10 } from './cifar10.js';
import type { Dataset, ImageArray } from './dataset.js';
import { readRawStore } from './raw.js';
import { generateShapes } from './shapes.js';

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

/** Reads or generates the images. Throws ERR_BYOL_DATA, naming the file, what was expected and what is there. */
export async function readData(config: DataConfig): Promise<Dataset> {
  switch (config.kind) {
    case 'cifar10':
      return readCifar10(config.path, config.batches);
    case 'raw':
      return readRawStore(config.path);
    case 'shapes':
      return generateShapes(config);
    case 'folder':
      throw new ByolError(
        'ERR_BYOL_DATA',
        `Folders of photos (${config.path}) are not in this version. There are: data.kind 'cifar10' (binary version), ` +
          `'raw' (equally sized uint8 images: raw.json, train.bin, test.bin) and 'shapes' (generated).`,
      );
  }
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
