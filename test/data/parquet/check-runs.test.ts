import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areRunsWithin } from '../../../lib/data/parquet/check-runs.js';

test('runs of as many values as there are, packed or not, are within; a longer one is not', () => {
  // 20 times one value of 3 bits; 16 values of 3 bits, packed; both one after the other.
  const [run, packed] = [
    [20 << 1, 5],
    [(2 << 1) | 1, 1, 2, 3, 4, 5, 6],
  ];
  assert.ok(areRunsWithin(Uint8Array.from(run), 3, 20, 20));
  assert.ok(areRunsWithin(Uint8Array.from(packed), 3, 13, 13), 'packed ones are of whole groups');
  assert.ok(areRunsWithin(Uint8Array.from([...run, ...packed]), 3, 36, 36));
  assert.ok(areRunsWithin(Uint8Array.from([...packed, ...run]), 3, 36, 36));
  assert.ok(areRunsWithin(new Uint8Array(), 3, 0, 36), 'nulls have no numbers');
  assert.ok(!areRunsWithin(Uint8Array.from(run), 3, 36, 36), 'who reads them would read on behind them');
  const long = [0xfe, 0xff, 0xff, 0xff, 0x07, 1];
  assert.ok(!areRunsWithin(Uint8Array.from(long), 3, 20, 20));
  assert.ok(!areRunsWithin(Uint8Array.from([...packed, ...long]), 3, 36, 36));
  assert.ok(!areRunsWithin(Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x07, 1]), 3, 20, 20));
});
