import assert from 'node:assert/strict';
import { test } from 'node:test';
import { betterInEach, type CellClaim, type CellSample, judgeCells } from '../../../lib/tables/encoders/cell-claims.js';
import { singleLook } from '../../../lib/tables/judging/looks.js';

const claim = (kind: CellClaim['kind']): CellClaim => ({
  says: 'A is better than B.',
  kind,
  of: { row: 'a', column: 'top-1' },
  than: { row: 'b', column: 'top-1' },
});

const here = {
  version: '0.1.0',
  commit: null,
  torch: '2.13.0',
  cpu: 'A processor',
  cpuCapability: 'AVX2',
  device: 'cpu',
  precision: 'float32',
};

type Values = readonly (number | null)[];
const samples = (values: Values): CellSample[] => values.map((value, seed) => ({ seed, value, origin: here }));

const judged = (kind: CellClaim['kind'], a: Values | undefined, b: Values | undefined): [string, string] => {
  const of = ({ row }: { row: string }) => (row === 'a' ? a : b);
  const { verdict, why } = judgeCells(claim(kind), (cell) => of(cell) && samples(of(cell) ?? []), singleLook(3));
  return [verdict, why];
};
const open = 'not decided at this scale';

test('better: differences that are paired by seed', () => {
  // Seeds differ by 20 points, encoders by 9.9 to 10.1: 0.1 / sqrt(3) * 2.92 = 0.17 points.
  const low = [0.3, 0.4, 0.5];
  const high = [0.4, 0.499, 0.601];
  const why = '+10.0 points, bounds +9.8 points and +10.2 points (3 seeds, one-sided 95.0 %)';
  assert.deepEqual(judged('better', high, low), ['holds', why]);
  assert.equal(judged('better', low, high)[0], 'does not hold');
  assert.equal(judged('better', [...high].reverse(), low)[0], open);
  assert.equal(
    judged('better', [0.31, 0.31, 0.31], [0.3, 0.3, 0.3])[0],
    'does not hold',
    'surely less than two points',
  );
});

test('close: less than three points apart', () => {
  const value = [0.3, 0.301, 0.302];
  assert.equal(judged('close', value, [0.305, 0.306, 0.307])[0], 'holds');
  assert.equal(judged('close', value, [0.4, 0.4, 0.4])[0], 'does not hold');
  assert.equal(judged('close', value, [0.2, 0.3, 0.4])[0], open);
});

test('what was not measured, not finite, or too seldom, decides nothing', () => {
  const three = [0.3, 0.31, 0.32];
  assert.deepEqual(judged('better', undefined, three), [open, "'a' in top-1 is not measured here"]);
  assert.deepEqual(judged('better', three, [0.1, 0.1]), [open, '2 of 3 seeds are there']);
  assert.deepEqual(judged('better', three, [0.1, 0.1, null]), [open, 'one of the two was not finite with a seed']);
});

test('a seed whose two numbers were not made alike is left out', () => {
  const of = samples([0.4, 0.5, 0.6]);
  const than = samples([0.3, 0.4, 0.5]).map((sample) => ({ ...sample, origin: { ...here, precision: 'bfloat16' } }));
  const { verdict, why } = judgeCells(claim('better'), ({ row }) => (row === 'a' ? of : than), singleLook(3));
  assert.equal(verdict, open);
  assert.match(
    why,
    /^0 of 3 seeds are there; seed 0 left out, whose numbers were not made alike: .* in float32; .* in bfloat16$/,
  );
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
