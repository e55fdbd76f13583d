import assert from 'node:assert/strict';
import { test } from 'node:test';
import { officialViews } from '../lib/augment/pipeline.js';
import { drawPlanInSlices } from '../lib/augment/plan.js';
import { storedImages } from '../lib/data/images.js';
import { labelledPart } from '../lib/data/labelled-part.js';
import { MixedSampler } from '../lib/data/mixed-sampler.js';
import { Sampler } from '../lib/data/sampler.js';
import { labelledIndices } from '../lib/eval/evaluation-data.js';
import { splitByClass } from '../lib/eval/validation-split.js';
import { permutation } from '../lib/random/philox.js';
import { turnsDuring } from './support/turns.js';

// Work of many slices, also on a CPU several times as fast: without slices the event loop turns once, at the end.

const IMAGES = 1_281_167;
const labels = new Int32Array(IMAGES);
for (let i = 0; i < IMAGES; i += 1) labels[i] = i % 1000;

async function assertGivesWay(work: () => Promise<unknown>): Promise<void> {
  const turns = await turnsDuring(work);
  assert.ok(turns >= 3, `the event loop turned only ${turns} times`);
}

test("the order of ImageNet's images", () => assertGivesWay(() => permutation(IMAGES, 1, 2)));

const sizes = { accumulate: 1, seed: 1, epochBoundary: 'stream' } as const;

test('the first step of an epoch', () =>
  assertGivesWay(() => new Sampler(IMAGES, { ...sizes, batchSize: 4096 }).indices(0)));

test('a sampler of labelled and other images', async () => {
  const part = await labelledPart(labels, 0.1, 1);
  const options = { ...sizes, labels: part, labelledRows: 128, batchSize: 512 };
  await assertGivesWay(async () => (await MixedSampler.make(options)).indices(0));
});

test('a part of the labels', () => assertGivesWay(() => labelledPart(labels, 0.01, 1)));

test('held-out images', () => assertGivesWay(() => splitByClass(labels, 0.1, 1, 2)));

test('numbers of the labelled images', async () => {
  const many = new Int32Array(48 * IMAGES);
  const store = { size: many.length, labelled: true, dispose: () => {} };
  const images = storedImages(store, { heights: 1, widths: 1, targets: { kind: 'class', labels: many } });
  await assertGivesWay(() => labelledIndices(images, 'training images'));
});

test('a plan of thousands of rows', async () => {
  const samples = Int32Array.from({ length: 32_768 }, (_, i) => i);
  const size = { heights: 224, widths: 224 };
  const options = {
    pipeline: officialViews[0],
    view: 0,
    seed: 1,
    epoch: 0,
    samples,
    jitter: 'official',
    ...size,
  } as const;
  await assertGivesWay(() => drawPlanInSlices(options));
});
