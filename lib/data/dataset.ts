import type { ImageFormat } from './headers/header.js';

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

/** Where the bytes of an image file lie: in a file of its own, or in a part of a larger one. */
export interface FilePlace {
  /** As the file system has it: its bytes need not be UTF-8. */
  readonly path: Uint8Array;
  readonly offset: number;
  readonly length: number;
  /** What lies there are elements of Snappy, without the length in front of them: the file's own bytes in what is unpacked. */
  readonly packed?: { readonly offset: number; readonly length: number };
  /** A file of its own, read to its end: its length is that of when it was found, and it may have been replaced. */
  readonly whole?: boolean;
}

/** Bytes of an image file, unpacked. */
export function bytesAt({ length, packed }: FilePlace): number {
  return packed?.length ?? length;
}

/** Image files, each read when it is needed. Sizes are of the upright images, as the files' headers say. */
export interface FilesSource extends ImageSizes {
  readonly kind: 'files';
  /** The bytes of image i's file. Rejects with ERR_BYOL_IMAGE where it cannot be read. */
  read(image: number): Promise<Uint8Array>;
  /** The same for readers that need no JavaScript. */
  place(image: number): FilePlace;
  /** How messages call image i. */
  location(image: number): string;
  /** By its content, whatever its name. */
  format(image: number): ImageFormat;
  /** EXIF, 1 to 8: how the stored pixels are turned to be upright. */
  orientation(image: number): number;
  /** The most images that may turn out broken, as a part of all: beyond it whoever reads them stops. */
  readonly brokenLimit: number;
}

/** RGB images in a packed store: decoded once and for all, read when they are needed, and only the parts that are. */
export interface PackedSource extends ImageSizes {
  readonly kind: 'packed';
  /** The store, an absolute path. */
  readonly path: string;
  /** Of each image the CRC-32 of its pixels. */
  readonly sums: Uint32Array;
  /** The byte of the file at which the pixels of image i begin: they are as in a MemorySource. */
  offset(image: number): number;
  /** How messages call image i: by its name where it was packed. */
  location(image: number): string;
  /** The pixels of image i. Rejects with ERR_BYOL_IMAGE where they are damaged, ERR_BYOL_DATA where the store cannot be read. */
  read(image: number): Promise<Uint8Array>;
}

/** Where the pixels of images come from. */
export type ImageSource = MemorySource | FilesSource | PackedSource;

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

/** The images of one purpose; in memory, where nothing else is said. */
export interface ImageSplit<Source extends ImageSource = MemorySource> {
  readonly count: number;
  readonly source: Source;
  /** null: nothing is known of any of them. */
  readonly targets: Targets | null;
}

/** A file that cannot be used as an image. */
export interface BrokenFile {
  readonly location: string;
  /** After "it". */
  readonly reason: string;
}

/**
 * What a data set's results are reported in: the part of its test images that is right, the mean over classes of that part, or for several
 * labels per image the mean over classes of the 11-point average precision (VOC 2007).
 */
export const datasetMetrics = ['top1', 'mean-per-class', 'map11'] as const;
export type DatasetMetric = (typeof datasetMetrics)[number];

/** Images to learn from, and those to measure with where there are any, as whoever made the set divided it. */
export interface Dataset<Source extends ImageSource = MemorySource> {
  /** Of images that are given and not opened by a kind: how configurations and reports call them. */
  readonly name?: string;
  readonly train: ImageSplit<Source>;
  readonly val?: ImageSplit<Source>;
  readonly test?: ImageSplit<Source>;
  /** In label order; empty without targets. */
  readonly classNames: readonly string[];
  /** What its results are reported in, where that is usual; else top-1, or mAP where images have several labels. */
  readonly metric?: DatasetMetric;
  /** What whoever uses them should know: what was left out, what was taken for what. Sentences. */
  readonly notes?: readonly string[];
  /** Files that were meant as images and are left out: all of which that is known before they are decoded. */
  readonly broken?: readonly BrokenFile[];
}

/** 'train', 'val' or 'test'. */
export type SplitName = Exclude<keyof Dataset, 'classNames' | 'metric' | 'name' | 'notes' | 'broken'>;
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

/** The classes of an image: none where nothing is known. */
export function classesOf(targets: Targets | null, image: number): Int32Array {
  if (targets === null) return new Int32Array(0);
  if (targets.kind === 'labels') return targets.labels.subarray(targets.offsets[image], targets.offsets[image + 1]);
  return targets.labels.subarray(image, image + 1).filter((label) => label >= 0);
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
