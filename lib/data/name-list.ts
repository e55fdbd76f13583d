import { Breather } from '../breather.js';
import { ByolError } from '../errors.js';
import { readDataFile } from '../files/data-file.js';
import { count } from '../text/format.js';
import type { Images } from './images.js';
import { brokenLimit } from './photos/settings.js';
import { tallyNames } from './photos/tally.js';

/** Images that a list names. */
export interface NamedImages {
  /** Their numbers in the split, ascending. */
  readonly images: Int32Array;
  /** Names on the list that no image has: as many as the limit allows. */
  readonly missing: readonly string[];
}

/**
 * The images of a split that a list names, for fixed parts of the labels as SimCLR's 1 % and 10 % of ImageNet
 * (https://github.com/google-research/simclr, imagenet_subsets: 12,811 and 128,116 lines such as "n01440764_10026.JPEG").
 *
 * The list has a file name a line, with or without folders; empty lines and those that begin with '#' are passed by. An image is of a name
 * if its path ends with it, whole folders compared. Throws ERR_BYOL_DATA where the list cannot be read, is empty or names something
 * twice, where the images have no names or several have one, and where more than `missingLimit` of its names are of no image.
 *
 * @param missingLimit the most names without an image, as a part of the list: broken images may have been left out.
 */
export async function imagesNamedIn(
  path: string,
  images: Pick<Images, 'count' | 'location'>,
  missingLimit: number = brokenLimit.default,
): Promise<NamedImages> {
  const names = await readNames(path);
  if (images.location === undefined)
    throw new ByolError('ERR_BYOL_DATA', `${path} lists names of image files, but the images are not in files.`);
  const places = new Map<string, number[]>();
  const breather = new Breather();
  for (let image = 0; image < images.count; image += 1) {
    if (image % 1024 === 0) await breather.breathe();
    const base = lastOf(images.location(image));
    const same = places.get(base);
    if (same === undefined) places.set(base, [image]);
    else same.push(image);
  }
  const found: number[] = [];
  const missing: string[] = [];
  for (const name of names) {
    const same = (places.get(lastOf(name)) ?? []).filter((image) => isOf(images.location?.(image) ?? '', name));
    const [image, other] = same;
    if (image === undefined) missing.push(name);
    else if (other === undefined) found.push(image);
    else {
      throw new ByolError(
        'ERR_BYOL_DATA',
        `${path} lists ${name}, which ${same.length} images are called: ${images.location(image)}, ${images.location(other)}. Put their folders before the names.`,
      );
    }
  }
  if (missing.length > missingLimit * names.length) throw tooManyMissing(path, names.length, missing, missingLimit);
  const numbers = Int32Array.from(found).sort();
  const twice = numbers.findIndex((image, i) => image === numbers[i - 1]);
  if (twice >= 0)
    throw new ByolError('ERR_BYOL_DATA', `${path} lists ${images.location(numbers[twice] as number)} twice.`);
  return { images: numbers, missing };
}

async function readNames(path: string): Promise<string[]> {
  const text = Buffer.from(await readDataFile(path, 'a list of image files, a name a line')).toString('utf8');
  const lines = text.split('\n').map((line) => forward(line.trim()));
  const names = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (names.length === 0) throw new ByolError('ERR_BYOL_DATA', `${path} lists no images: it has no name of a file.`);
  return names;
}

function tooManyMissing(path: string, names: number, missing: readonly string[], limit: number): ByolError {
  const some = tallyNames({ count: missing.length, first: missing.slice(0, 3) });
  return new ByolError(
    'ERR_BYOL_DATA',
    `${count(missing.length)} of the ${count(names)} images that ${path} lists are not among these images, more than ${limit} of all: ${some}.`,
    {
      hint: "A list is of one data set: ImageNet's names are such as n01440764_10026.JPEG. Give that set, or a list of this one.",
    },
  );
}

function forward(path: string): string {
  return path.replaceAll('\\', '/').replace(/^\.\//, '').normalize('NFC');
}

function lastOf(path: string): string {
  const text = forward(path);
  return text.slice(text.lastIndexOf('/') + 1);
}

function isOf(location: string, name: string): boolean {
  return `/${forward(location)}`.endsWith(`/${name}`);
}
