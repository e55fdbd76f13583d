import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MixedSampler } from '../../lib/data/mixed-sampler.js';

const images = 60;
/** Ten with a label: 0, 6, 12, ... */
const labels = Int32Array.from({ length: images }, (_, i) => (i % 6 === 0 ? i % 5 : -1));
const options = { labels, labelledRows: 4, batchSize: 12, accumulate: 2, seed: 3 };
const isLabelled = (image: number): boolean => (labels[image] as number) >= 0;

test('every micro-batch has as many labelled images, its first rows; the others come once an epoch', () => {
  const sampler = new MixedSampler(options);
  // 50 others in steps of 16.
  assert.deepEqual([sampler.rows, sampler.stepsPerEpoch, sampler.dropped], [24, 3, 2]);
  assert.deepEqual(
    [0, 2, 3].map((step) => sampler.epochOf(step)),
    [0, 0, 1],
  );
  const others = [0, 1, 2].flatMap((step) => {
    const rows = [...sampler.indices(step)];
    const kinds = rows.map(isLabelled);
    const micro = [...Array(4).fill(true), ...Array(8).fill(false)];
    assert.deepEqual(kinds, [...micro, ...micro]);
    return rows.filter((image) => !isLabelled(image));
  });
  assert.equal(new Set(others).size, 48);
});

test('labelled images come equally often, in a new order each time around', () => {
  const sampler = new MixedSampler(options);
  // 5 steps of 8: four times around.
  const drawn = [0, 1, 2, 3, 4].flatMap((step) => [...sampler.indices(step)].filter(isLabelled));
  const rounds = [0, 1, 2, 3].map((round) => drawn.slice(10 * round, 10 * (round + 1)));
  for (const round of rounds) assert.equal(new Set(round).size, 10);
  assert.notDeepEqual(rounds[0], rounds[1]);
});

test('an image that comes again in an epoch is augmented anew', () => {
  const sampler = new MixedSampler(options);
  for (const epoch of [0, 1]) {
    const draws = [0, 1, 2].flatMap((step) => [...sampler.draws(3 * epoch + step)]);
    assert.equal(new Set(draws).size, 72);
    const drawn = [0, 1, 2].flatMap((step) => [...sampler.indices(3 * epoch + step)]);
    assert.deepEqual(
      draws.map((draw) => draw % images),
      drawn,
    );
  }
});

test('any step can be drawn without the ones before it', () => {
  const forward = new MixedSampler(options);
  const orders = [0, 1, 2, 3, 4].map((step) => forward.indices(step));
  const backward = new MixedSampler(options);
  for (const step of [4, 1, 3, 0]) assert.deepEqual(backward.indices(step), orders[step]);
});

test('too few images without a label for one step are refused', () => {
  assert.throws(() => new MixedSampler({ ...options, accumulate: 7 }), { code: 'ERR_BYOL_DATA' });
});
