import type { NativeModule } from '../binding/native.js';
import type { FilesSource, ImageSource, ImageSplit, MemorySource, PackedSource } from './dataset.js';
import { type Images, imagesInMemory } from './images.js';
import { PackedImages } from './packed/packed-images.js';
import { PackedReader } from './packed/packed-reader.js';
import { PhotoDecoder } from './photos/photo-decoder.js';
import { PhotoImages } from './photos/photo-images.js';

export interface ImageOpenerOptions {
  /** That photos are decoded with. */
  readonly threads: number;
  /** Told of every photo that turns out to be broken, in whose place another one is taken: a sentence. Without it the first one ends everything. */
  readonly onBroken?: ((message: string) => void) | undefined;
  /** Of packed stores, the most bytes that are read at once and kept: see PackedImages. Default: none. */
  readonly residentBytes?: number | undefined;
}

/** Opens splits, in memory or in files, and disposes of all of them together. */
export class ImageOpener {
  readonly #native: Pick<NativeModule, 'ImageStore' | 'DecodePool'>;
  readonly #options: ImageOpenerOptions;
  readonly #opened: Images[] = [];
  #decoder: PhotoDecoder | undefined;
  #reader: PackedReader | undefined;

  constructor(native: Pick<NativeModule, 'ImageStore' | 'DecodePool'>, options: ImageOpenerOptions) {
    this.#native = native;
    this.#options = options;
  }

  /** `title`: what messages call the images. */
  open(split: ImageSplit<ImageSource>, title: string): Images {
    const images = this.#imagesOf(split, title);
    this.#opened.push(images);
    return images;
  }

  #imagesOf(split: ImageSplit<ImageSource>, title: string): Images {
    if (isOf(split, 'files')) return this.#photos(split, title);
    if (isOf(split, 'packed')) return this.#packed(split);
    return imagesInMemory(this.#native, split as ImageSplit<MemorySource>);
  }

  #packed(split: ImageSplit<PackedSource>): Images {
    this.#reader ??= new PackedReader(this.#native, this.#options.threads);
    const { residentBytes = 0 } = this.#options;
    return new PackedImages(this.#native, this.#reader, split, { residentBytes });
  }

  #photos(split: ImageSplit<FilesSource>, title: string): Images {
    this.#decoder ??= new PhotoDecoder(this.#native, this.#options.threads);
    return new PhotoImages(this.#native, this.#decoder, split, { title, onBroken: this.#options.onBroken });
  }

  dispose(): void {
    for (const images of this.#opened.splice(0)) images.dispose();
    this.#decoder?.dispose();
    this.#decoder = undefined;
    this.#reader?.dispose();
    this.#reader = undefined;
  }
}

function isOf<Kind extends ImageSource['kind']>(
  split: ImageSplit<ImageSource>,
  kind: Kind,
): split is ImageSplit<Extract<ImageSource, { kind: Kind }>> {
  return split.source.kind === kind;
}
