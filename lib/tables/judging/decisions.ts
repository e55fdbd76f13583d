import { studentQuantile } from './student-t.js';

/** What numbers of some seeds, one each, decide at one look. `error`: chance of a wrong decision in one direction. */

export type Decision = 'holds' | 'does not hold';

/** Of a mean: each bound fails with a chance of `error`, if the values are normal (Student's t, n - 1 degrees of freedom). */
export interface Bounds {
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
}

/** One-sided confidence bounds; of at least two values. */
export function boundsOf(values: readonly number[], error: number): Bounds {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  const margin = studentQuantile(1 - error, count - 1) * Math.sqrt(variance / count);
  return { mean, lower: mean - margin, upper: mean + margin };
}

/**
 * Whether the mean is above 0, in an amount that matters. Holds wrongly, if the true mean is 0 or less, with a chance of `error`;
 * does not hold wrongly, if the true mean is `leastEffect` or more, with as much.
 */
export function decideAbove(values: readonly number[], error: number, leastEffect: number): Decision | null {
  const { mean, lower, upper } = boundsOf(values, error);
  if (lower > 0 && mean > leastEffect) return 'holds';
  return upper < leastEffect ? 'does not hold' : null;
}

/**
 * Whether the mean is less than `within` away from 0. Holds: both one-sided tests say so (TOST, Schuirmann 1987), which has a
 * chance of `error` if it is as far away as that. Does not hold: it is farther away; since that may be on either side, each has
 * half of the error.
 */
export function decideWithin(values: readonly number[], error: number, within: number): Decision | null {
  const { lower, upper } = boundsOf(values, error);
  if (lower > -within && upper < within) return 'holds';
  const halved = boundsOf(values, error / 2);
  return halved.lower > within || halved.upper < -within ? 'does not hold' : null;
}

/**
 * Whether something happens with more than half of all seeds (sign test). Holds wrongly with a chance of `error`, if it happens
 * with half of them or fewer; does not hold wrongly, if with half or more, with as much.
 */
export function decideMostly(happened: readonly boolean[], error: number): Decision | null {
  const count = happened.length;
  const hits = happened.filter(Boolean).length;
  const needed = hitsNeeded(count, error);
  if (needed === null) return null;
  if (hits >= needed) return 'holds';
  return count - hits >= needed ? 'does not hold' : null;
}

/** With how many of `count` seeds it must happen for the sign test to say so; null: not even all are enough. */
export function hitsNeeded(count: number, error: number): number | null {
  for (let hits = 0; hits <= count; hits += 1) if (atLeast(hits, count) <= error) return hits;
  return null;
}

/** Chance of at least `hits` heads in `count` throws of a fair coin. */
export function atLeast(hits: number, count: number): number {
  let term = 0.5 ** count;
  let sum = 0;
  for (let k = 0; k <= count; k += 1) {
    if (k >= hits) sum += term;
    term *= (count - k) / (k + 1);
  }
  return sum;
}
