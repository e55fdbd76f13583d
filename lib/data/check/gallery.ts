import { loadSharp, type Pixels } from '../decode-image.js';
import type { CheckedImage, Oddity } from './check-images.js';

/** A small picture of an image, and what it is. */
export interface GalleryPicture {
  /** A JPEG. */
  readonly jpeg: Uint8Array;
  readonly location: string;
  readonly width: number;
  readonly height: number;
}

/** Pictures to look at. */
export interface Gallery {
  /** By the names of classes; '' has images without one. */
  readonly classes: ReadonlyMap<string, readonly GalleryPicture[]>;
  readonly odd: ReadonlyMap<Oddity, readonly GalleryPicture[]>;
}

/** Longest side in pixels. */
const SIDE = 96;
const OF_CLASS = 6;
const OF_ODDITY = 8;
/** More classes than these are not looked at. */
const CLASSES = 100;

/** Keeps small pictures of the first images of each class and oddity. */
export class GalleryKeeper {
  readonly #classes = new Map<string, GalleryPicture[]>();
  readonly #odd = new Map<Oddity, GalleryPicture[]>();

  async add({ pixels, location, classes, oddities }: CheckedImage): Promise<void> {
    if (pixels === null) return;
    const wanted: GalleryPicture[][] = [];
    for (const name of classes.length === 0 ? [''] : new Set(classes)) {
      const ofClass = this.#classes.get(name) ?? (this.#classes.size < CLASSES ? [] : null);
      if (ofClass !== null && ofClass.length < (name === '' ? 2 * OF_CLASS : OF_CLASS)) {
        this.#classes.set(name, ofClass);
        wanted.push(ofClass);
      }
    }
    for (const oddity of oddities) {
      const pictures = this.#odd.get(oddity) ?? [];
      this.#odd.set(oddity, pictures);
      if (pictures.length < OF_ODDITY) wanted.push(pictures);
    }
    if (wanted.length === 0) return;
    const { width, height } = pixels;
    const picture = { jpeg: await thumbnail(pixels), location, width, height };
    for (const pictures of wanted) pictures.push(picture);
  }

  finish(): Gallery {
    return { classes: this.#classes, odd: this.#odd };
  }
}

async function thumbnail({ pixels, width, height }: Pixels): Promise<Uint8Array> {
  const { default: sharp } = await loadSharp();
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .resize(SIDE, SIDE, { fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: 75 })
    .toBuffer();
}
