/** The linear protocol's discipline: who sees which images, when, with which learning rate. Numbers are in protocols.test.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { column } from '../../lib/augment/plan.js';
import { evaluateLinear, type LinearSettings } from '../../lib/eval/linear.js';
import { PlainFeatures } from '../../lib/eval/plain-features.js';
import type { EvaluationProgress } from '../../lib/eval/subject.js';
import { RecordingNative } from './recording-native.js';

// Every fifth image has no label; the others are spread over three classes.
const labels = Array.from({ length: 150 }, (_, i) => (i % 5 === 4 ? -1 : i % 3));
const testLabels = [0, 1, 2, -1, 1];

const settings: LinearSettings = {
  epochs: 3,
  batchSize: 32,
  learningRates: [0.4, 0.2, 0.1],
  momentum: 0.9,
  weightDecay: 0,
  views: 'cached',
  heldOut: 0.2,
  seed: 11,
};

function recorder(): RecordingNative {
  const native = new RecordingNative();
  const accuracy = (top1: number) => ({ top1, top5: top1 + 0.01 });
  native.results = [
    [accuracy(0.3), accuracy(0.6), accuracy(0.5)],
    [accuracy(0.9), accuracy(0.7), accuracy(0.8)],
  ];
  return native;
}

test('chooses on held-out training images and tests a classifier that was trained on all of them', async () => {
  const native = recorder();
  const result = await evaluateLinear(native.subject(labels, testLabels), settings);
  assert.equal(result.chosen, 0.2);
  assert.deepEqual(result.validationTop1, [0.3, 0.6, 0.5]);
  // The test result of the chosen rate, not the best of the test results.
  assert.equal(result.top1, 0.7);
  assert.equal(result.top5, 0.71);
  assert.deepEqual([result.trainImages, result.heldOutImages, result.testImages], [120, 24, 4]);
  assert.equal(result.views, 'cached');
  assert.match(result.notes.join(' '), /computed once; the paper's protocol draws new crops/);
  // 120 = 3 * 32 + 24.
  assert.match(result.notes.join(' '), /leaves out 24 of the 120 training images, which do not fill a batch of 32;/);

  const [select, final] = native.probes;
  assert.ok(select && final && native.probes.length === 2);
  const heldOut = new Set(select.evaluated[0]?.images);
  assert.equal(select.evaluated.length, 1);
  assert.equal(heldOut.size, 24);
  for (const label of [0, 1, 2]) assert.equal([...heldOut].filter((image) => labels[image] === label).length, 8);
  const selected = new Set(select.steps.flatMap(({ images }) => images));
  assert.deepEqual(
    [...selected].filter((image) => heldOut.has(image) || (labels[image] as number) < 0),
    [],
  );
  const tested = new Set(final.steps.flatMap(({ images }) => images));
  assert.deepEqual(
    [...tested].filter((image) => (labels[image] as number) < 0),
    [],
  );
  assert.ok([...heldOut].some((image) => tested.has(image)));
  // Only the final classifier saw the test images, once.
  assert.deepEqual(
    final.evaluated.map(({ images }) => images),
    [[0, 1, 2, 4]],
  );
  assert.equal(native.undisposed, 0);
});

test('nothing is said of images left out where they fill the batches', async () => {
  const { notes } = await evaluateLinear(recorder().subject(labels, testLabels), { ...settings, batchSize: 24 });
  assert.doesNotMatch(notes.join(' '), /leaves out/);
});

test('a classifier that diverged, in either training, is not chosen; if all did, that is an error', async () => {
  const native = recorder();
  const nan = { top1: Number.NaN, top5: Number.NaN };
  const good = (top1: number) => ({ top1, top5: 1 });
  native.results = [
    [nan, good(0.6), good(0.5)],
    [good(0.9), nan, good(0.8)],
  ];
  const result = await evaluateLinear(native.subject(labels, testLabels), settings);
  assert.deepEqual(result.validationTop1, [null, 0.6, 0.5]);
  assert.deepEqual([result.chosen, result.top1], [0.1, 0.8]);
  assert.match(result.notes.join(' '), /diverged with learning rate 0\.4\./);

  native.results = [
    [nan, good(0.6), nan],
    [good(0.9), nan, nan],
  ];
  await assert.rejects(evaluateLinear(native.subject(labels, testLabels), settings), {
    code: 'ERR_BYOL_NOT_FINITE',
    message: /diverged with every learning rate that was tried \(0\.4, 0\.2, 0\.1\)/,
  });
  assert.equal(native.undisposed, 0);
});

test('learning rates are per 256 images and fall by a cosine to 0; each epoch has its own order', async () => {
  const native = recorder();
  await evaluateLinear(native.subject(labels, testLabels), { ...settings, weightDecay: 0.25 });
  const [select, final] = native.probes;
  assert.ok(select && final);
  for (const { spec } of [select, final]) {
    assert.deepEqual(spec.learningRates, [0.4 / 8, 0.2 / 8, 0.1 / 8]);
    assert.deepEqual([spec.momentum, spec.nesterov, spec.weightDecay, spec.seed], [0.9, true, 0.25, 11]);
    assert.deepEqual([spec.features, spec.classes, spec.device], [3, 3, 'cpu']);
  }
  // 96 and 120 images: 3 batches of 32 each.
  for (const { steps } of [select, final]) {
    assert.equal(steps.length, 9);
    for (const [k, { scale }] of steps.entries()) {
      const expected = (1 + Math.cos((Math.PI * k) / 9)) / 2;
      assert.ok(Math.abs(scale - expected) < 1e-12);
    }
    for (let epoch = 0; epoch < 3; epoch += 1) {
      const images = steps.slice(epoch * 3, epoch * 3 + 3).flatMap((step) => step.images);
      assert.equal(new Set(images).size, 96, 'an image came twice in an epoch');
    }
    assert.notDeepEqual(steps[0]?.images, steps[3]?.images);
  }
  const again = recorder();
  await evaluateLinear(again.subject(labels, testLabels), settings);
  assert.deepEqual(again.probes[0]?.steps, select.steps);
});

test("'cached' embeds plain images once; 'crop-flip' draws new crops and flips every epoch", async () => {
  const images = (native: RecordingNative) => native.embeds.reduce((sum, { indices }) => sum + indices.length, 0);
  const cached = recorder();
  await evaluateLinear(cached.subject(labels, testLabels), settings);
  assert.equal(images(cached), 120 + 24 + 4);
  assert.equal(cached.banks.length, 3);

  const fresh = recorder();
  const result = await evaluateLinear(fresh.subject(labels, testLabels), {
    ...settings,
    batchSize: 24,
    views: 'crop-flip',
  });
  assert.equal(images(fresh), 3 * 120 + 24 + 4);
  assert.equal(fresh.banks.length, 3);
  assert.deepEqual(result.notes, []);
  const crops = (probe: number, epoch: number) => {
    const seen = new Map<number, string>();
    for (const { images, crops } of fresh.probes[probe]?.steps.slice(epoch * 3, epoch * 3 + 3) ?? []) {
      for (const [i, image] of images.entries()) seen.set(image, String(crops[i]));
    }
    return seen;
  };
  const [first, second] = [crops(1, 0), crops(1, 1)];
  const both = [...first.keys()].filter((image) => second.has(image));
  const changed = both.filter((image) => first.get(image) !== second.get(image));
  assert.ok(changed.length > 0.9 * both.length);
  const rows = fresh.probes[1]?.steps.flatMap((step) => step.crops) ?? [];
  const flipped = rows.filter((row) => row[column.flip] === 1).length;
  assert.ok(flipped > 0.3 * rows.length && flipped < 0.7 * rows.length);
  assert.ok(rows.every((row) => row[column.jitterOrder] === -1 && row[column.blurSigma] === 0));
  // Held-out and test images are judged on plain views.
  for (const bank of [fresh.probes[0]?.evaluated[0], fresh.probes[1]?.evaluated[0]]) {
    assert.ok(bank?.rows.every(({ plan }) => plan[column.cropHeight] === 10 && plan[column.flip] === 0));
  }
});

test('shares the features of plain images with other protocols', async () => {
  const native = recorder();
  const subject = native.subject(labels, testLabels);
  const features = new PlainFeatures(subject);
  await features.of('train');
  await features.of('test');
  const before = native.embeds.length;
  await evaluateLinear(subject, settings, features);
  const held = native.embeds.slice(before).reduce((sum, { indices }) => sum + indices.length, 0);
  assert.equal(held, 24);
  assert.equal(native.undisposed, 2);
  features.dispose();
  assert.equal(native.undisposed, 0);
});

test('says when the chosen rate is an end of the list and when the batch had to shrink', async () => {
  const native = recorder();
  native.results[0]?.reverse();
  native.results[0]?.splice(0, 1, { top1: 0.9, top5: 1 });
  const result = await evaluateLinear(native.subject(labels, testLabels), { ...settings, batchSize: 1000 });
  assert.equal(result.chosen, 0.4);
  assert.equal(result.batchSize, 96);
  assert.match(result.notes.join(' '), /highest of the learning rates was best/);
  assert.match(result.notes.join(' '), /batch is 96 instead of 1000/);
  assert.deepEqual(native.probes[1]?.spec.learningRates[0], (0.4 * 96) / 256);
});

test('reports progress, and an abort rejects with its reason and leaves nothing behind', async () => {
  const progress: EvaluationProgress[] = [];
  const native = recorder();
  const subject = native.subject(labels, testLabels, { onProgress: (entry) => progress.push(entry) });
  await evaluateLinear(subject, { ...settings, views: 'crop-flip' });
  const last = (phase: EvaluationProgress['phase']) => progress.filter((entry) => entry.phase === phase).at(-1);
  assert.deepEqual(last('test images'), { phase: 'test images', done: 4, total: 4 });
  assert.deepEqual(last('held-out images'), { phase: 'held-out images', done: 24, total: 24 });
  assert.deepEqual(last('training images'), { phase: 'training images', done: 360, total: 360 });
  assert.deepEqual(last('classifier'), { phase: 'classifier', done: 3, total: 3 });

  // During the embedding, between the two classifiers, and in the last epoch.
  for (const command of [1, 5, 12, 40]) {
    const aborted = recorder();
    const controller = new AbortController();
    const reason = new Error(`at ${command}`);
    let commands = 0;
    aborted.onCommand = () => {
      commands += 1;
      if (commands === command) controller.abort(reason);
    };
    const run = evaluateLinear(aborted.subject(labels, testLabels, { signal: controller.signal }), {
      ...settings,
      views: 'crop-flip',
    });
    await assert.rejects(run, reason);
    assert.ok(commands <= command + 3, `${commands - command} commands were started after the abort`);
    assert.equal(aborted.undisposed, 0);
  }
});

test('needs labels on both sides', async () => {
  const native = recorder();
  const none = labels.map(() => -1);
  await assert.rejects(evaluateLinear(native.subject(none, testLabels), settings), {
    code: 'ERR_BYOL_DATA',
    message: /None of the 150 training images has a label/,
  });
  await assert.rejects(evaluateLinear(native.subject(labels, [-1]), settings), {
    message: /None of the 1 test images has a label/,
  });
  assert.equal(native.undisposed, 0);
});
