import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateShapes } from '../../../lib/data/kinds/shapes/generate.js';
import { labelsOf } from '../../support/datasets.js';
import { correctByMeanColor } from '../../support/mean-color.js';

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
  const counts = new Array<number>(10).fill(0);
  for (const label of labels) counts[label] = (counts[label] as number) + 1;
  assert.ok(Math.min(...counts) > 100, counts.join(' '));
  // Chance is 10 %.
  const correct = correctByMeanColor(train.source.pixels, labels, 24, 10);
  assert.ok(correct < 0.2, `${correct} by colour alone`);
});
