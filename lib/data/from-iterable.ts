import { Breather } from '../breather.js';
import { ByolError } from '../errors.js';
import { checkOptions, type OptionCheck } from '../text/options.js';
import { type Dataset, type ImageSplit, type SplitName, splitTitles } from './dataset.js';
import { type DatasetNames, nameChecks, namedDataset, targetsOf } from './from-arrays.js';

/** One image with what is known of it. */
export interface GivenImage {
  /** RGB, row-major: height x width x 3 bytes. Copied. */
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
  /** Its class by its number, or all of its classes; left out where unknown. Of all images the same. */
  readonly label?: number | readonly number[];
}

/** A list, a generator, a stream. */
/** Images that are there, or come one by one. */
export type GivenImages = Iterable<GivenImage> | AsyncIterable<GivenImage>;

/** Beside the training images. */
/** The other splits, and names. */
export interface IterableOptions extends DatasetNames {
  readonly val?: GivenImages;
  /** What kNN and the linear protocol measure with; left out, neither is run. */
  readonly test?: GivenImages;
}

const iterable: OptionCheck = {
  accepts: (value) =>
    value !== null && typeof value === 'object' && (Symbol.iterator in value || Symbol.asyncIterator in value),
  expected: 'a list, an iterable or an async iterable of images',
};

/**
 * A data set of images that come one by one, for `data` of train(): all are kept in memory. Throws ERR_BYOL_USAGE for arguments of
 * the wrong type, ERR_BYOL_DATA naming the image that is wrong, and what the iterables throw.
 */
export async function datasetFromIterable(images: GivenImages, options: IterableOptions = {}): Promise<Dataset> {
  checkOptions(
    'datasetFromIterable()',
    { images, ...options },
    {
      images: { ...iterable, required: true },
      ...nameChecks,
      val: iterable,
      test: iterable,
    },
  );
  const { val, test, ...names } = options;
  const train = await collect('train', images);
  const splits = {
    train,
    ...(val && { val: await collect('val', val) }),
    ...(test && { test: await collect('test', test) }),
  };
  return namedDataset(splits, names);
}

async function collect(name: SplitName, images: GivenImages): Promise<ImageSplit> {
  const pixels: Uint8Array[] = [];
  const heights: number[] = [];
  const widths: number[] = [];
  const labels: Array<GivenImage['label']> = [];
  for await (const image of images) {
    const problem = problemOf(image);
    if (problem !== null) {
      throw new ByolError('ERR_BYOL_DATA', `The ${splitTitles[name]}: image ${pixels.length} ${problem}.`);
    }
    pixels.push(image.pixels.slice());
    heights.push(image.height);
    widths.push(image.width);
    labels.push(image.label);
  }
  const several = labels.some((label) => typeof label === 'object');
  if (several && labels.some((label) => typeof label === 'number')) {
    throw new ByolError(
      'ERR_BYOL_DATA',
      `The ${splitTitles[name]}: some labels are a number and some a list; give each image a list, of one class too.`,
    );
  }
  const targets = several
    ? targetsOf(labels.map((label) => (typeof label === 'object' ? label : [])))
    : targetsOf(labels.map((label) => (typeof label === 'number' ? label : -1)));
  const source = {
    kind: 'memory',
    pixels: await joined(pixels),
    heights: Int32Array.from(heights),
    widths: Int32Array.from(widths),
  } as const;
  return { count: heights.length, source, targets };
}

function problemOf(image: GivenImage): string | null {
  const { pixels, height, width } = image ?? {};
  if (!(pixels instanceof Uint8Array)) return 'must have pixels, a Uint8Array of RGB values';
  const bytes = height * width * 3;
  if (pixels.length === bytes) return null;
  return `must have ${height} x ${width} x 3 bytes, got ${pixels.length}`;
}

async function joined(parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const breather = new Breather();
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
    await breather.breathe();
  }
  return all;
}
