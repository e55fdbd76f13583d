import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  atLeast,
  boundsOf,
  decideAbove,
  decideMostly,
  decideWithin,
  hitsNeeded,
} from '../../../lib/tables/judging/decisions.js';

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} instead of ${expected}`);

/** Mean 0.05, standard deviation 0.0158114, standard error 0.0070711. */
const five = [0.03, 0.04, 0.05, 0.06, 0.07];

test("bounds are the mean and Student's t times the standard error", () => {
  // scipy 1.17.1: stats.t.ppf(0.965, 4) = 2.455891992598
  const { mean, lower, upper } = boundsOf(five, 0.035);
  near(mean, 0.05);
  near(lower, 0.05 - 2.455891992598 * Math.sqrt(0.00025 / 5));
  near(upper, 0.05 + 2.455891992598 * Math.sqrt(0.00025 / 5));
});

test('above: sure of its sign, and large enough to matter', () => {
  const shifted = (by: number): number[] => five.map((value) => value + by);
  // The margin is 1.74 points.
  assert.equal(decideAbove(shifted(-0.029), 0.035, 0.02), 'holds');
  assert.equal(decideAbove(shifted(-0.031), 0.035, 0.02), null, 'sure, and less than two points');
  assert.equal(decideAbove(shifted(-0.049), 0.035, 0.02), 'does not hold', 'at most 1.84 points');
  assert.equal(decideAbove(shifted(-0.047), 0.035, 0.02), null);
  assert.equal(decideAbove(shifted(-0.2), 0.035, 0.02), 'does not hold');
  // The same seeds with a smaller error decide less.
  assert.equal(decideAbove([-0.01, 0.02, 0.03, 0.04, 0.07], 0.05, 0.02), 'holds');
  assert.equal(decideAbove([-0.01, 0.02, 0.03, 0.04, 0.07], 0.01, 0.02), null);
});

test('within: both bounds on the near side; does not hold with both on the far side', () => {
  const at = (mean: number): number[] => five.map((value) => value - 0.05 + mean);
  assert.equal(decideWithin(at(0.012), 0.035, 0.03), 'holds');
  assert.equal(decideWithin(at(-0.012), 0.035, 0.03), 'holds');
  assert.equal(decideWithin(at(0.013), 0.035, 0.03), null);
  // Half of the error: stats.t.ppf(0.9825, 4) = 3.1129..., a margin of 2.2 points.
  assert.equal(decideWithin(at(0.053), 0.035, 0.03), 'does not hold');
  assert.equal(decideWithin(at(-0.053), 0.035, 0.03), 'does not hold');
  assert.equal(decideWithin(at(0.051), 0.035, 0.03), null, 'beyond with the whole error, not with half of it');
});

test('mostly: a sign test', () => {
  // scipy 1.17.1: stats.binom.sf(k - 1, n, 0.5)
  near(atLeast(5, 5), 0.03125);
  near(atLeast(9, 10), 0.0107421875);
  near(atLeast(16, 20), 0.005908966064453125);
  near(atLeast(0, 7), 1);
  const seeds = (hits: number, count: number): boolean[] => Array.from({ length: count }, (_, i) => i < hits);
  assert.equal(decideMostly(seeds(5, 5), 0.035), 'holds');
  assert.equal(decideMostly(seeds(4, 5), 0.035), null);
  assert.equal(decideMostly(seeds(0, 5), 0.035), 'does not hold');
  assert.equal(decideMostly(seeds(3, 3), 0.05), null, 'three heads in a row are no news');
  assert.deepEqual(
    [hitsNeeded(5, 0.035), hitsNeeded(10, 0.01), hitsNeeded(20, 0.005), hitsNeeded(3, 0.05)],
    [5, 10, 17, null],
  );
  assert.equal(decideMostly(seeds(9, 10), 0.01), null);
  assert.equal(decideMostly(seeds(17, 20), 0.005), 'holds');
  assert.equal(decideMostly(seeds(3, 20), 0.005), 'does not hold');
});
