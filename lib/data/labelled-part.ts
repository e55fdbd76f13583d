import { permutation } from '../random/philox.js';

/** Tells this draw from others with the same seed: orders of training, held-out images and orders of the linear protocol. */
const PURPOSE = 5;

/**
 * The labels of a part of the images, -1 for the others: of every class `fraction` of its images, rounded, at least one. Which
 * ones depends on the seed alone.
 */
export function labelledPart(labels: Int32Array, fraction: number, seed: number): Int32Array {
  if (fraction === 1) return labels;
  const sizes = new Map<number, number>();
  for (const label of labels) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  const left = new Map([...sizes].map(([label, size]) => [label, Math.max(1, Math.round(size * fraction))]));
  const part = new Int32Array(labels.length).fill(-1);
  for (const image of permutation(labels.length, seed, 0, PURPOSE)) {
    const label = labels[image] as number;
    const wanted = left.get(label) as number;
    if (label < 0 || wanted === 0) continue;
    left.set(label, wanted - 1);
    part[image] = label;
  }
  return part;
}
