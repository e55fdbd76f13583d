import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EpochSteps } from '../../lib/data/epoch-steps.js';
import { Stream } from '../../lib/random/philox.js';

const stream = (images: number, rows: number): EpochSteps => new EpochSteps({ images, rows, boundary: 'stream' });
const dropLast = (images: number, rows: number): EpochSteps => new EpochSteps({ images, rows, boundary: 'drop-last' });

test('a stream of 10 images in steps of 4: epochs end after 2, 5, 7 and 10 steps', () => {
  const epochs = stream(10, 4);
  assert.deepEqual([epochs.perEpoch, epochs.dropped], [2.5, 0]);
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((e) => epochs.stepsIn(e)),
    [0, 2, 5, 7, 10],
  );
  // Images of the steps: 0-3, 4-7, 8-9 and 0-1, 2-5, 6-9.
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].map((step) => epochs.epochOf(step)),
    [0, 0, 1, 1, 1, 2],
  );
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 7].map((steps) => epochs.endsAt(steps)),
    [true, false, true, false, false, true, false, true],
  );
  // A warm-up of part of an epoch: 1.5 * 10 / 4 = 3.75.
  assert.equal(epochs.stepsIn(1.5), 3);
});

test('10 images in steps of 4 with the last two left out: every epoch has two steps', () => {
  const epochs = dropLast(10, 4);
  assert.deepEqual([epochs.perEpoch, epochs.dropped], [2, 2]);
  assert.deepEqual(
    [0, 1, 2, 3].map((e) => epochs.stepsIn(e)),
    [0, 2, 4, 6],
  );
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((step) => epochs.epochOf(step)),
    [0, 0, 1, 1, 2],
  );
});

test('the published runs: steps and warm-up of ImageNet and Imagenette', () => {
  const imagenet = stream(1_281_167, 4096);
  assert.deepEqual([imagenet.stepsIn(1000), imagenet.stepsIn(10)], [312_784, 3127]);
  const imagenette = stream(9469, 256);
  assert.deepEqual([imagenette.stepsIn(1000), imagenette.stepsIn(10)], [36_988, 369]);
});

test('where images fill the steps both are the same', () => {
  for (const steps of [0, 1, 7, 8, 9, 80]) {
    assert.equal(stream(64, 8).epochOf(steps), dropLast(64, 8).epochOf(steps));
    assert.equal(stream(64, 8).stepsIn(steps), 8 * steps);
    assert.equal(dropLast(64, 8).stepsIn(steps), 8 * steps);
  }
});

test('any sizes: every epoch has steps, they follow each other without a gap, and count as the images do', () => {
  const random = new Stream(1, 0, 0);
  for (let trial = 0; trial < 200; trial += 1) {
    const rows = 1 + random.below(trial < 100 ? 12 : 4096);
    const images = rows + random.below(trial < 100 ? 40 : 2_000_000);
    const last = 1 + random.below(12);
    for (const epochs of [stream(images, rows), dropLast(images, rows)]) {
      const seen = images - epochs.dropped;
      assert.ok(seen % rows === 0 || epochs.dropped === 0);
      for (let epoch = 0; epoch < last; epoch += 1) {
        const [begin, end] = [epochs.stepsIn(epoch), epochs.stepsIn(epoch + 1)];
        assert.ok(begin < end, `${images} images in steps of ${rows}: epoch ${epoch}`);
        for (const step of [begin, Math.floor((begin + end) / 2), end - 1]) assert.equal(epochs.epochOf(step), epoch);
        assert.ok(epochs.endsAt(end));
        if (end - begin > 1) assert.ok(!epochs.endsAt(end - 1));
        // What of these epochs has not been in a step is less than a step.
        const rest = (epoch + 1) * seen - end * rows;
        assert.ok(rest >= 0 && rest < rows);
      }
    }
  }
});
