import { createHash } from 'node:crypto';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { Breather } from '../../breather.js';
import { describeData } from '../data-record.js';
import {
  type Dataset,
  type ImageSource,
  type ImageSplit,
  type Size,
  type SplitName,
  sizeOf,
  splitNames,
} from '../dataset.js';
import { VERSION } from './layout.js';

/** Resampled otherwise, the same images are another job. */
const RESAMPLING = 'cubic, a = -0.5, antialiased';

/** One image that is to be packed. */
export interface PlannedImage extends Size {
  readonly split: SplitName;
  /** Its place in the split. */
  readonly image: number;
}

/** What is packed: which images, in which order and sizes. */
export interface PackPlan {
  readonly splits: ReadonlyArray<readonly [SplitName, ImageSplit<ImageSource>]>;
  readonly count: number;
  /** Of all pixels, where no image is left out. */
  readonly bytes: number;
  /** SHA-256: equal for equal images in equal sizes. */
  readonly job: string;
  /** Image `number` of all splits, one after the other. */
  at(number: number): PlannedImage;
  /** How it is called in the store: by its path below the place that was packed. */
  name(number: number): string;
}

/**
 * The size of an image whose shorter side is to be `size` pixels: as torchvision's Resize has it, the longer side rounded down. One that
 * is smaller stays as it is.
 */
export function packedSize({ height, width }: Size, size: number): Size {
  const short = Math.min(height, width);
  if (short <= size) return { height, width };
  const long = (side: number): number => Math.floor((size * side) / short);
  return { height: height === short ? size : long(height), width: width === short ? size : long(width) };
}

/** `place`: where the images lie, which names are shown relative to. */
export async function planPack(data: Dataset<ImageSource>, place: string, size: number): Promise<PackPlan> {
  const splits = splitNames.flatMap((name) => {
    const split = data[name];
    return split === undefined ? [] : [[name, split] as const];
  });
  const count = splits.reduce((sum, [, split]) => sum + split.count, 0);
  const find = (number: number): readonly [SplitName, ImageSplit<ImageSource>, number] => {
    let image = number;
    for (const [name, split] of splits) {
      if (image < split.count) return [name, split, image];
      image -= split.count;
    }
    throw new RangeError(`there is no image ${number} of ${count}`);
  };
  const at = (number: number): PlannedImage => {
    const [split, { source }, image] = find(number);
    return { split, image, ...packedSize(sizeOf(source, image), size) };
  };
  const root = resolve(place);
  const name = (number: number): string => {
    const [split, { source }, image] = find(number);
    return source.kind === 'memory' ? `${split}/${image}` : shortName(source.location(image), root);
  };
  const hash = createHash('sha256').update(
    JSON.stringify([VERSION, RESAMPLING, size, await describeData(data), data.notes ?? []]),
  );
  const breather = new Breather();
  let bytes = 0;
  for (let number = 0; number < count; number += 1) {
    if (number % 1024 === 0) await breather.breathe();
    const { height, width } = at(number);
    bytes += height * width * 3;
    hash.update(`${name(number)}\0`);
  }
  return { splits, count, bytes, job: hash.digest('hex'), at, name };
}

/** Below the place, or beside it as the shards of a pattern are; else the whole path. */
function shortName(location: string, root: string): string {
  if (!isAbsolute(location)) return location;
  for (const folder of [root, dirname(root)]) {
    const below = relative(folder, location);
    if (!below.startsWith('..')) return below;
  }
  return location;
}
