import { classLabels } from '../data/dataset.js';
import type { Images } from '../data/images.js';
import { indicesWhere } from '../data/indices.js';
import { ByolError } from '../errors.js';

/** What an encoder is evaluated with: it, or a classifier on it, learns from `train` and is asked `test`. */
export interface EvaluationData {
  readonly train: Images;
  readonly test: Images;
  readonly classes: number;
}

export type Split = 'train' | 'test';

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
