import type { NativeModule } from '../binding/native.js';
import type { FilesSource, ImageSource, ImageSplit } from './dataset.js';
import { type Images, imagesInMemory } from './images.js';
import { PhotoDecoder } from './photos/photo-decoder.js';
import { PhotoImages } from './photos/photo-images.js';

export interface ImageOpenerOptions {
  /** That photos are decoded with. */
  readonly threads: number;
  /** Told of every photo that turns out to be broken, in whose place another one is taken: a sentence. Without it the first one ends everything. */
  readonly onBroken?: ((message: string) => void) | undefined;
}

/** Opens splits, in memory or in files, and disposes of all of them together. */
export class ImageOpener {
  readonly #native: Pick<NativeModule, 'ImageStore' | 'DecodePool'>;
  readonly #options: ImageOpenerOptions;
  readonly #opened: Images[] = [];
  #decoder: PhotoDecoder | undefined;

  constructor(native: Pick<NativeModule, 'ImageStore' | 'DecodePool'>, options: ImageOpenerOptions) {
    this.#native = native;
    this.#options = options;
  }

  /** `title`: what messages call the images. */
  open(split: ImageSplit<ImageSource>, title: string): Images {
    const images = ofFiles(split) ? this.#photos(split, title) : imagesInMemory(this.#native, split as ImageSplit);
    this.#opened.push(images);
    return images;
  }

  #photos(split: ImageSplit<FilesSource>, title: string): Images {
    this.#decoder ??= new PhotoDecoder(this.#native, this.#options.threads);
    return new PhotoImages(this.#native, this.#decoder, split, { title, onBroken: this.#options.onBroken });
  }

  dispose(): void {
    for (const images of this.#opened.splice(0)) images.dispose();
    this.#decoder?.dispose();
    this.#decoder = undefined;
  }
}

function ofFiles(split: ImageSplit<ImageSource>): split is ImageSplit<FilesSource> {
  return split.source.kind === 'files';
}
