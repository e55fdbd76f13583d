import { ByolError } from '../errors.js';
import { type Dataset, type ImageSource, type ImageSplit, sizeOf, splitNames, splitTitles } from './dataset.js';

/** Pixels; what the native part takes. */
const LARGEST_SIDE = 16_384;
const SIDES = `sides are whole numbers from 1 to ${LARGEST_SIDE}`;

function isSide(side: number): boolean {
  return Number.isInteger(side) && side >= 1 && side <= LARGEST_SIDE;
}

/**
 * Whether a data set that somebody has made holds together. Throws ERR_BYOL_DATA saying of which image of which split what was
 * expected and what is there.
 */
export function checkDataset(data: Dataset<ImageSource>): void {
  const { classNames } = data;
  if (!Array.isArray(classNames) || !classNames.every((name) => typeof name === 'string' && name !== '')) {
    throw new ByolError('ERR_BYOL_DATA', 'classNames must be a list of names, one per class; empty without labels.');
  }
  if (data.train === undefined) throw new ByolError('ERR_BYOL_DATA', 'There are no training images (train).');
  for (const name of splitNames) {
    const split = data[name];
    if (split === undefined) continue;
    const problem = sourceProblem(split) ?? targetProblem(split, classNames);
    if (problem !== null) throw new ByolError('ERR_BYOL_DATA', `The ${splitTitles[name]}: ${problem}.`);
  }
}

/** A sentence without its end; null: nothing is wrong. */
function sourceProblem({ count, source }: ImageSplit<ImageSource>): string | null {
  if (source?.kind !== 'memory' && source?.kind !== 'files' && source?.kind !== 'packed') {
    return "source must be of kind 'memory', 'files' or 'packed'";
  }
  const { heights, widths } = source;
  if (source.kind === 'memory' && !(source.pixels instanceof Uint8Array)) {
    return 'pixels must be a Uint8Array of RGB values';
  }
  for (const sides of [heights, widths]) {
    if (typeof sides === 'number' && !isSide(sides)) return `images are ${widths} x ${heights} pixels; ${SIDES}`;
  }
  if (!Number.isInteger(count) || count < 1) return `there must be at least one, got ${count}`;
  for (const [name, sides] of Object.entries({ heights, widths })) {
    if (typeof sides === 'number') continue;
    if (!(sides instanceof Int32Array)) return `${name} must be a number or an Int32Array`;
    if (sides.length !== count) return `${name} must have one number for each of ${count} images, got ${sides.length}`;
  }
  const ofOneSize = typeof heights === 'number' && typeof widths === 'number';
  let bytes = ofOneSize ? count * heights * widths * 3 : 0;
  for (let image = 0; image < count && !ofOneSize; image += 1) {
    const { height, width } = sizeOf(source, image);
    if (!isSide(height) || !isSide(width)) return `image ${image} is ${width} x ${height} pixels; ${SIDES}`;
    bytes += height * width * 3;
  }
  if (source.kind !== 'memory' || source.pixels.length === bytes) return null;
  return `pixels must have ${bytes} bytes, 3 for each pixel of ${count} images, got ${source.pixels.length}`;
}

function targetProblem({ count, targets }: ImageSplit<ImageSource>, classNames: readonly string[]): string | null {
  if (targets === null) return null;
  if (targets?.kind !== 'class' && targets?.kind !== 'labels')
    return "targets must be null or of kind 'class' or 'labels'";
  const { kind, labels } = targets;
  if (!(labels instanceof Int32Array)) return 'labels must be an Int32Array';
  const [least, known] = kind === 'class' ? [-1, ', or -1 for unknown'] : [0, ''];
  const wrong = labels.findIndex((label) => label < least || label >= classNames.length);
  if (wrong >= 0) {
    const place = kind === 'class' ? `image ${wrong}` : `one of the images`;
    return `${place} has label ${labels[wrong]}, expected 0 to ${classNames.length - 1}${known}`;
  }
  if (kind === 'class') {
    return labels.length === count ? null : `there must be one label for each of ${count} images, got ${labels.length}`;
  }
  const { offsets } = targets;
  const ascends = offsets.every((offset, i) => offset >= (offsets[i - 1] ?? 0));
  const fits = offsets.length === count + 1 && offsets[0] === 0 && offsets[count] === labels.length && ascends;
  return fits
    ? null
    : `offsets must be ${count + 1} ascending numbers from 0 to the number of labels, ${labels.length}`;
}
