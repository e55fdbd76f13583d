import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Claim, judgeClaim, type RowSamples, rules } from '../../lib/tables/claims.js';
import { standardError, summarize } from '../../lib/tables/statistics.js';

const row = (top1: number[], collapseStd = top1.map(() => 0.8), diverged = 0): RowSamples => ({
  top1,
  gain: top1.map((value) => value - 0.3),
  collapseStd,
  diverged,
});

function judged(claim: Claim, rows: Record<string, RowSamples>): [string, string] {
  const { verdict, why, rule } = judgeClaim(claim, new Map(Object.entries(rows)));
  assert.equal(rule, rules[claim.kind]);
  return [verdict, why];
}

const better: Claim = { says: '', kind: 'better', row: 'a', than: 'b' };
const close: Claim = { says: '', kind: 'close', row: 'a', to: 'b' };

test("mean, unbiased variance and Welch's standard error", () => {
  const summary = summarize([1, 2, 6]);
  // (4 + 1 + 9) / 2
  assert.deepEqual(summary, { runs: 3, mean: 3, min: 1, max: 6, variance: 7 });
  assert.equal(summarize([]), null);
  assert.equal(summarize([5])?.variance, 0);
  const other = summarize([0, 2]);
  assert.ok(summary && other);
  // sqrt(7 / 3 + 2 / 2)
  assert.ok(Math.abs(standardError(summary, other) - Math.sqrt(10 / 3)) < 1e-12);
});

test('better: the difference exceeds twice its standard error and two points', () => {
  // Variances 0.0004: twice the standard error is 2 sqrt(2 * 0.0004 / 3) = 0.0327.
  const high = row([0.5, 0.52, 0.54]);
  const low = row([0.4, 0.42, 0.44]);
  const why = (sign: string): string => `difference ${sign}10.0 points, twice its standard error 3.3 points`;
  assert.deepEqual(judged(better, { a: high, b: low }), ['holds', why('+')]);
  assert.deepEqual(judged(better, { a: low, b: high }), ['does not hold', why('-')]);
  // 3 points are less than 3.3.
  assert.equal(judged(better, { a: high, b: row([0.47, 0.49, 0.51]) })[0], 'not decided at this scale');
  // Sure, but small.
  assert.equal(
    judged(better, { a: row([0.5, 0.5, 0.5]), b: row([0.489, 0.489, 0.489]) })[0],
    'not decided at this scale',
  );
  assert.equal(judged(better, { a: row([0.5, 0.5, 0.5]), b: row([0.479, 0.479, 0.479]) })[0], 'holds');
});

test('learns: the gain over the untrained network exceeds twice its standard error and two points', () => {
  const learns: Claim = { says: '', kind: 'learns', row: 'a' };
  // Variance 0.0004: twice the standard error is 2 sqrt(0.0004 / 3) = 0.023.
  const why = (gain: string): string => `gain ${gain} points, twice its standard error 2.3 points`;
  assert.deepEqual(judged(learns, { a: row([0.4, 0.42, 0.44]) }), ['holds', why('+12.0')]);
  assert.deepEqual(judged(learns, { a: row([0.3, 0.32, 0.34]) }), ['not decided at this scale', why('+2.0')]);
  assert.deepEqual(judged(learns, { a: row([0.26, 0.28, 0.3]) }), ['does not hold', why('-2.0')]);
  assert.equal(judged(learns, { a: row([0.31, 0.31, 0.31]) })[0], 'does not hold');
});

test('close: small and sure; a decided difference is not', () => {
  const exact = row([0.5, 0.5, 0.5]);
  assert.equal(judged(close, { a: exact, b: row([0.489, 0.489, 0.489]) })[0], 'holds');
  assert.equal(judged(close, { a: exact, b: row([0.45, 0.45, 0.45]) })[0], 'does not hold');
  // Equal means, but up to 3.3 points apart for all that is known.
  const spread = row([0.5, 0.52, 0.54]);
  assert.equal(judged(close, { a: spread, b: spread })[0], 'not decided at this scale');
});

test('losesMore: the difference of two losses', () => {
  const claim: Claim = {
    says: '',
    kind: 'losesMore',
    drop: { from: 'a', to: 'b' },
    thanDrop: { from: 'c', to: 'd' },
  };
  const rows = {
    a: row([0.7, 0.7, 0.7]),
    b: row([0.4, 0.4, 0.4]),
    c: row([0.72, 0.72, 0.72]),
    d: row([0.67, 0.67, 0.67]),
  };
  // 0.30 - 0.05
  assert.deepEqual(judged(claim, rows), ['holds', 'difference +25.0 points, twice its standard error 0.0 points']);
  const { a, b, c, d } = rows;
  assert.equal(judged(claim, { a: c, b: d, c: a, d: b })[0], 'does not hold');
  // All four spreads count: 2 sqrt(4 * 0.01 / 3) = 0.23 is still less, with 0.02 it is more.
  const noise = (mean: number, half: number): RowSamples => row([mean - half, mean, mean + half]);
  const noisy = (half: number) => ({
    a: noise(0.7, half),
    b: noise(0.4, half),
    c: noise(0.72, half),
    d: noise(0.67, half),
  });
  assert.equal(judged(claim, noisy(0.1))[0], 'holds');
  assert.equal(judged(claim, noisy(Math.sqrt(0.02)))[0], 'not decided at this scale');
});

test('collapse: every seed below the threshold, or none', () => {
  const collapses: Claim = { says: '', kind: 'collapses', row: 'a' };
  const doesNot: Claim = { says: '', kind: 'doesNotCollapse', row: 'a' };
  const knn = [0.1, 0.1, 0.1];
  for (const [std, first, second] of [
    [[0.01, 0.02, 0.099], 'holds', 'does not hold'],
    [[0.1, 0.5, 0.9], 'does not hold', 'holds'],
    [[0.01, 0.5, 0.9], 'not decided at this scale', 'not decided at this scale'],
    [[Number.NaN, 0, 0], 'holds', 'does not hold'],
  ] as const) {
    assert.equal(judged(collapses, { a: row(knn, [...std]) })[0], first);
    assert.equal(judged(doesNot, { a: row(knn, [...std]) })[0], second);
  }
  assert.equal(judged(collapses, { a: row(knn, [0.01, 0.02, 0.03]) })[1], 'collapse/std 0.01, 0.02, 0.03');
});

test('too few seeds, a row that was not run or diverged, and no labels decide nothing', () => {
  const good = row([0.5, 0.5, 0.5]);
  const open = 'not decided at this scale';
  assert.deepEqual(judged(better, { a: good, b: row([0.1, 0.1]) }), [open, "row 'b' has 2 of 3 seeds"]);
  assert.deepEqual(judged(better, { a: good }), [open, "row 'b' was not run"]);
  assert.deepEqual(judged(better, { a: good, b: row([0.1, 0.1, 0.1], undefined, 1) }), [open, "row 'b' diverged"]);
  assert.deepEqual(judged(better, { a: good, b: row([], [0.8, 0.8, 0.8]) }), [open, 'it was not measured']);
});
