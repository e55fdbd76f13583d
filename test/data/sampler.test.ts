import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sampler, type SamplerOptions } from '../../lib/data/sampler.js';
import { ByolError } from '../../lib/errors.js';
import { Stream } from '../../lib/random/philox.js';

const plain: SamplerOptions = { batchSize: 10, accumulate: 1, seed: 5, epochBoundary: 'drop-last' };
const boundaries = ['stream', 'drop-last'] as const;

/** Image numbers of all rows of the steps from `begin` to before `end`. */
async function imagesOf(sampler: Sampler, begin: number, end: number): Promise<number[]> {
  const images: number[] = [];
  for (let step = begin; step < end; step += 1) images.push(...(await sampler.indices(step)));
  return images;
}

test('an epoch is every image at most once; what does not fill a step is left out, other ones each time', async () => {
  const sampler = new Sampler(103, { ...plain, accumulate: 2 });
  assert.equal(sampler.epochs.perEpoch, 5);
  assert.equal(sampler.epochs.dropped, 3);
  const seen = [new Set(await imagesOf(sampler, 0, 5)), new Set(await imagesOf(sampler, 5, 10))];
  for (const set of seen) assert.equal(set.size, 100);
  assert.notDeepEqual(seen[0], seen[1]);
});

test('a stream leaves nothing out: every image once an epoch, whatever the sizes', async () => {
  const random = new Stream(2, 0, 0);
  for (let trial = 0; trial < 60; trial += 1) {
    const [batchSize, accumulate] = [1 + random.below(6), 1 + random.below(3)];
    const images = batchSize * accumulate + random.below(30);
    const epochs = 1 + random.below(6);
    const sampler = new Sampler(images, { batchSize, accumulate, seed: trial, epochBoundary: 'stream' });
    const steps = sampler.epochs.stepsIn(epochs);
    const drawn = await imagesOf(sampler, 0, steps);
    assert.equal(drawn.length, steps * batchSize * accumulate);
    assert.ok(epochs * images - drawn.length < batchSize * accumulate, 'no other whole step fits');
    for (let epoch = 0; epoch < epochs; epoch += 1) {
      const order = drawn.slice(epoch * images, (epoch + 1) * images);
      assert.equal(new Set(order).size, order.length, `${images} images, epoch ${epoch}`);
      if (epoch < epochs - 1) assert.equal(order.length, images);
    }
  }
});

test('both take their images from the same orders', async () => {
  const stream = new Sampler(25, { ...plain, epochBoundary: 'stream' });
  const dropLast = new Sampler(25, plain);
  for (const step of [0, 1]) assert.deepEqual(await stream.indices(step), await dropLast.indices(step));
  // The third step of the stream: the five that the first epoch would leave out, and five of the next.
  const shared = await stream.indices(2);
  assert.deepEqual(shared.subarray(5), (await dropLast.indices(2)).subarray(0, 5));
  const first = await imagesOf(dropLast, 0, 2);
  for (const image of shared.subarray(0, 5)) assert.ok(!first.includes(image));
});

test('an image that comes in both epochs of a step is augmented twice', async () => {
  const images = 13;
  const sampler = new Sampler(images, { ...plain, epochBoundary: 'stream' });
  let twice = 0;
  for (let epoch = 0; epoch < 40; epoch += 1) {
    const draws: number[] = [];
    for (let step = sampler.epochs.stepsIn(epoch); step < sampler.epochs.stepsIn(epoch + 1); step += 1) {
      const indices = await sampler.indices(step);
      const own = await sampler.draws(step);
      assert.deepEqual(
        own.map((draw) => draw % images),
        indices,
      );
      draws.push(...own);
      if (new Set(indices).size < 10) twice += 1;
    }
    assert.equal(new Set(draws).size, draws.length);
  }
  assert.ok(twice > 10, 'the test needs steps that hold an image twice');
});

for (const epochBoundary of boundaries) {
  test(`any step can be drawn without the ones before it, ${epochBoundary}`, async () => {
    const options = { ...plain, batchSize: 16, epochBoundary };
    const steps = [0, 1, 2, 3, 4, 5, 6, 7, 8];
    const forward = new Sampler(70, options);
    const rows: Int32Array[][] = [];
    for (const step of steps) rows.push([await forward.indices(step), await forward.draws(step)]);
    const backward = new Sampler(70, options);
    for (const step of [6, 4, 8, 1, 0]) {
      assert.deepEqual([await backward.indices(step), await new Sampler(70, options).draws(step)], rows[step]);
    }
  });

  test(`an epoch without a step is refused with the numbers, ${epochBoundary}`, () => {
    assert.throws(
      () => new Sampler(31, { batchSize: 16, accumulate: 2, seed: 0, epochBoundary }),
      (error) =>
        error instanceof ByolError &&
        error.code === 'ERR_BYOL_DATA' &&
        /31/.test(error.message) &&
        /32/.test(error.message),
    );
    assert.equal(new Sampler(32, { batchSize: 16, accumulate: 2, seed: 0, epochBoundary }).epochs.stepsIn(7), 7);
  });
}
