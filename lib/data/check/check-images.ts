import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import { ByolError } from '../../errors.js';
import type { OpenOptions } from '../data-kind.js';
import {
  type BrokenFile,
  type Dataset,
  type ImageSource,
  type ImageSplit,
  type PackedSource,
  type Size,
  type SplitName,
  sizeOf,
  splitNames,
  splitTitles,
  type Targets,
} from '../dataset.js';
import { decodeImage, type Pixels } from '../decode-image.js';
import { type ImageFormat, type ImageTrait, readerOf } from '../headers/header.js';
import { readHeader } from '../headers/read-header.js';

/** What is odd about an image that can be used all the same. */
export type Oddity = ImageTrait | 'ending' | 'tiny' | 'long';

/** After a number of images. */
export const oddityTexts: Readonly<Record<Oddity, string>> = {
  cmyk: 'CMYK, converted to RGB',
  deep: 'more than 8 bits for each colour, rounded to 8',
  alpha: 'transparent, laid on white',
  animated: 'of several pictures, of which the first is taken',
  ending: 'with a name of another format',
  tiny: 'with a side of fewer than 32 pixels',
  long: 'more than 4 times as long as wide',
  rotated: 'turned upright as EXIF says',
  grey: 'grey, with three equal colours',
  palette: 'of a palette',
  profile: 'with a colour profile, which is ignored',
  progressive: 'progressive',
};

/** One image as a check meets it. */
export interface CheckedImage {
  readonly split: SplitName;
  /** Its place in the split. */
  readonly image: number;
  readonly location: string;
  /** Its classes: one, or any number where the data set has many labels; none where they are unknown. */
  readonly classes: readonly string[];
  /** null: it lies in memory, as its kind reads it. */
  readonly format: ImageFormat | null;
  readonly width: number;
  readonly height: number;
  /** Of its file, or of its pixels. */
  readonly bytes: number;
  readonly oddities: readonly Oddity[];
  /** Of its file or pixels: equal ones have equal contents. */
  readonly hash: string;
  /** Not kept: whoever wants them takes them now. null: it is broken. */
  readonly pixels: Pixels | null;
  readonly broken: BrokenFile | null;
}

/** What formats' files are called. */
const endings: Readonly<Partial<Record<ImageFormat, RegExp>>> = {
  jpeg: /^\.(?:jpe?g|jfif)$/i,
  png: /^\.a?png$/i,
  gif: /^\.gif$/i,
  webp: /^\.webp$/i,
  tiff: /^\.tiff?$/i,
  avif: /^\.avif$/i,
};

const TINY = 32;
const LONG = 4;
/** Images that are read at once, and kept in order. */
const AHEAD = 4;

/** Every image of a data set, read and decoded once, in order. Throws what is no fault of an image, and the signal's reason. */
export async function* checkImages(
  data: Dataset<ImageSource>,
  { onProgress, signal }: OpenOptions = {},
): AsyncGenerator<CheckedImage, void, undefined> {
  for (const name of splitNames) {
    const split = data[name];
    if (split === undefined) continue;
    const classes = (image: number): string[] =>
      labelsOf(split.targets, image).flatMap((label) => data.classNames[label] ?? []);
    const starts = startsOf(split);
    const queue: Array<Promise<CheckedImage>> = [];
    const start = (image: number): void => {
      const checked = checkImage(name, split, image, starts(image)).then((found) => ({
        ...found,
        classes: classes(image),
      }));
      // It is awaited later: until then a failure is nobody's.
      checked.catch(() => {});
      queue.push(checked);
    };
    for (let image = 0; image < split.count; image += 1) {
      while (queue.length < AHEAD && image + queue.length < split.count) start(image + queue.length);
      signal?.throwIfAborted();
      yield await (queue.shift() as Promise<CheckedImage>);
      onProgress?.({ phase: splitTitles[name], done: image + 1, total: split.count });
    }
  }
}

function labelsOf(targets: Targets | null, image: number): number[] {
  if (targets === null) return [];
  if (targets.kind === 'class') return [targets.labels[image] as number];
  return [...targets.labels.subarray(targets.offsets[image], targets.offsets[image + 1])];
}

/** Where the pixels of an image begin, of images that are asked for in order. */
function startsOf({ source }: ImageSplit<ImageSource>): (image: number) => number {
  let [next, start] = [0, 0];
  return (image) => {
    for (; next < image; next += 1) {
      const { height, width } = sizeOf(source, next);
      start += height * width * 3;
    }
    return start;
  };
}

async function checkImage(
  split: SplitName,
  { source }: ImageSplit<ImageSource>,
  image: number,
  start: number,
): Promise<CheckedImage> {
  const { height, width } = sizeOf(source, image);
  const base = { split, image, classes: [], height, width };
  if (source.kind === 'memory') {
    const pixels = source.pixels.subarray(start, start + height * width * 3);
    const location = `${splitTitles[split]}, image ${image}`;
    const oddities = shapeOddities(width, height);
    return {
      ...base,
      location,
      format: null,
      bytes: pixels.length,
      oddities,
      hash: hashOf(pixels),
      pixels: { pixels, height, width },
      broken: null,
    };
  }
  const location = source.location(image);
  if (source.kind === 'packed') return { ...base, ...(await checkPacked(source, image, { height, width })) };
  const format = source.format(image);
  const missing = { ...base, location, format, bytes: 0, oddities: [], hash: '', pixels: null };
  let bytes: Uint8Array;
  try {
    bytes = await source.read(image);
  } catch (error) {
    return { ...missing, broken: { location, reason: brokenReason(error) } };
  }
  const { header } = readHeader(readerOf(bytes));
  const oddities: Oddity[] = [...(header?.traits ?? []), ...shapeOddities(width, height)];
  const ending = extname(location);
  if (ending !== '' && endings[format]?.test(ending) === false) oddities.push('ending');
  const read = { ...missing, bytes: bytes.length, oddities, hash: hashOf(bytes) };
  try {
    const pixels = await decodeImage(bytes, { name: location, maxPixels: height * width });
    return { ...read, pixels, broken: null };
  } catch (error) {
    return { ...read, broken: { location, reason: brokenReason(error) } };
  }
}

async function checkPacked(source: PackedSource, image: number, { height, width }: Size) {
  const location = source.location(image);
  const found = { location, format: null, bytes: height * width * 3, oddities: shapeOddities(width, height) };
  try {
    const pixels = await source.read(image);
    return { ...found, hash: hashOf(pixels), pixels: { pixels, height, width }, broken: null };
  } catch (error) {
    return { ...found, hash: '', pixels: null, broken: { location, reason: brokenReason(error) } };
  }
}

function shapeOddities(width: number, height: number): Oddity[] {
  const [short, long] = width < height ? [width, height] : [height, width];
  return [...(short < TINY ? (['tiny'] as const) : []), ...(long > LONG * short ? (['long'] as const) : [])];
}

/** After "it". Throws what is no fault of an image. */
function brokenReason(error: unknown): string {
  if (!(error instanceof ByolError) || error.code !== 'ERR_BYOL_IMAGE') throw error;
  return /(cannot be (?:decoded|read): .*)\.$/.exec(error.message)?.[1] ?? error.message;
}

function hashOf(bytes: Uint8Array): string {
  // 128 bits, a character for each byte: a million of them are kept.
  return createHash('sha256').update(bytes).digest().toString('latin1', 0, 16);
}
