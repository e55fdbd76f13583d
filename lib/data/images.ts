import type { NativeImageStore, NativeModule } from '../binding/native.js';
import { classLabels, type ImageSizes, type ImageSplit, type Size, type Targets } from './dataset.js';

/** Numbers of a crop box: its top, left, height and width in pixels. */
export const BOX_NUMBERS = 4;

/** What a step or an evaluation looks at: the same images for each view, cropped for itself. */
export interface ImageRequest {
  readonly indices: Int32Array;
  /** Of each view BOX_NUMBERS for each of the indices, inside the image: whole pixels, all that the view is made of. */
  readonly boxes: readonly Int32Array[];
  /** The views' sides, if all of them are antialiased: images that are much larger may then come smaller. */
  readonly shrinkTo: Size | null;
}

/** Images in native memory, for commands to look at. */
export interface TakenImages {
  readonly store: NativeImageStore;
  /** Of each image that was asked for, its number in the store. */
  readonly indices: Int32Array;
  /** The boxes in pixels of the store's images, and parts of pixels; null: as they were asked for. */
  readonly boxes: readonly Float32Array[] | null;
  /** Lets go of them. Commands that were given the store before still have it. */
  release(): void;
}

/** Images of a split with what is known of them; their pixels are in native memory when somebody takes them. */
export interface Images extends ImageSizes {
  readonly count: number;
  readonly targets: Targets | null;
  /** Taking them keeps the processor busy: they are decoded then. */
  readonly decoded: boolean;
  /** How people call image i. Left out: it is in no file of its own. */
  location?(image: number): string;
  /** The indices, with others in the places of images that are known to be broken, always the same ones. */
  usable(indices: Int32Array): Int32Array;
  /**
   * null: some of them turned out to be broken; usable() knows others now. Throws ERR_BYOL_DATA where more are broken than may be,
   * ERR_BYOL_IMAGE where none may, and what keeps any image from being read.
   */
  take(request: ImageRequest): Promise<TakenImages | null>;
  /** Frees what is kept in native memory. */
  dispose(): void;
}

/** A copy in native memory; the caller disposes of it. */
export function imagesInMemory(native: Pick<NativeModule, 'ImageStore'>, split: ImageSplit): Images {
  const { heights, widths } = split.source;
  return storedImages(makeStore(native, split), { heights, widths, targets: split.targets });
}

/** All images of a store, which goes with them. */
export function storedImages(
  store: NativeImageStore,
  known: ImageSizes & { readonly targets: Targets | null },
): Images {
  return {
    ...known,
    count: store.size,
    decoded: false,
    usable: (indices) => indices,
    take: async ({ indices }) => ({ store, indices, boxes: null, release: () => {} }),
    dispose: () => store.dispose(),
  };
}

function makeStore(native: Pick<NativeModule, 'ImageStore'>, { count, source, targets }: ImageSplit): NativeImageStore {
  const each = (sides: number | Int32Array): Int32Array =>
    typeof sides === 'number' ? new Int32Array(count).fill(sides) : sides;
  return new native.ImageStore(source.pixels, each(source.heights), each(source.widths), classLabels(targets));
}

/** Of each image the boxes of all views, in place of each view the boxes of all images. */
export function interleaved(boxes: readonly Int32Array[], images: number): Int32Array {
  const all = new Int32Array(images * boxes.length * BOX_NUMBERS);
  for (const [view, of] of boxes.entries()) {
    for (let image = 0; image < images; image += 1) {
      const box = of.subarray(image * BOX_NUMBERS, (image + 1) * BOX_NUMBERS);
      all.set(box, (image * boxes.length + view) * BOX_NUMBERS);
    }
  }
  return all;
}

/** The other way round. */
export function deinterleaved(all: Float32Array, views: number): Float32Array[] {
  const images = all.length / views / BOX_NUMBERS;
  return Array.from({ length: views }, (_, view) => {
    const boxes = new Float32Array(images * BOX_NUMBERS);
    for (let image = 0; image < images; image += 1) {
      const at = (image * views + view) * BOX_NUMBERS;
      boxes.set(all.subarray(at, at + BOX_NUMBERS), image * BOX_NUMBERS);
    }
    return boxes;
  });
}
