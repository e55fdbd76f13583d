import type { NativeImageStore, NativeModule } from '../../binding/native.js';
import { classLabels, type ImageSplit, type PackedSource, type Targets } from '../dataset.js';
import { BOX_NUMBERS, type ImageRequest, type Images, type TakenImages } from '../images.js';
import type { PackedReader, ReadImages } from './packed-reader.js';

export interface PackedImagesOptions {
  /** The most bytes of pixels that may be read at once and kept, for a device that has them in its memory from then on; 0: none. */
  readonly residentBytes: number;
}

/**
 * Images of a packed store: of each batch the rows and columns that its crops need are read; or all of them once, where a device
 * keeps them and all are of one size.
 */
export class PackedImages implements Images {
  readonly count: number;
  readonly heights: number | Int32Array;
  readonly widths: number | Int32Array;
  readonly targets: Targets | null;
  readonly decoded: boolean;
  readonly #native: Pick<NativeModule, 'ImageStore'>;
  readonly #reader: PackedReader;
  readonly #source: PackedSource;
  #resident: Promise<NativeImageStore> | undefined;

  constructor(
    native: Pick<NativeModule, 'ImageStore'>,
    reader: PackedReader,
    { count, source, targets }: ImageSplit<PackedSource>,
    { residentBytes }: PackedImagesOptions,
  ) {
    const { heights, widths } = source;
    this.count = count;
    this.heights = heights;
    this.widths = widths;
    this.targets = targets;
    this.decoded =
      typeof heights !== 'number' || typeof widths !== 'number' || count * heights * widths * 3 > residentBytes;
    this.#native = native;
    this.#reader = reader;
    this.#source = source;
  }

  usable(indices: Int32Array): Int32Array {
    return indices;
  }

  location(image: number): string {
    return this.#source.location(image);
  }

  async take({ indices, boxes }: ImageRequest): Promise<TakenImages> {
    if (!this.decoded) {
      this.#resident ??= this.#readAll();
      return { store: await this.#resident, indices, boxes: null, release: () => {} };
    }
    const read = await this.#reader.read(this.#source, { indices, boxes });
    const store = this.#storeOf(read, indices);
    const rows = Int32Array.from(indices.keys());
    return { store, indices: rows, boxes: read.boxes, release: () => store.dispose() };
  }

  dispose(): void {
    this.#resident?.then(
      (store) => store.dispose(),
      () => {},
    );
    this.#resident = undefined;
  }

  async #readAll(): Promise<NativeImageStore> {
    const all = Int32Array.from({ length: this.count }, (_, image) => image);
    const whole = new Int32Array(this.count * BOX_NUMBERS);
    const box = [0, 0, this.heights as number, this.widths as number];
    for (let image = 0; image < this.count; image += 1) whole.set(box, image * BOX_NUMBERS);
    return this.#storeOf(await this.#reader.read(this.#source, { indices: all, boxes: [whole] }), all);
  }

  #storeOf({ pixels, heights, widths }: ReadImages, images: Int32Array): NativeImageStore {
    const labels = classLabels(this.targets);
    const ofRows = labels && images.map((image) => labels[image] as number);
    return this.#native.ImageStore.adopt(pixels, heights, widths, ofRows);
  }
}
