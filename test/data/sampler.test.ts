import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sampler } from '../../lib/data/sampler.js';
import { ByolError } from '../../lib/errors.js';

test('an epoch is every image at most once; what does not fill a step is left out, other ones each time', async () => {
  const sampler = new Sampler(103, 10, 2, 5);
  assert.equal(sampler.stepsPerEpoch, 5);
  assert.equal(sampler.dropped, 3);
  const seen: Set<number>[] = [];
  for (const epoch of [0, 1]) {
    const steps = await Promise.all([0, 1, 2, 3, 4].map((step) => sampler.indices(epoch * 5 + step)));
    seen.push(new Set(steps.flatMap((rows) => [...rows])));
  }
  for (const set of seen) assert.equal(set.size, 100);
  assert.notDeepEqual(seen[0], seen[1]);
});

test('any step can be drawn without the ones before it', async () => {
  const forward = new Sampler(64, 16, 1, 9);
  const orders = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((step) => forward.indices(step)));
  const backward = new Sampler(64, 16, 1, 9);
  for (const step of [6, 1, 7, 0]) assert.deepEqual(await backward.indices(step), orders[step]);
});

test('an epoch without a step is refused with the numbers', () => {
  assert.throws(
    () => new Sampler(31, 16, 2, 0),
    (error) =>
      error instanceof ByolError &&
      error.code === 'ERR_BYOL_DATA' &&
      /31/.test(error.message) &&
      /32/.test(error.message),
  );
});
