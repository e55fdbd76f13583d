import { Breather } from '../breather.js';
import { permutation } from '../random/philox.js';
import { orderNumbers } from '../random/purposes.js';
import { classSizes } from './indices.js';

/**
 * The labels of a part of the images, -1 for the others: of every class `fraction` of its images, rounded, at least one. Which
 * ones depends on the seed alone.
 */
export async function labelledPart(labels: Int32Array, fraction: number, seed: number): Promise<Int32Array> {
  if (fraction === 1) return labels;
  const breather = new Breather();
  const sizes = await classSizes(labels, breather);
  const left = new Map([...sizes].map(([label, size]) => [label, Math.max(1, Math.round(size * fraction))]));
  const part = new Int32Array(labels.length).fill(-1);
  const order = await permutation(labels.length, seed, 0, orderNumbers.labelledPart, breather);
  for (const [place, image] of order.entries()) {
    if (place % 4096 === 0) await breather.breathe();
    const label = labels[image] as number;
    const wanted = left.get(label) ?? 0;
    if (wanted === 0) continue;
    left.set(label, wanted - 1);
    part[image] = label;
  }
  return part;
}
