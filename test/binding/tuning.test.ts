/** What fine-tuning asks of a learner: an encoder to start from, class scores, and any number of labels. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { loadNative } from '../../lib/binding/load.js';
import type { EmbedInput, LearnerSpec, NativeFeatureBank, StepInput } from '../../lib/binding/native.js';
import { readSafetensors } from '../../lib/export/safetensors.js';
import { byolObjective, officialLearner, plainStep, squareView } from '../support/byol-spec.js';
import { withTempDir } from '../support/paths.js';
import { identityPlan } from '../support/plans.js';
import { equallySized } from '../support/stores.js';

const native = loadNative();
const size = 8;
const count = 6;
const classes = 3;
const pixels = Uint8Array.from({ length: count * size * size * 3 }, (_, i) => (i * 7919) % 251);
const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
const images = equallySized(native, pixels, count, size, size, labels);
const indices = Int32Array.from({ length: count }, (_, i) => i);
const view = { plan: identityPlan(count, size, size), spec: squareView(size) };
const step: StepInput = {
  ...plainStep,
  images,
  indices,
  microBatches: 1,
  views: [view, view],
  learningRate: 0.1,
  tau: 0.9,
};

/** Statistics are kept before their bias is removed: removing it twice rounds twice. */
function assertSame(actual: string, expected: string): void {
  const { tensors } = readSafetensors(actual);
  const wanted = readSafetensors(expected).tensors;
  assert.deepEqual([...tensors.keys()], [...wanted.keys()]);
  for (const [name, { data }] of tensors) {
    const other = wanted.get(name)?.data as Float32Array;
    if (!name.includes('running_')) assert.deepEqual(data, other, name);
    else for (const [i, value] of (data as Float32Array).entries()) assertNear(value, other[i] as number, 1e-6, name);
  }
}

function assertNear(actual: number, expected: number, bound: number, what: string): void {
  assert.ok(
    Math.abs(actual - expected) <= bound * Math.max(1, Math.abs(expected)),
    `${what}: ${actual}, not ${expected}`,
  );
}

const tuned: LearnerSpec = {
  ...officialLearner,
  projector: { hidden: [], output: classes, hiddenBias: false, outputBias: true, outputNorm: false },
  predictor: null,
  objective: { ...byolObjective, target: 'stop-gradient', symmetric: false },
  supervision: { labelSmoothing: 0, target: false, many: false },
  optimizer: { ...officialLearner.optimizer, kind: 'sgd', nesterov: true },
  classes: 0,
  seed: 8,
};

async function rows(dimension: number, into: (input: EmbedInput) => Promise<void>): Promise<Float32Array> {
  const bank: NativeFeatureBank = new native.FeatureBank(count, dimension, 'cpu');
  await into({ images, indices, plan: view.plan, view: view.spec, statistics: 'running', bank, offset: 0 });
  const values = await bank.read(0, count);
  bank.dispose();
  return values;
}

describe('a learner starts from an encoder', () => {
  test('with its weights and statistics, of whichever class, which stay as they are', () =>
    withTempDir(async (dir) => {
      const file = (name: string): string => path.join(dir, `${name}.safetensors`);
      const trained = new native.Learner(officialLearner);
      for (let i = 0; i < 3; i += 1) await trained.step(step);
      await trained.exportEncoder(file('trained'), {});
      const encoder = new native.Encoder({ ...officialLearner, seed: 77 });
      await encoder.loadWeights(file('trained'));
      const before = await rows(encoder.features, (input) => encoder.embed(input));

      for (const source of [encoder, trained]) {
        const learner = new native.Learner(tuned);
        await learner.startFrom(source);
        await learner.exportEncoder(file('started'), {});
        assertSame(file('started'), file('trained'));
        await learner.step({ ...step, supervisedLabels: labels });
        await learner.exportEncoder(file('after'), {});
        assert.notDeepEqual(readFileSync(file('after')), readFileSync(file('trained')));
        learner.dispose();
      }
      // Bit for bit, also by its running statistics.
      assert.deepEqual(await rows(encoder.features, (input) => encoder.embed(input)), before);
      await trained.exportEncoder(file('again'), {});
      assert.deepEqual(readFileSync(file('again')), readFileSync(file('trained')));
      trained.dispose();
      encoder.dispose();
    }));

  test('of its own architecture, which has been trained', async () => {
    const learner = new native.Learner(tuned);
    const wider = new native.Learner({ ...officialLearner, encoder: { ...officialLearner.encoder, width: 8 } });
    await assert.rejects(learner.startFrom(wider), { code: 'ERR_BYOL_VALUE', message: /never trained/ });
    await wider.step(step);
    await assert.rejects(learner.startFrom(wider), { code: 'ERR_BYOL_CHECKPOINT' });
    assert.throws(() => learner.startFrom(images as never), { code: 'ERR_BYOL_VALUE', message: /native Encoder/ });
    learner.dispose();
    wider.dispose();
  });
});

test("class scores are the head's, of the representation", () =>
  withTempDir(async (dir) => {
    const learner = new native.Learner(tuned);
    await learner.step({ ...step, supervisedLabels: labels });
    assert.equal(learner.projections, classes);
    const state = path.join(dir, 'state.safetensors');
    await learner.save(state, {});
    const { tensors } = readSafetensors(state);
    const weight = tensors.get('online.projector.linear0.weight')?.data as Float32Array;
    const bias = tensors.get('online.projector.linear0.bias')?.data as Float32Array;
    const { features } = learner;
    const representations = await rows(features, (input) => learner.embed(input));
    const scores = await rows(classes, (input) => learner.project(input));
    for (let row = 0; row < count; row += 1) {
      for (let c = 0; c < classes; c += 1) {
        let expected = bias[c] as number;
        for (let f = 0; f < features; f += 1) {
          expected += (weight[c * features + f] as number) * (representations[row * features + f] as number);
        }
        assertNear(scores[row * classes + c] as number, expected, 1e-5, `row ${row}, class ${c}`);
      }
    }
    learner.dispose();
  }));

describe('any number of labels', () => {
  const many: LearnerSpec = { ...tuned, supervision: { labelSmoothing: 0, target: false, many: true } };

  test('are told of each row and class, and cost a sigmoid cross-entropy each', async () => {
    const learner = new native.Learner(many);
    // Every bit of the row's number is a class; of the last row nothing is known.
    const told = Int32Array.from({ length: count * classes }, (_, at) => {
      const row = Math.floor(at / classes);
      return row === count - 1 ? -1 : (row >> (at % classes)) & 1;
    });
    const losses: number[] = [];
    for (let i = 0; i < 60; i += 1) {
      await learner.step({ ...step, supervisedLabels: told });
      losses.push((await learner.readMetrics()).supervisedLoss);
    }
    assert.ok((losses.at(-1) as number) < 0.1 * (losses[0] as number), `${losses[0]} to ${losses.at(-1)}`);
    const scores = await rows(classes, (input) => learner.project(input));
    for (let at = 0; at < (count - 1) * classes; at += 1) assert.equal((scores[at] as number) > 0, told[at] === 1);
    learner.dispose();
  });

  test('are refused where they do not fit', () => {
    const learner = new native.Learner(many);
    assert.throws(
      () => learner.step({ ...step, supervisedLabels: labels }),
      /18 numbers, of each row and class 0, 1 or -1/,
    );
    const twos = new Int32Array(count * classes).fill(2);
    assert.throws(() => learner.step({ ...step, supervisedLabels: twos }), /18 numbers, of each row and class/);
    assert.throws(
      () => new native.Learner({ ...many, supervision: { labelSmoothing: 0.1, target: false, many: true } }),
      /labelSmoothing must be 0 with many labels/,
    );
    learner.dispose();
  });
});
