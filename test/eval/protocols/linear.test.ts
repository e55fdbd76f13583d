/** The linear protocol's discipline: who sees which images, when, with which learning rate. Numbers are in accuracy.test.ts. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { column } from '../../../lib/augment/plan.js';
import type { EvaluationProgress } from '../../../lib/eval/context.js';
import { type LinearSettings, linearRecipes } from '../../../lib/eval/linear-settings.js';
import type { ProtocolInput } from '../../../lib/eval/protocol.js';
import { evaluateLinear, type LinearEvaluation, linear } from '../../../lib/eval/protocols/linear.js';
import { squareView } from '../../support/byol-spec.js';
import { RecordingNative } from '../recording-native.js';

// Every fifth image has no label; the others are spread over three classes.
const labels = Array.from({ length: 150 }, (_, i) => (i % 5 === 4 ? -1 : i % 3));
const testLabels = [0, 1, 2, -1, 1];

const settings: LinearSettings = {
  epochs: 3,
  batchSize: 32,
  learningRates: [0.4, 0.2, 0.1],
  momentum: 0.9,
  weightDecay: 0,
  features: 'fixed',
  augmentation: 'crop-flip',
  logitRegularizer: null,
  validationFraction: 0.2,
  atEnd: true,
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

async function evaluate(input: ProtocolInput & { dispose(): void }, chosen: LinearSettings): Promise<LinearEvaluation> {
  try {
    return await evaluateLinear(input, chosen);
  } finally {
    input.dispose();
  }
}

test('chooses on held-out training images and tests a classifier that was trained on all of them', async () => {
  const native = recorder();
  const result = await evaluate(native.input(labels, testLabels), settings);
  assert.equal(result.chosen, 0.2);
  assert.deepEqual(result.validationTop1, [0.3, 0.6, 0.5]);
  // The test result of the chosen rate, not the best of the test results.
  assert.equal(result.top1, 0.7);
  assert.equal(result.top5, 0.71);
  assert.deepEqual([result.trainImages, result.heldOutImages, result.testImages], [120, 24, 4]);
  assert.equal(result.features, 'fixed');
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
  const { notes } = await evaluate(recorder().input(labels, testLabels), { ...settings, batchSize: 24 });
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
  const result = await evaluate(native.input(labels, testLabels), settings);
  assert.deepEqual(result.validationTop1, [null, 0.6, 0.5]);
  assert.deepEqual([result.chosen, result.top1], [0.1, 0.8]);
  assert.match(result.notes.join(' '), /diverged with learning rate 0\.4\./);

  native.results = [
    [nan, good(0.6), nan],
    [good(0.9), nan, nan],
  ];
  await assert.rejects(evaluate(native.input(labels, testLabels), settings), {
    code: 'ERR_BYOL_NOT_FINITE',
    message: /diverged with every learning rate that was tried \(0\.4, 0\.2, 0\.1\)/,
  });
  assert.equal(native.undisposed, 0);
});

test('learning rates are per 256 images and fall by a cosine to 0; each epoch has its own order', async () => {
  const native = recorder();
  await evaluate(native.input(labels, testLabels), { ...settings, weightDecay: 0.25 });
  const [select, final] = native.probes;
  assert.ok(select && final);
  for (const { spec } of [select, final]) {
    assert.deepEqual(spec.learningRates, [0.4 / 8, 0.2 / 8, 0.1 / 8]);
    assert.deepEqual([spec.momentum, spec.nesterov, spec.weightDecay, spec.seed], [0.9, true, 0.25, 11]);
    assert.deepEqual([spec.features, spec.classes, spec.device], [3, 3, 'cpu']);
  }
  // 96 and 120 images: 3 batches of 32 each, in one order.
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
  const heldOut = new Set(select.evaluated[0]?.images);
  const epochOf = ({ steps }: typeof select) => steps.slice(0, 3).flatMap(({ images }) => images);
  const order = epochOf(final).filter((image) => !heldOut.has(image));
  assert.deepEqual(epochOf(select).slice(0, order.length), order);
  const again = recorder();
  await evaluate(again.input(labels, testLabels), settings);
  assert.deepEqual(again.probes[0]?.steps, select.steps);
});

test("'fixed' embeds centre crops once; 'per-epoch' draws new crops and flips every epoch", async () => {
  const images = (native: RecordingNative) => native.embeds.reduce((sum, { indices }) => sum + indices.length, 0);
  const fixed = recorder();
  await evaluate(fixed.input(labels, testLabels), settings);
  assert.equal(images(fixed), 120 + 24 + 4);
  assert.equal(fixed.banks.length, 3);

  const fresh = recorder();
  const result = await evaluate(fresh.input(labels, testLabels), {
    ...settings,
    batchSize: 24,
    features: 'per-epoch',
  });
  assert.equal(images(fresh), 3 * 120 + 24 + 4);
  assert.equal(fresh.banks.length, 3);
  assert.equal(fresh.mostBanks, 2);
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

describe('features that are too many to be kept', () => {
  for (const validationFraction of [0.2, 0.9]) {
    test(`are streamed through a small ring: the same steps on the same crops (${validationFraction} held out)`, async () => {
      const many = Array.from({ length: 2400 }, (_, i) => (i % 5 === 4 ? -1 : i % 3));
      const chosen = { ...settings, validationFraction };
      const kept = recorder();
      const whole = await evaluate(kept.input(many, testLabels), chosen);
      const streamed = recorder();
      const result = await evaluate(streamed.input(many, testLabels, { context: { keptBytes: 0 } }), chosen);
      assert.deepEqual(result, whole);
      for (const [i, { steps }] of streamed.probes.entries()) assert.deepEqual(steps, kept.probes[i]?.steps);
      const [fewer, all] = streamed.probes.map(({ steps }) => steps.length);
      assert.equal(all, 3 * Math.floor(1920 / 32));
      assert.equal(fewer, 3 * Math.floor((1920 - whole.heldOutImages) / 32));
      // Of 32 rows of a step, with those in between that one of the two leaves out, and three batches of 16.
      const ring = streamed.banks[0]?.size ?? 0;
      assert.ok(ring > 32 && ring <= (validationFraction < 0.5 ? 240 : 1000), `a ring of ${ring} rows`);
      assert.ok(streamed.mostBanks <= 2, `${streamed.mostBanks} banks at once`);
      assert.equal(streamed.undisposed, 0);
      // Each epoch once, for both trainings, but for what fills no batch of either.
      const embedded = streamed.embeds.reduce((sum, { indices }) => sum + indices.length, 0);
      assert.ok(embedded <= 3 * 1920 + whole.heldOutImages + 4);
    });
  }

  test('are all that progress counts, once for both trainings', async () => {
    const native = recorder();
    const progress: EvaluationProgress[] = [];
    const context = { keptBytes: 0, onProgress: (entry: EvaluationProgress) => void progress.push(entry) };
    await evaluate(native.input(labels, testLabels, { context }), settings);
    const done = progress.filter(({ phase }) => phase === 'training images').map((entry) => [entry.done, entry.total]);
    assert.deepEqual(done.at(-1), [360, 360]);
    assert.deepEqual(
      done.map(([count]) => count),
      done.map(([count]) => count).toSorted((a = 0, b = 0) => a - b),
    );
  });
});

test('a single learning rate is not chosen: nothing is held out, and one classifier trained (the published code)', async () => {
  const native = recorder();
  const { epochs } = settings;
  const result = await evaluate(native.input(labels, testLabels), { ...linearRecipes.code, epochs, batchSize: 40 });
  assert.deepEqual([result.heldOutImages, result.validationTop1, result.chosen], [0, [], 0.2]);
  assert.equal(result.trainedOn, 'all training images');
  assert.equal(native.probes.length, 1);
  assert.equal(result.top1, 0.3);
  assert.equal(new Set(native.probes[0]?.steps.slice(0, 3).flatMap(({ images }) => images)).size, 120);
  assert.deepEqual([linearRecipes.code.batchSize, linearRecipes.paper.batchSize], [4096, 1024]);
  assert.equal(linear.describe(result).includes('nothing was chosen'), true);
});

describe("a data set's own validation images", () => {
  const val = (native: RecordingNative) => native.input([2, 1, -1, 0, 0, 1, 2, 1, 0, 2, 1], testLabels).data.train;

  for (const features of ['fixed', 'per-epoch'] as const) {
    test(`choose the learning rate, and train what is tested as well (${features})`, async () => {
      const native = recorder();
      // Told apart by their size.
      const own = { ...val(native), heights: 20, widths: 20 };
      const input = native.input(labels, testLabels, { data: { val: own } });
      const result = await evaluate(input, { ...settings, features, batchSize: 26 });
      assert.deepEqual([result.trainImages, result.heldOutImages, result.chosen], [130, 10, 0.2]);
      assert.equal(result.trainedOn, 'training and validation images');
      const [select, final] = native.probes;
      assert.deepEqual(select?.evaluated[0]?.images, [0, 1, 3, 4, 5, 6, 7, 8, 9, 10]);
      const ofVal = (crop: Float32Array) => (crop[column.cropHeight] as number) > 10;
      const fixed = features === 'fixed';
      const crops = (steps: typeof final) => steps?.steps.slice(0, 5).flatMap((step) => step.crops) ?? [];
      if (fixed) {
        assert.equal(crops(final).filter(ofVal).length, 10);
        assert.equal(crops(select).filter(ofVal).length, 0);
      }
      const seen = native.probes[1]?.steps.slice(0, 5).flatMap(({ images }) => images) ?? [];
      const expected = [...labels.keys()].filter((i) => (labels[i] as number) >= 0);
      expected.push(0, 1, 3, 4, 5, 6, 7, 8, 9, 10);
      assert.deepEqual(
        seen.toSorted((a, b) => a - b),
        expected.toSorted((a, b) => a - b),
      );
      assert.equal(native.undisposed, 0);
    });
  }
});

describe('the variant of paper Table 7', () => {
  test('the regulariser of logits goes to the classifiers', async () => {
    const native = recorder();
    const { logitRegularizer } = linearRecipes['table-7-regularizer'];
    const result = await evaluate(native.input(labels, testLabels), { ...settings, logitRegularizer });
    for (const { spec } of native.probes) assert.deepEqual(spec.logitRegularizer, { alpha: 20, beta: 0.01 });
    assert.match(linear.describe(result), /20 tanh\(x \/ 20\), penalty 0\.01/);
  });

  test("the augmentations of pretraining are both views', in turn", async () => {
    const native = recorder();
    const variant = { ...settings, features: 'per-epoch', augmentation: 'pretraining' } as const;
    await evaluate(native.input(labels, testLabels), variant);
    const sigma = new Map<number, boolean[]>();
    const steps = native.probes[1]?.steps ?? [];
    for (const [step, { images, crops }] of steps.entries()) {
      for (const [i, image] of images.entries()) {
        const blurred = (crops[i]?.[column.blurSigma] ?? 0) > 0;
        const known = sigma.get(image) ?? [];
        known[Math.floor(step / 3)] = blurred;
        sigma.set(image, known);
        // T is always blurred, and never solarised.
        if ((image + Math.floor(step / 3)) % 2 === 0) assert.ok(blurred);
      }
    }
    const rows = steps.flatMap(({ crops }) => crops);
    const blurred = rows.filter((row) => (row[column.blurSigma] as number) > 0).length / rows.length;
    assert.ok(blurred > 0.45 && blurred < 0.7, `${blurred} of 0.55`);
    const jittered = rows.filter((row) => row[column.jitterOrder] !== -1).length / rows.length;
    assert.ok(jittered > 0.7 && jittered < 0.9, `${jittered} of 0.8`);
    // Held-out images are judged on plain views.
    assert.ok(native.probes[0]?.evaluated[0]?.rows.every(({ plan }) => plan[column.blurSigma] === 0));
  });

  test("a run's own views are taken where they are known, and fixed features say that nothing is augmented", async () => {
    const native = recorder();
    const pretraining = { view: squareView(10), pipelines: [[{ kind: 'flip', p: 1 }]] } as const;
    const input = native.input(labels, testLabels, { encoder: { pretraining } });
    const variant = { ...settings, augmentation: 'pretraining' } as const;
    await evaluate(input, { ...variant, features: 'per-epoch' });
    const rows = native.probes[1]?.steps.flatMap((step) => step.crops) ?? [];
    assert.ok(rows.every((row) => row[column.flip] === 1 && row[column.cropHeight] === 10));
    const { notes } = await evaluate(recorder().input(labels, testLabels), variant);
    assert.match(notes.join(' '), /Nothing is augmented where features are fixed/);
  });
});

test('shares the features of centre crops with other protocols', async () => {
  const native = recorder();
  const input = native.input(labels, testLabels);
  await input.features.of('train');
  await input.features.of('test');
  const before = native.embeds.length;
  await evaluateLinear(input, settings);
  const held = native.embeds.slice(before).reduce((sum, { indices }) => sum + indices.length, 0);
  assert.equal(held, 24);
  assert.equal(native.undisposed, 2);
  input.dispose();
  assert.equal(native.undisposed, 0);
});

test('says when the chosen rate is an end of the list and when the batch had to shrink', async () => {
  const native = recorder();
  native.results[0]?.reverse();
  native.results[0]?.splice(0, 1, { top1: 0.9, top5: 1 });
  const result = await evaluate(native.input(labels, testLabels), { ...settings, batchSize: 1000 });
  assert.equal(result.chosen, 0.4);
  assert.equal(result.batchSize, 96);
  assert.match(result.notes.join(' '), /highest of the learning rates was best/);
  assert.match(result.notes.join(' '), /batch is 96 instead of 1000/);
  assert.deepEqual(native.probes[1]?.spec.learningRates[0], (0.4 * 96) / 256);
});

test('reports progress, and an abort rejects with its reason and leaves nothing behind', async () => {
  const progress: EvaluationProgress[] = [];
  const native = recorder();
  const input = native.input(labels, testLabels, { context: { onProgress: (entry) => progress.push(entry) } });
  await evaluate(input, { ...settings, features: 'per-epoch' });
  const last = (phase: EvaluationProgress['phase']) => progress.filter((entry) => entry.phase === phase).at(-1);
  assert.deepEqual(last('test images'), { phase: 'test images', done: 4, total: 4 });
  assert.deepEqual(last('held-out images'), { phase: 'held-out images', done: 24, total: 24 });
  assert.deepEqual(last('training images'), { phase: 'training images', done: 360, total: 360 });
  assert.deepEqual(last('classifier'), { phase: 'classifier', done: 3, total: 3 });

  // In the first epoch, between two, and in the last.
  for (const command of [1, 5, 12, 40]) {
    const aborted = recorder();
    const controller = new AbortController();
    const reason = new Error(`at ${command}`);
    let commands = 0;
    aborted.onCommand = () => {
      commands += 1;
      if (commands === command) controller.abort(reason);
    };
    const run = evaluate(aborted.input(labels, testLabels, { context: { signal: controller.signal } }), {
      ...settings,
      features: 'per-epoch',
    });
    await assert.rejects(run, reason);
    // Batches of images and steps are on their way at the same time.
    assert.ok(commands <= command + 5, `${commands - command} commands were started after the abort`);
    assert.equal(aborted.undisposed, 0);
  }
});

test('needs labels on both sides', async () => {
  const native = recorder();
  const none = labels.map(() => -1);
  await assert.rejects(evaluate(native.input(none, testLabels), settings), {
    code: 'ERR_BYOL_DATA',
    message: /None of the 150 training images has a label/,
  });
  await assert.rejects(evaluate(native.input(labels, [-1]), settings), {
    message: /None of the 1 test images has a label/,
  });
  assert.equal(native.undisposed, 0);
});
