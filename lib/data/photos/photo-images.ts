import type { NativeModule } from '../../binding/native.js';
import { ByolError } from '../../errors.js';
import { Stream } from '../../random/philox.js';
import { operationNumbers } from '../../random/purposes.js';
import { classLabels, type FilesSource, type ImageSplit, type Targets } from '../dataset.js';
import type { ImageRequest, Images, TakenImages } from '../images.js';
import { BrokenImages } from './broken.js';
import type { PhotoDecoder } from './photo-decoder.js';

export interface PhotoImagesOptions {
  /** For messages: 'training images', ... */
  readonly title: string;
  /** Told of every image that turns out to be broken, in whose place another one is taken: a sentence. Without it the first one ends everything. */
  readonly onBroken?: ((message: string) => void) | undefined;
}

/** Photos that are decoded when they are taken: only what is looked at, and nothing of it is kept. */
export class PhotoImages implements Images {
  readonly count: number;
  readonly heights: number | Int32Array;
  readonly widths: number | Int32Array;
  readonly targets: Targets | null;
  readonly decoded = true;
  readonly #native: Pick<NativeModule, 'ImageStore'>;
  readonly #decoder: PhotoDecoder;
  readonly #source: FilesSource;
  readonly #broken = new Set<number>();
  readonly #counted: BrokenImages;
  readonly #options: PhotoImagesOptions;

  constructor(
    native: Pick<NativeModule, 'ImageStore'>,
    decoder: PhotoDecoder,
    { count, source, targets }: ImageSplit<FilesSource>,
    options: PhotoImagesOptions,
  ) {
    this.count = count;
    this.heights = source.heights;
    this.widths = source.widths;
    this.targets = targets;
    this.#native = native;
    this.#decoder = decoder;
    this.#source = source;
    this.#counted = new BrokenImages(count, source.brokenLimit, options.title);
    this.#options = options;
  }

  usable(indices: Int32Array): Int32Array {
    return this.#broken.size === 0 ? indices : indices.map((image) => this.#inPlaceOf(image));
  }

  async take(request: ImageRequest): Promise<TakenImages | null> {
    const { pixels, heights, widths, boxes, broken } = await this.#decoder.decode(this.#source, request);
    if (broken.size > 0) {
      for (const [row, reason] of broken) this.#found(request.indices[row] as number, reason);
      return null;
    }
    const labels = classLabels(this.targets);
    const ofRows = labels && request.indices.map((image) => labels[image] as number);
    const store = this.#native.ImageStore.adopt(pixels, heights, widths, ofRows);
    return { store, indices: Int32Array.from(heights.keys()), boxes, release: () => store.dispose() };
  }

  location(image: number): string {
    return this.#source.location(image);
  }

  dispose(): void {}

  #found(image: number, reason: string): void {
    if (this.#broken.has(image)) return;
    const name = this.#source.location(image);
    const { onBroken } = this.#options;
    if (onBroken === undefined) {
      throw new ByolError('ERR_BYOL_IMAGE', `${name} ${reason}.`, { hint: 'Repair the file, or remove it.' });
    }
    this.#broken.add(image);
    this.#counted.add(name, reason);
    onBroken(`${name} ${reason}. Another image takes its place.`);
  }

  /** Which image takes its place is the same in every epoch and every run, whenever it was found out. */
  #inPlaceOf(image: number): number {
    if (this.#broken.size === this.count) {
      throw new ByolError('ERR_BYOL_DATA', `All ${this.count} ${this.#options.title} are broken.`);
    }
    let other = image;
    const draws = new Stream(0, 0, image, 0, operationNumbers.replacement);
    while (this.#broken.has(other)) other = draws.below(this.count);
    return other;
  }
}
