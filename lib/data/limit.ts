import { z } from 'zod';
import { count } from '../text/format.js';
import { type Dataset, type ImageSource, type ImageSplit, type SplitName, splitNames, splitTitles } from './dataset.js';
import { classSizes, indicesWhere } from './indices.js';
import { drawOfEachClass, sharesOf } from './sets/hold-out.js';
import { subset } from './subset.js';

/** The setting `limit`, which every kind of images has that is opened by its settings. */
export const limitSetting = z.int().positive().optional();

/**
 * The data set with at most `limit` images in each split, of each class its share: to try what would take long with all. Which ones
 * depends on the labels and their order alone, so that all runs and evaluations have the same; photos that are left out are
 * not decoded.
 */
export async function limited(data: Dataset<ImageSource>, limit: number): Promise<Dataset<ImageSource>> {
  const splits: Partial<Record<SplitName, ImageSplit<ImageSource>>> = {};
  const told: string[] = [];
  for (const name of splitNames) {
    const split = data[name];
    if (split === undefined || split.count <= limit) continue;
    splits[name] = subset(split, await shareOf(split, limit));
    told.push(`${count(limit)} of the ${count(split.count)} ${splitTitles[name]}`);
  }
  if (told.length === 0) return data;
  const note = `With data.limit, ${told.join(' and ')} are used: results are not those of the whole set.`;
  return { ...data, ...splits, notes: [...(data.notes ?? []), note] };
}

/** The numbers of `limit` images, ascending. */
async function shareOf({ count: images, targets }: ImageSplit<ImageSource>, limit: number): Promise<Int32Array> {
  // Images of no class are one of their own: only classes from 0 are drawn from.
  const classes = targets?.kind === 'class' ? targets.labels.map((label) => label + 1) : new Int32Array(images);
  const shares = sharesOf(await classSizes(classes), limit / images);
  const drawn = await drawOfEachClass(classes, 'limited', (_, label) => shares.get(label) ?? 0);
  return indicesWhere(images, (image) => drawn[image] === 1);
}
