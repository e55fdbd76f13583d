import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normal } from '../../../bench/judging/shapes.js';
import { simulate } from '../../../bench/judging/simulate.js';
import { type Decision, decideAbove, decideMostly, decideWithin } from '../../../lib/tables/judging/decisions.js';
import { ERROR, sequentialLooks, singleLook } from '../../../lib/tables/judging/looks.js';
import { measures } from '../../../lib/tables/judging/measures.js';

/** npm run bench judging has more shapes and repetitions. */
const REPETITIONS = 4000;
const { leastEffect, within } = measures.knn;

/** Of normal differences with a standard deviation of 10 points, so that no verdict rests on the size of the effect alone. */
const rates = (mean: number, decide: (values: readonly number[], error: number) => Decision | null, seeds = 5) =>
  simulate(sequentialLooks(seeds), (random) => mean + 0.1 * normal(random), decide, REPETITIONS, 7);

const above = (values: readonly number[], error: number): Decision | null => decideAbove(values, error, leastEffect);
const near = (values: readonly number[], error: number): Decision | null => decideWithin(values, error, within);

test('a claim that is false is said to hold in at most 5 % of cases, whatever the looks have seen', () => {
  for (const seeds of [3, 5]) {
    const { holds } = rates(0, above, seeds);
    // Bonferroni wastes little: a rule that is much stricter than it says has lost power for nothing.
    assert.ok(holds <= ERROR && holds > 0.03, `${holds} with ${seeds} seeds`);
  }
  for (const mean of [within, -within]) assert.ok(rates(mean, near).holds <= ERROR);
  const once = simulate(singleLook(3), (random) => 0.1 * normal(random), above, REPETITIONS, 7);
  assert.ok(once.holds <= ERROR + 0.01 && once.holds > 0.03, `${once.holds}`);
});

test('a claim that is true is said not to hold in at most 5 % of cases', () => {
  assert.ok(rates(leastEffect, above).doesNotHold <= ERROR);
  for (const mean of [0, within, -within]) assert.ok(rates(mean, near).doesNotHold <= ERROR);
  const coin = simulate(sequentialLooks(5), (random) => random.chance(0.5), decideMostly, REPETITIONS, 7);
  assert.ok(coin.holds <= ERROR && coin.doesNotHold <= ERROR, `${coin.holds}, ${coin.doesNotHold}`);
});

test('it has the power to say so: differences of ten points at a standard deviation of 3.5', () => {
  const draw = (mean: number) => (random: Parameters<typeof normal>[0]) => mean + 0.035 * normal(random);
  const better = simulate(sequentialLooks(5), draw(0.1), above, 1000, 7);
  assert.ok(better.holds > 0.99 && better.decidedAtOnce > 0.95, JSON.stringify(better));
  const same = simulate(sequentialLooks(5), draw(0), near, 1000, 7);
  assert.ok(same.holds > 0.6, JSON.stringify(same));
});
