import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MixedSampler, type MixedSamplerOptions } from '../../lib/data/mixed-sampler.js';

const images = 60;
/** Ten with a label: 0, 6, 12, ... */
const labels = Int32Array.from({ length: images }, (_, i) => (i % 6 === 0 ? i % 5 : -1));
const options: MixedSamplerOptions = {
  labels,
  labelledRows: 4,
  batchSize: 12,
  accumulate: 2,
  seed: 3,
  epochBoundary: 'drop-last',
};
const streamed: MixedSamplerOptions = { ...options, epochBoundary: 'stream' };
/** Image numbers of the first steps, and what tells their augmentations apart. */
async function rowsOf(
  sampler: MixedSampler,
  steps: number,
  from = 0,
): Promise<{ images: number[][]; draws: number[][] }> {
  const rows = { images: [] as number[][], draws: [] as number[][] };
  for (let step = from; step < from + steps; step += 1) {
    rows.images.push([...(await sampler.indices(step))]);
    rows.draws.push([...(await sampler.draws(step))]);
  }
  return rows;
}
const isLabelled = (image: number): boolean => (labels[image] as number) >= 0;

test('every micro-batch has as many labelled images, its first rows; the others come once an epoch', async () => {
  const sampler = await MixedSampler.make(options);
  // 50 others in steps of 16.
  assert.deepEqual([sampler.rows, sampler.epochs.perEpoch, sampler.epochs.dropped], [24, 3, 2]);
  assert.deepEqual(
    [0, 2, 3].map((step) => sampler.epochs.epochOf(step)),
    [0, 0, 1],
  );
  const others = (await rowsOf(sampler, 3)).images.flatMap((rows) => {
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
  const drawn = (await rowsOf(sampler, 5)).images.flat().filter(isLabelled);
  const rounds = [0, 1, 2, 3].map((round) => drawn.slice(10 * round, 10 * (round + 1)));
  for (const round of rounds) assert.equal(new Set(round).size, 10);
  assert.notDeepEqual(rounds[0], rounds[1]);
});

test('an image that comes again in an epoch is augmented anew', async () => {
  const sampler = await MixedSampler.make(options);
  for (const epoch of [0, 1]) {
    const rows = await rowsOf(sampler, 3, 3 * epoch);
    assert.equal(new Set(rows.draws.flat()).size, 72);
    assert.deepEqual(
      rows.draws.flat().map((draw) => draw % images),
      rows.images.flat(),
    );
  }
});

test('a stream leaves out none of the others, and keeps every micro-batch as mixed', async () => {
  const sampler = await MixedSampler.make(streamed);
  // 50 others in steps of 16: 8 epochs are 25 steps.
  assert.deepEqual([sampler.epochs.stepsIn(1), sampler.epochs.stepsIn(8), sampler.epochs.dropped], [3, 25, 0]);
  const drawn = (await rowsOf(sampler, 25)).images;
  const micro = [...Array(4).fill(true), ...Array(8).fill(false)];
  for (const rows of drawn) assert.deepEqual(rows.map(isLabelled), [...micro, ...micro]);
  const others = drawn.flat().filter((image) => !isLabelled(image));
  const labelled = drawn.flat().filter(isLabelled);
  for (let epoch = 0; epoch < 8; epoch += 1) assert.equal(new Set(others.slice(50 * epoch, 50 * epoch + 50)).size, 50);
  for (let round = 0; round < 20; round += 1)
    assert.equal(new Set(labelled.slice(10 * round, 10 * round + 10)).size, 10);
});

test('in a stream too whatever comes again in an epoch is augmented anew', async () => {
  const sampler = await MixedSampler.make(streamed);
  for (let epoch = 0; epoch < 8; epoch += 1) {
    const begin = sampler.epochs.stepsIn(epoch);
    const rows = await rowsOf(sampler, sampler.epochs.stepsIn(epoch + 1) - begin, begin);
    const draws = rows.draws.flat();
    assert.equal(new Set(draws).size, draws.length);
    assert.deepEqual(
      draws.map((draw) => draw % images),
      rows.images.flat(),
    );
  }
});

for (const of of [options, streamed]) {
  test(`any step can be drawn without the ones before it, ${of.epochBoundary}`, async () => {
    const rows = await rowsOf(await MixedSampler.make(of), 5);
    for (const step of [4, 1, 3, 0]) {
      const alone = await rowsOf(await MixedSampler.make(of), 1, step);
      assert.deepEqual([alone.images[0], alone.draws[0]], [rows.images[step], rows.draws[step]]);
    }
  });

  test(`too few images without a label for one step are refused with what is there, ${of.epochBoundary}`, async () => {
    await assert.rejects(MixedSampler.make({ ...of, accumulate: 7 }), {
      code: 'ERR_BYOL_DATA',
      message: /50 training images are used without a label, but a step takes 56 of them/,
    });
  });
}

test('images without any label that may be used are refused, not searched for ever', async () => {
  await assert.rejects(MixedSampler.make({ ...options, labels: new Int32Array(images).fill(-1) }), {
    code: 'ERR_BYOL_DATA',
    message: /No training image has a label/,
  });
});
