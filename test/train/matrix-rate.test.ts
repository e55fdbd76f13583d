import assert from 'node:assert/strict';
import { test } from 'node:test';
import { knownMatrixRate, measureMatrixRate } from '../../lib/train/matrix-rate.js';

const place = { device: 'cuda:7', precision: 'bfloat16' } as const;

test('a rate is measured once for a device and a precision, and a failure is no number', async () => {
  const asked: string[] = [];
  const native = {
    deviceRates: async (device: string, precision: string) => {
      asked.push(`${device} ${precision}`);
      if (asked.length === 1) throw new Error('out of memory');
      return { matrix: 5e14, copy: 3e12 };
    },
  };
  assert.equal(knownMatrixRate(place), null);
  assert.equal(await measureMatrixRate(native, place), null);
  assert.equal(knownMatrixRate(place), null);
  assert.equal(await measureMatrixRate(native, place), 5e14);
  assert.equal(knownMatrixRate(place), 5e14);
  assert.equal(knownMatrixRate({ ...place, precision: 'float32' }), null);
  assert.deepEqual(asked, ['cuda:7 bfloat16', 'cuda:7 bfloat16']);
});
