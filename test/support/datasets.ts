import { classLabels, type ImageSplit } from '../../lib/data/dataset.js';

/** Equally large images with one label each. */
export function memorySplit(
  count: number,
  height: number,
  width: number,
  pixels: Uint8Array,
  labels: Int32Array | null,
): ImageSplit {
  const source = { kind: 'memory', pixels, heights: height, widths: width } as const;
  return { count, source, targets: labels && { kind: 'class', labels } };
}

/** The class of each image; fails where there are none. */
export function labelsOf({ targets }: Pick<ImageSplit, 'targets'>): Int32Array {
  const labels = classLabels(targets);
  if (labels === null) throw new Error('the images have no labels');
  return labels;
}
