import { ByolError } from '../errors.js';
import { permutation } from '../random/philox.js';

export interface Split {
  /** Positions in the labels, ascending. */
  readonly kept: Int32Array;
  readonly heldOut: Int32Array;
}

/**
 * Holds out a part of every class: `fraction` of its images, rounded, at least one and never the last one. Which ones depends
 * on `seed` and `purpose` alone. Labels are all >= 0. Throws ERR_BYOL_DATA if no class has two images.
 */
export function splitByClass(labels: ArrayLike<number>, fraction: number, seed: number, purpose: number): Split {
  const classSizes = new Map<number, number>();
  for (let i = 0; i < labels.length; i += 1) {
    const label = labels[i] as number;
    classSizes.set(label, (classSizes.get(label) ?? 0) + 1);
  }
  const wanted = new Map(
    [...classSizes].map(([label, size]) => [label, Math.min(Math.max(Math.round(size * fraction), 1), size - 1)]),
  );
  const heldOut: number[] = [];
  for (const position of permutation(labels.length, seed, 0, purpose)) {
    const label = labels[position] as number;
    const left = wanted.get(label) as number;
    if (left === 0) continue;
    wanted.set(label, left - 1);
    heldOut.push(position);
  }
  if (heldOut.length === 0) {
    throw new ByolError(
      'ERR_BYOL_DATA',
      `The ${labels.length} labelled training images have ${classSizes.size} classes: no class has a second image that could ` +
        'be held out to choose the learning rate.',
    );
  }
  const held = new Set(heldOut);
  const kept = Int32Array.from({ length: labels.length }, (_, i) => i).filter((i) => !held.has(i));
  return { kept, heldOut: Int32Array.from(heldOut).sort() };
}
