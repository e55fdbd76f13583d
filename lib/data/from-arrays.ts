import { ByolError } from '../errors.js';
import { checkOptions, type OptionCheck, type OptionChecks, path, settings } from '../text/options.js';
import { checkDataset } from './check-dataset.js';
import {
  type Dataset,
  type ImageSizes,
  type ImageSource,
  type ImageSplit,
  type SplitName,
  splitTitles,
  type Targets,
} from './dataset.js';

/** One class of each image by its number, -1 where unknown; or a list of classes for each. */
export type Labels = ArrayLike<number> | ReadonlyArray<readonly number[]>;

/** Of all images, or of each, in pixels. */
export type GivenSizes =
  | { readonly height: number; readonly width: number; readonly heights?: never; readonly widths?: never }
  | {
      readonly heights: ArrayLike<number>;
      readonly widths: ArrayLike<number>;
      readonly height?: never;
      readonly width?: never;
    };

/** Images of one split. */
export type ImageArrays = GivenSizes & {
  /** RGB, row-major, one image after the other: height x width x 3 bytes each. Used, not copied. */
  readonly pixels: Uint8Array;
  readonly labels?: Labels;
};

/** The training images, and what else belongs to a data set. */
/** Images to learn from, and beside them those to measure with. */
export type DatasetArrays = ImageArrays &
  DatasetNames & {
    readonly val?: ImageArrays;
    /** What kNN and the linear protocol measure with; left out, neither is run. */
    readonly test?: ImageArrays;
  };

/** What things are called in a data set. */
export interface DatasetNames {
  /** In the order of labels; left out, classes are called by their numbers. */
  readonly classNames?: readonly string[];
  /** How configurations and reports call these images; 'images' if left out. */
  readonly name?: string;
}

const isArray = (value: unknown): boolean => Array.isArray(value) || ArrayBuffer.isView(value);
const side: OptionCheck = { accepts: (value) => typeof value === 'number', expected: 'a number of pixels' };
const sides: OptionCheck = { accepts: isArray, expected: 'an array with a number of pixels for each image' };
const imageChecks: OptionChecks<ImageArrays> = {
  pixels: { accepts: (value) => value instanceof Uint8Array, expected: 'a Uint8Array of RGB values', required: true },
  height: side,
  width: side,
  heights: sides,
  widths: sides,
  labels: { accepts: isArray, expected: 'an array with a class, or a list of classes, for each image' },
};
const images: OptionCheck = { ...settings, expected: 'an object with pixels and their sizes' };

export const nameChecks: OptionChecks<DatasetNames> = {
  classNames: { accepts: Array.isArray, expected: 'a list of names' },
  name: { ...path, expected: 'a name' },
};

/**
 * A data set of images in memory, for `data` of train(). Throws ERR_BYOL_USAGE for arguments of the wrong type, ERR_BYOL_DATA for
 * numbers that do not go together.
 */
export function datasetFromArrays(options: DatasetArrays): Dataset {
  checkOptions('datasetFromArrays()', options, { ...imageChecks, ...nameChecks, val: images, test: images });
  const { classNames, name, val, test, ...train } = options;
  const splits = {
    train: splitOf('train', train),
    ...(val && { val: splitOf('val', val) }),
    ...(test && { test: splitOf('test', test) }),
  };
  return namedDataset(splits, { ...(classNames && { classNames }), ...(name !== undefined && { name }) });
}

/** Checked, with a name for every class. */
export function namedDataset<Source extends ImageSource>(
  splits: Pick<Dataset<Source>, SplitName>,
  { classNames, name = 'images' }: DatasetNames,
): Dataset<Source> {
  const data = { name, ...splits, classNames: classNames ?? numberedClasses(Object.values(splits)) };
  checkDataset(data);
  return data;
}

function splitOf(name: SplitName, arrays: ImageArrays): ImageSplit {
  checkOptions(`datasetFromArrays(), ${name}`, arrays, imageChecks);
  const { pixels, labels } = arrays;
  const { heights, widths } = sizesFrom(name, arrays);
  const count =
    typeof heights === 'number' && typeof widths === 'number'
      ? Math.floor(pixels.length / (heights * widths * 3))
      : Math.max(lengthOf(heights), lengthOf(widths));
  const targets = labels === undefined ? null : targetsOf(labels);
  return { count, source: { kind: 'memory', pixels, heights, widths }, targets };
}

function sizesFrom(name: SplitName, { height, width, heights, widths }: GivenSizes): ImageSizes {
  const given = [height, width, heights, widths].filter((size) => size !== undefined);
  if (given.length === 2 && height !== undefined && width !== undefined) return { heights: height, widths: width };
  if (given.length === 2 && heights !== undefined && widths !== undefined) {
    return { heights: Int32Array.from(heights), widths: Int32Array.from(widths) };
  }
  throw new ByolError(
    'ERR_BYOL_USAGE',
    `datasetFromArrays(): the size of the ${splitTitles[name]} must be given as height and width, or as heights and widths.`,
  );
}

function lengthOf(sizes: number | Int32Array): number {
  return typeof sizes === 'number' ? 0 : sizes.length;
}

/** null: no image has any. */
export function targetsOf(labels: Labels): Targets | null {
  if (!isLists(labels)) {
    const classes = Int32Array.from(labels);
    return classes.every((label) => label === -1) ? null : { kind: 'class', labels: classes };
  }
  const offsets = new Int32Array(labels.length + 1);
  for (const [image, list] of labels.entries()) offsets[image + 1] = (offsets[image] as number) + list.length;
  return offsets[labels.length] === 0 ? null : { kind: 'labels', labels: Int32Array.from(labels.flat()), offsets };
}

function isLists(labels: Labels): labels is ReadonlyArray<readonly number[]> {
  return Array.isArray(labels) && labels.some((label) => typeof label === 'object');
}

/** As many as the largest label asks for, by their numbers. */
function numberedClasses(splits: readonly ImageSplit<ImageSource>[]): string[] {
  let largest = -1;
  for (const { targets } of splits) for (const label of targets?.labels ?? []) largest = Math.max(largest, label);
  return Array.from({ length: largest + 1 }, (_, label) => String(label));
}
