import { Breather } from '../breather.js';
import { classSizes, indicesWhere } from '../data/indices.js';
import { ByolError } from '../errors.js';
import { permutation } from '../random/philox.js';

export interface ValidationSplit {
  /** Positions in the labels, ascending. */
  readonly kept: Int32Array;
  readonly heldOut: Int32Array;
}

/**
 * Holds out a part of every class: `fraction` of its images, rounded, at least one and never the last one. Which ones depends
 * on `seed` and `purpose` alone. Labels are all >= 0. Throws ERR_BYOL_DATA if no class has two images.
 */
export async function splitByClass(
  labels: ArrayLike<number>,
  fraction: number,
  seed: number,
  purpose: number,
): Promise<ValidationSplit> {
  const breather = new Breather();
  const sizes = await classSizes(labels, breather);
  const wanted = new Map(
    [...sizes].map(([label, size]) => [label, Math.min(Math.max(Math.round(size * fraction), 1), size - 1)]),
  );
  const held = new Uint8Array(labels.length);
  const order = await permutation(labels.length, seed, 0, purpose, breather);
  for (const [place, position] of order.entries()) {
    if (place % 4096 === 0) await breather.breathe();
    const label = labels[position] as number;
    const left = wanted.get(label) as number;
    if (left === 0) continue;
    wanted.set(label, left - 1);
    held[position] = 1;
  }
  const heldOut = await indicesWhere(labels.length, (position) => held[position] === 1, breather);
  if (heldOut.length === 0) {
    throw new ByolError(
      'ERR_BYOL_DATA',
      `The ${labels.length} labelled training images have ${sizes.size} classes: no class has a second image that could ` +
        'be held out to choose the learning rate.',
    );
  }
  return { kept: await indicesWhere(labels.length, (position) => held[position] === 0, breather), heldOut };
}
