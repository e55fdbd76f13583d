import assert from 'node:assert/strict';
import { test } from 'node:test';
import { betterInEach, type CellClaim, judgeCells } from '../../../lib/tables/encoders/cell-claims.js';

const claim = (kind: CellClaim['kind']): CellClaim => ({
  says: 'A is better than B.',
  kind,
  of: { row: 'a', column: 'top-1' },
  than: { row: 'b', column: 'top-1' },
});

const judged = (kind: CellClaim['kind'], a: readonly number[] | undefined, b: readonly number[] | undefined) => {
  const { verdict, why } = judgeCells(claim(kind), ({ row }) => (row === 'a' ? a : b));
  return [verdict, why];
};

test('a difference has to be beyond its error and beyond two points', () => {
  // Variances 0.0001 of three: the error of the difference is sqrt(2 * 0.0001 / 3) = 0.00816.
  const low = [0.3, 0.31, 0.32];
  const high = [0.4, 0.41, 0.42];
  const why = 'difference +10.0 points, twice its standard error 1.6 points';
  assert.deepEqual(judged('better', high, low), ['holds', why]);
  assert.deepEqual(judged('better', low, high), ['does not hold', why.replace('+', '-')]);
  assert.equal(judged('better', [0.2, 0.4, 0.6], low)[0], 'not decided at this scale');
  assert.equal(judged('better', [0.31, 0.31, 0.31], [0.3, 0.3, 0.3])[0], 'not decided at this scale');
});

test('close are numbers whose difference and its error stay below two points', () => {
  const value = [0.3, 0.301, 0.302];
  assert.equal(judged('close', value, [0.305, 0.306, 0.307])[0], 'holds');
  assert.equal(judged('close', value, [0.4, 0.4, 0.4])[0], 'does not hold');
  assert.equal(judged('close', value, [0.2, 0.3, 0.4])[0], 'not decided at this scale');
});

test('what was not measured, or too seldom, decides nothing', () => {
  const three = [0.3, 0.31, 0.32];
  assert.deepEqual(judged('better', undefined, three), [
    'not decided at this scale',
    "'a' in top-1 is not measured here",
  ]);
  assert.deepEqual(judged('better', three, [0.1, 0.1]), ['not decided at this scale', "'b' in top-1 has 2 of 3 seeds"]);
});

test('one claim for each column', () => {
  const claims = betterInEach(['Food', 'Cars'], 'a', 'b', (column) => `More ${column}.`);
  assert.deepEqual(
    claims.map(({ says, of, than }) => [says, of.column, than.row]),
    [
      ['More Food.', 'Food', 'b'],
      ['More Cars.', 'Cars', 'b'],
    ],
  );
});
