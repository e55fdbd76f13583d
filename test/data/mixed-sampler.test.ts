import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MixedSampler } from '../../lib/data/mixed-sampler.js';

const images = 60;
/** Ten with a label: 0, 6, 12, ... */
const labels = Int32Array.from({ length: images }, (_, i) => (i % 6 === 0 ? i % 5 : -1));
const options = { labels, labelledRows: 4, batchSize: 12, accumulate: 2, seed: 3 };
const isLabelled = (image: number): boolean => (labels[image] as number) >= 0;

test('every micro-batch has as many labelled images, its first rows; the others come once an epoch', async () => {
  const sampler = await MixedSampler.make(options);
  // 50 others in steps of 16.
  assert.deepEqual([sampler.rows, sampler.stepsPerEpoch, sampler.dropped], [24, 3, 2]);
  assert.deepEqual(
    [0, 2, 3].map((step) => sampler.epochOf(step)),
    [0, 0, 1],
  );
  const steps = await Promise.all([0, 1, 2].map((step) => sampler.indices(step)));
  const others = steps.flatMap((indices) => {
    const rows = [...indices];
    const kinds = rows.map(isLabelled);
    const micro = [...Array(4).fill(true), ...Array(8).fill(false)];
    assert.deepEqual(kinds, [...micro, ...micro]);
    return rows.filter((image) => !isLabelled(image));
  });
  assert.equal(new Set(others).size, 48);
});

test('labelled images come equally often, in a new order each time around', async () => {
  const sampler = await MixedSampler.make(options);
  // 5 steps of 8: four times around.
  const steps = await Promise.all([0, 1, 2, 3, 4].map((step) => sampler.indices(step)));
  const drawn = steps.flatMap((rows) => [...rows].filter(isLabelled));
  const rounds = [0, 1, 2, 3].map((round) => drawn.slice(10 * round, 10 * (round + 1)));
  for (const round of rounds) assert.equal(new Set(round).size, 10);
  assert.notDeepEqual(rounds[0], rounds[1]);
});

test('an image that comes again in an epoch is augmented anew', async () => {
  const sampler = await MixedSampler.make(options);
  for (const epoch of [0, 1]) {
    const steps = [0, 1, 2].map((step) => 3 * epoch + step);
    const draws = (await Promise.all(steps.map((step) => sampler.draws(step)))).flatMap((rows) => [...rows]);
    assert.equal(new Set(draws).size, 72);
    const drawn = (await Promise.all(steps.map((step) => sampler.indices(step)))).flatMap((rows) => [...rows]);
    assert.deepEqual(
      draws.map((draw) => draw % images),
      drawn,
    );
  }
});

test('any step can be drawn without the ones before it', async () => {
  const forward = await MixedSampler.make(options);
  const orders = await Promise.all([0, 1, 2, 3, 4].map((step) => forward.indices(step)));
  const backward = await MixedSampler.make(options);
  for (const step of [4, 1, 3, 0]) assert.deepEqual(await backward.indices(step), orders[step]);
});

test('too few images without a label for one step are refused', async () => {
  await assert.rejects(MixedSampler.make({ ...options, accumulate: 7 }), { code: 'ERR_BYOL_DATA' });
});
