/** Denormals are zero on the LibTorch thread and on the threads that it computes with, where they would only be slow. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identityPlan } from '../support/plans.js';
import { firstRows, makeImages, nativeOnOneThread, size, view } from './small.js';

const native = nativeOnOneThread();
const rows = 16;
const images = makeImages(native, rows);

for (const executor of ['fused', 'reference'] as const) {
  for (const threads of [1, 2]) {
    test(`the ${executor} executor on ${threads} threads`, async () => {
      native.setThreads(threads);
      const values = await native.executePlan({
        images,
        indices: firstRows(rows),
        plan: identityPlan(rows, size, size),
        // (x - 0) / 2e37 for pixels x of 0 to 1: 5e-38 is a normal float32, everything below 1.2e-38 is denormal.
        view: { ...view, mean: [0, 0, 0], std: [2e37, 2e37, 2e37] },
        executor,
        dtype: 'float32',
        threads,
        device: 'cpu',
      });
      native.setThreads(1);
      const smallest = 2 ** -126;
      assert.ok(values.some((value) => value >= smallest));
      assert.ok(values.some((value) => value === 0));
      assert.deepEqual(
        [...values].filter((value) => value !== 0 && Math.abs(value) < smallest),
        [],
      );
    });
  }
}
