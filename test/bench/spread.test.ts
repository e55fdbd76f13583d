import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, spreadOf } from '../../lib/bench/spread.js';

test('quantiles lie between the two nearest values', () => {
  const tenths = [5, 3, 1, 2, 4, 6, 7, 8, 9, 10, 11];
  assert.deepEqual(spreadOf(tenths), { median: 6, min: 1, p90: 10 });
  assert.equal(median([4, 1, 2, 8]), 3);
  assert.deepEqual(spreadOf([2]), { median: 2, min: 2, p90: 2 });
});
