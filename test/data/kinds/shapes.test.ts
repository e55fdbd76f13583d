import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateShapes } from '../../../lib/data/kinds/shapes/generate.js';
import { labelsOf } from '../../support/datasets.js';

const options = { trainImages: 60, testImages: 20, size: 24, seed: 4 };

test('a larger set begins with the smaller one, whatever else is asked for', async () => {
  const small = await generateShapes(options);
  const large = await generateShapes({ ...options, trainImages: 90, testImages: 5 });
  assert.deepEqual(large.train.source.pixels.subarray(0, small.train.source.pixels.length), small.train.source.pixels);
  assert.deepEqual(labelsOf(large.train).subarray(0, 60), labelsOf(small.train));
});

test('splits and seeds give other images', async () => {
  const { train, test: held } = await generateShapes(options);
  const other = await generateShapes({ ...options, seed: 5 });
  const bytes = 24 * 24 * 3 * 20;
  assert.notDeepEqual(train.source.pixels.subarray(0, bytes), held.source.pixels.subarray(0, bytes));
  assert.notDeepEqual(train.source.pixels, other.train.source.pixels);
});

test('ten balanced classes, and mean colour does not give them away', async () => {
  const { train, classNames } = await generateShapes({ ...options, trainImages: 1500, testImages: 1 });
  assert.equal(classNames.length, 10);
  const labels = labelsOf(train);
  const side = 24 * 24;
  const colors = Array.from(labels, (_, i) => {
    const sum = [0, 0, 0];
    for (let p = 0; p < side * 3; p += 1)
      sum[p % 3] = (sum[p % 3] as number) + (train.source.pixels[i * side * 3 + p] as number);
    return sum.map((value) => value / side / 255);
  });
  const counts = new Array<number>(10).fill(0);
  for (const label of labels) counts[label] = (counts[label] as number) + 1;
  assert.ok(Math.min(...counts) > 100, counts.join(' '));
  // Nearest class mean in colour space, fitted and asked on the same images: chance is 10 %.
  const means = counts.map((count, c) =>
    [0, 1, 2].map(
      (k) => colors.reduce((sum, color, i) => sum + (labels[i] === c ? (color[k] as number) : 0), 0) / count,
    ),
  );
  const distance = (a: number[], b: number[]): number =>
    a.reduce((sum, value, k) => sum + (value - (b[k] as number)) ** 2, 0);
  const correct = colors.filter((color, i) => {
    const ranked = means.map((mean, c) => [distance(color, mean), c] as const).sort((a, b) => a[0] - b[0]);
    return ranked[0]?.[1] === labels[i];
  }).length;
  assert.ok(correct / labels.length < 0.2, `${correct} of ${labels.length} by colour alone`);
});
