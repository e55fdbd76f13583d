import { classLabels, type DatasetMetric, splitTitles } from '../data/dataset.js';
import type { Images } from '../data/images.js';
import { indicesWhere } from '../data/indices.js';
import { ByolError } from '../errors.js';

/** What an encoder is evaluated with: it, or a classifier on it, learns from `train` and is asked `test`. */
export interface EvaluationData {
  readonly train: Images;
  /** To choose by, as whoever made the data set divided it. Left out: protocols that choose hold out a part of `train`. */
  readonly val?: Images | undefined;
  readonly test: Images;
  readonly classes: number;
  /** What to choose by, and what is reported first. Left out: 'top1', or 'map11' where images have several labels. */
  readonly metric?: DatasetMetric | undefined;
}

export type Split = 'train' | 'val' | 'test';

/** What a protocol needs of each split: one class per image, or that or any number of labels. */
export type NeededTargets = 'class' | 'labels';

/** Throws ERR_BYOL_DATA where a split does not have what a protocol needs. */
export async function checkTargets(data: EvaluationData, needs: NeededTargets): Promise<void> {
  for (const split of ['train', 'val', 'test'] as const) {
    const images = data[split];
    if (images === undefined) continue;
    if (needs === 'labels' && images.targets?.kind === 'labels') continue;
    await labelledIndices(images, splitTitles[split]);
  }
}

/** Numbers of the images with a label. Throws ERR_BYOL_DATA if there are none; `which`: what errors call the images. */
export async function labelledIndices(images: Images, which: string): Promise<Int32Array> {
  if (images.targets?.kind === 'labels') {
    throw new ByolError(
      'ERR_BYOL_DATA',
      `This evaluation is of one class per image, but the ${which} have several labels each.`,
    );
  }
  const labels = classLabels(images.targets);
  const found = await indicesWhere(labels?.length ?? 0, (i) => (labels?.[i] ?? -1) >= 0);
  if (found.length === 0) {
    throw new ByolError(
      'ERR_BYOL_DATA',
      `None of the ${images.count} ${which} has a label, which this evaluation needs.`,
    );
  }
  return found;
}

/** The same for protocols that need 'labels': with any number of labels per image, those of all of them. */
export async function targetedIndices(images: Images, which: string): Promise<Int32Array> {
  return images.targets?.kind === 'labels' ? indicesWhere(images.count, () => true) : labelledIndices(images, which);
}

/** The golden ratio's fraction: its multiples fall into step with no period of the labels. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * `count` of the indices, one of each of as many equal parts, always the same; all if `count` is 0 or exceeds them. Which one of
 * its part varies: of images that lie class after class in turn, a regular stride would take a single class.
 */
export function evenSubset(indices: Int32Array, count: number): Int32Array {
  if (count === 0 || count >= indices.length) return indices;
  return Int32Array.from({ length: count }, (_, i) => {
    const begin = Math.floor((i * indices.length) / count);
    const end = Math.floor(((i + 1) * indices.length) / count);
    return indices[begin + Math.floor(((i * GOLDEN) % 1) * (end - begin))] as number;
  });
}
