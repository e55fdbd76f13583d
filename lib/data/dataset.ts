/** Size of one image in pixels. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/** Sizes of images in pixels: of each, or one number where all are as large. */
export interface ImageSizes {
  readonly heights: number | Int32Array;
  readonly widths: number | Int32Array;
}

/** RGB images in memory, one after the other: of image i heights[i] x widths[i] x 3 bytes, row-major. */
export interface MemorySource extends ImageSizes {
  readonly kind: 'memory';
  readonly pixels: Uint8Array;
}

/** Where the pixels of images come from. */
export type ImageSource = MemorySource;

/** One class per image. */
export interface ClassTargets {
  readonly kind: 'class';
  /** -1 where unknown. */
  readonly labels: Int32Array;
}

/** Any number of classes per image: those of image i are labels[offsets[i]] to labels[offsets[i + 1] - 1]. */
export interface ManyLabelTargets {
  readonly kind: 'labels';
  readonly labels: Int32Array;
  /** One more than there are images, ascending from 0. */
  readonly offsets: Int32Array;
}

/** What is known of the images beside their pixels. */
export type Targets = ClassTargets | ManyLabelTargets;

/** The images of one purpose. */
export interface ImageSplit {
  readonly count: number;
  readonly source: ImageSource;
  /** null: nothing is known of any of them. */
  readonly targets: Targets | null;
}

/** Images to learn from, and those to measure with where there are any, as whoever made the set divided it. */
export interface Dataset {
  /** Of images that are given and not opened by a kind: how configurations and reports call them. */
  readonly name?: string;
  readonly train: ImageSplit;
  readonly val?: ImageSplit;
  readonly test?: ImageSplit;
  /** In label order; empty without targets. */
  readonly classNames: readonly string[];
}

/** 'train', 'val' or 'test'. */
export type SplitName = Exclude<keyof Dataset, 'classNames' | 'name'>;
export const splitNames = ['train', 'val', 'test'] as const satisfies readonly SplitName[];

/** As progress and errors call them. */
export const splitTitles: Readonly<Record<SplitName, string>> = {
  train: 'training images',
  val: 'validation images',
  test: 'test images',
};

/** One class of each image, -1 where unknown; null where there are no targets, or others than classes. */
export function classLabels(targets: Targets | null): Int32Array | null {
  return targets?.kind === 'class' ? targets.labels : null;
}

export function sizeOf({ heights, widths }: ImageSizes, image: number): Size {
  return { height: at(heights, image), width: at(widths, image) };
}

/** Of these images, in their order. */
export function sizesOf({ heights, widths }: ImageSizes, images: Int32Array): ImageSizes {
  const of = (sides: number | Int32Array): number | Int32Array =>
    typeof sides === 'number' ? sides : images.map((image) => at(sides, image));
  return { heights: of(heights), widths: of(widths) };
}

function at(sides: number | Int32Array, image: number): number {
  return typeof sides === 'number' ? sides : (sides[image] as number);
}
