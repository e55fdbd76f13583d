import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR, lookAt, sequentialLooks, singleLook } from '../../../lib/tables/judging/looks.js';

test('the errors of all looks add up to what a claim is allowed', () => {
  for (const looks of [sequentialLooks(5), singleLook(3)]) {
    const sum = looks.reduce((total, { error }) => total + error, 0);
    assert.ok(sum <= ERROR + 1e-12, `${sum}`);
  }
  assert.deepEqual(
    sequentialLooks(5).map(({ seeds }) => seeds),
    [5, 10, 20],
  );
});

test('the first look that decides has the word; values between looks and after them have none', () => {
  const asked: [number, number][] = [];
  const decidedBy = (sums: Readonly<Record<number, string>>) => (values: readonly number[], error: number) => {
    asked.push([values.length, error]);
    return sums[values.length] ?? null;
  };
  const looks = sequentialLooks(3);
  const values = (count: number): number[] => Array(count).fill(1);
  const [first, second, third] = looks;
  assert.deepEqual(lookAt(looks, values(2), decidedBy({ 2: 'yes' })), { verdict: null, at: null, next: first });
  assert.deepEqual(asked, []);
  assert.deepEqual(lookAt(looks, values(5), decidedBy({})), { verdict: null, at: first, next: second });
  assert.deepEqual(asked, [[3, 0.035]]);
  assert.deepEqual(lookAt(looks, values(12), decidedBy({ 6: 'no', 12: 'yes' })), {
    verdict: 'no',
    at: second,
    next: null,
  });
  assert.deepEqual(lookAt(looks, values(20), decidedBy({})), { verdict: null, at: third, next: null });
  // Two are too few for any rule.
  assert.equal(lookAt(singleLook(2), values(2), decidedBy({ 2: 'yes' })).verdict, null);
});
