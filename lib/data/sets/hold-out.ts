import { Breather } from '../../breather.js';
import { permutation } from '../../random/philox.js';
import { orderNumbers } from '../../random/purposes.js';
import { classSizes } from '../indices.js';
import type { HeldOut } from './set-definition.js';

/** Which images of a set are drawn for what. The seed is always 0: a set is divided once and for all. */
const SEED = 0;
const purposes = {
  heldOut: orderNumbers.setHeldOut,
  learned: orderNumbers.setLearned,
  limited: orderNumbers.limited,
} as const;

/**
 * A 1 for each image that is drawn: of every class `wanted(images of it, class)`, each of its images as likely. Depends on the labels and
 * their order alone. Images of no class (-1) are not drawn.
 */
export async function drawOfEachClass(
  labels: Int32Array,
  purpose: keyof typeof purposes,
  wanted: (size: number, label: number) => number,
): Promise<Uint8Array> {
  const breather = new Breather();
  const sizes = await classSizes(labels, breather);
  const left = new Map([...sizes].map(([label, size]) => [label, wanted(size, label)]));
  const drawn = new Uint8Array(labels.length);
  const order = await permutation(labels.length, SEED, 0, purposes[purpose], breather);
  for (const [place, image] of order.entries()) {
    if (place % 4096 === 0) await breather.breathe();
    const label = labels[image] as number;
    const more = left.get(label) ?? 0;
    if (more <= 0) continue;
    left.set(label, more - 1);
    drawn[image] = 1;
  }
  return drawn;
}

/**
 * A 1 for each training image that validates. At least half of the images of a class stay, so that samples of a set can be divided, too.
 *
 * @param testSizes how many test images each class has.
 */
export async function holdOut(
  labels: Int32Array,
  rule: HeldOut,
  testSizes: ReadonlyMap<number, number>,
): Promise<Uint8Array> {
  const sizes = await classSizes(labels);
  const shares = 'images' in rule ? sharesOf(sizes, rule.images / rule.of) : null;
  return drawOfEachClass(labels, 'heldOut', (size, label) => {
    const wanted =
      'ofEachClass' in rule
        ? rule.ofEachClass
        : 'asTest' in rule
          ? (testSizes.get(label) ?? 0)
          : (shares?.get(label) ?? 0);
    return Math.min(wanted, Math.floor(size / 2));
  });
}

/** A part of each class, in whole images that together are that part of all: the largest remainders are rounded up. */
export function sharesOf(sizes: ReadonlyMap<number, number>, part: number): ReadonlyMap<number, number> {
  const shares = [...sizes]
    .map(([label, size]) => ({ label, whole: Math.floor(size * part), rest: (size * part) % 1 }))
    .sort((a, b) => b.rest - a.rest || a.label - b.label);
  const images = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const more = Math.round(images * part) - shares.reduce((sum, { whole }) => sum + whole, 0);
  return new Map(shares.map(({ label, whole }, place) => [label, whole + (place < more ? 1 : 0)]));
}
