/** The protocols through the addon, against plain float64 code. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Accuracy } from '../../../lib/binding/native.js';
import { CenterCropFeatures } from '../../../lib/eval/center-crop-features.js';
import { centerRows, embedAll } from '../../../lib/eval/embed.js';
import type { LinearSettings } from '../../../lib/eval/linear-settings.js';
import { type ProtocolInput, withProtocolInput } from '../../../lib/eval/protocol.js';
import { evaluateKnn, standardKnn } from '../../../lib/eval/protocols/knn.js';
import { evaluateLinear } from '../../../lib/eval/protocols/linear.js';
import { labelsOf } from '../../support/datasets.js';
import { makeToy, type Toy, toySpec } from '../toy.js';

interface Rows {
  readonly features: number[][];
  readonly labels: number[];
}

async function rowsOf({ features, data }: Toy, which: 'train' | 'test'): Promise<Rows> {
  const { bank, indices } = await features.of(which);
  const flat = await bank.read(0, bank.size);
  const { dimension } = bank;
  return {
    features: [...indices].map((_, row) => [...flat.subarray(row * dimension, (row + 1) * dimension)]),
    labels: [...indices].map((index) => labelsOf(data[which])[index] ?? -1),
  };
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);

function knn(train: Rows, test: Rows, classes: number, k: number, temperature: number): Accuracy {
  const unit = (row: number[]) => row.map((value) => value / Math.sqrt(dot(row, row)));
  const bank = train.features.map(unit);
  let top1 = 0;
  let top5 = 0;
  for (const [i, raw] of test.features.entries()) {
    const query = unit(raw);
    const neighbours = bank.map((row, j) => ({ cosine: dot(query, row), label: train.labels[j] as number }));
    neighbours.sort((a, b) => b.cosine - a.cosine);
    const votes = new Array<number>(classes).fill(0);
    for (const { cosine, label } of neighbours.slice(0, k))
      votes[label] = (votes[label] as number) + Math.exp(cosine / temperature);
    const own = votes[test.labels[i] as number] as number;
    const before = votes.filter((vote) => vote > own).length;
    if (own > 0 && before < 1) top1 += 1;
    if (own > 0 && before < 5) top5 += 1;
  }
  return { top1: top1 / test.features.length, top5: top5 / test.features.length };
}

/** Smallest mean cross-entropy + decay / 2 * |W|^2 by plain gradient descent from 0; returns its cross-entropy. */
function bestCrossEntropy({ features, labels }: Rows, classes: number, decay: number): number {
  const dimension = features[0]?.length ?? 0;
  const weights = Array.from({ length: classes }, () => new Array<number>(dimension).fill(0));
  const biases = new Array<number>(classes).fill(0);
  let loss = 0;
  for (let iteration = 0; iteration < 4000; iteration += 1) {
    loss = 0;
    const gradients = weights.map((row) => row.map((weight) => decay * weight));
    const biasGradients = new Array<number>(classes).fill(0);
    for (const [i, x] of features.entries()) {
      const logits = weights.map((row, c) => dot(row, x) + (biases[c] as number));
      const largest = Math.max(...logits);
      const sum = logits.reduce((total, z) => total + Math.exp(z - largest), 0);
      loss += (largest + Math.log(sum) - (logits[labels[i] as number] as number)) / features.length;
      for (const [c, z] of logits.entries()) {
        const error = (Math.exp(z - largest) / sum - (c === labels[i] ? 1 : 0)) / features.length;
        biasGradients[c] = (biasGradients[c] as number) + error;
        const row = gradients[c] as number[];
        for (const [d, value] of x.entries()) row[d] = (row[d] as number) + error * value;
      }
    }
    for (let c = 0; c < classes; c += 1) {
      biases[c] = (biases[c] as number) - 0.5 * (biasGradients[c] as number);
      const row = weights[c] as number[];
      for (let d = 0; d < dimension; d += 1) row[d] = (row[d] as number) - 0.5 * (gradients[c]?.[d] as number);
    }
  }
  return loss;
}

const settings: LinearSettings = {
  epochs: 30,
  batchSize: 32,
  learningRates: [8, 2, 1e-5],
  momentum: 0.9,
  weightDecay: 0,
  augmentation: 'crop-flip',
  logitRegularizer: null,
  features: 'fixed',
  validationFraction: 0.1,
  atEnd: true,
};

describe('kNN', () => {
  test('equals float64 code, labels of -1 left out', async () => {
    const toy = await makeToy({ noise: 75, train: 200, test: 120 });
    const train = await rowsOf(toy, 'train');
    const asked = await rowsOf(toy, 'test');
    assert.ok([...train.labels, ...asked.labels].every((label) => label >= 0));
    for (const k of [1, 3, 20, 1000]) {
      for (const temperature of [0.01, 0.1, 1]) {
        const expected = knn(train, asked, toy.data.classes, k, temperature);
        const actual = await evaluateKnn(toy, { ...standardKnn, k, temperature });
        assert.ok(
          Math.abs(actual.top1 - expected.top1) < 1e-12,
          `k ${k}, T ${temperature}: ${actual.top1}, not ${expected.top1}`,
        );
        assert.ok(
          Math.abs(actual.top5 - expected.top5) < 1e-12,
          `k ${k}, T ${temperature}: ${actual.top5}, not ${expected.top5}`,
        );
        assert.equal(actual.k, Math.min(k, train.labels.length));
      }
    }
    toy.dispose();
  });

  test('is perfect where classes are plain to see', async () => {
    const toy = await makeToy({ noise: 10, train: 120, test: 60 });
    const result = await evaluateKnn(toy, { ...standardKnn, k: 5 });
    assert.deepEqual([result.top1, result.top5], [1, 1]);
    toy.dispose();
  });
});

describe('linear', () => {
  test('SGD with weight decay arrives at the best classifier there is, for every learning rate', async () => {
    const toy = await makeToy({ noise: 75, train: 60, test: 20 });
    const train = await rowsOf(toy, 'train');
    const { bank } = await toy.features.of('train');
    const decay = 0.05;
    const expected = bestCrossEntropy(train, toy.data.classes, decay);
    assert.ok(expected > 0.1 && expected < Math.log(toy.data.classes));
    for (const nesterov of [true, false]) {
      const probe = new toy.context.native.LinearProbe({
        features: bank.dimension,
        classes: toy.data.classes,
        learningRates: [0.2, 0.1],
        momentum: 0.9,
        nesterov,
        weightDecay: decay,
        logitRegularizer: null,
        seed: 3,
        device: 'cpu',
      });
      const rows = Int32Array.from({ length: bank.size }, (_, row) => row);
      for (let step = 0; step < 800; step += 1) await probe.step(bank, rows, 1);
      const losses = await probe.losses();
      assert.equal(losses.length, 2);
      for (const loss of losses) assert.ok(Math.abs(loss - expected) < 1e-4, `${loss}, expected ${expected}`);
      probe.dispose();
    }
    toy.dispose();
  });

  for (const features of ['fixed', 'per-epoch'] as const) {
    test(`reaches 100 % where classes are plain to see, with a rate that the held-out images chose (${features})`, async () => {
      const toy = await makeToy({ noise: 10, train: 240, test: 60 });
      const result = await evaluateLinear(toy, { ...settings, features, epochs: features === 'fixed' ? 30 : 10 });
      assert.deepEqual([result.top1, result.top5], [1, 1]);
      assert.notEqual(result.chosen, 1e-5);
      assert.ok((result.validationTop1[2] as number) < 0.7, 'a rate near 0 learns nothing');
      assert.equal(result.trainImages, labelsOf(toy.data.train).filter((label) => label >= 0).length);
      const again = await evaluateLinear(toy, { ...settings, features, epochs: features === 'fixed' ? 30 : 10 });
      assert.deepEqual(again, result);
      toy.dispose();
    });
  }
});

test('what is streamed gives what is kept gives, also through the addon', async () => {
  const toy = await makeToy({ noise: 75, train: 200, test: 90 });
  const streaming = { ...toy.context, keptBytes: 0 };
  const evaluated = async (context: ProtocolInput['context']) =>
    withProtocolInput(context, toy.encoder, toy.data, async (input) => [
      await evaluateKnn(input, { ...standardKnn, k: 5 }),
      await evaluateLinear(input, { ...settings, epochs: 5 }),
      await evaluateLinear(input, { ...settings, features: 'per-epoch', epochs: 2 }),
    ]);
  assert.deepEqual(await evaluated(streaming), await evaluated(toy.context));
  toy.dispose();
});

test("features do not depend on the batch with running statistics, and do with the batch's own", async () => {
  const toy = await makeToy({ noise: 75, train: 40, test: 10 });
  const { train } = toy.data;
  const indices = Int32Array.from({ length: train.count }, (_, i) => i);
  const read = async (batchSize: number, statistics: 'running' | 'batch') => {
    const encoder = { ...toy.encoder, statistics, batchSize };
    const plan = centerRows(train, toy.encoder.view);
    const bank = await embedAll(toy.context, encoder, { images: train, indices, plan });
    const values = await bank.read(0, bank.size);
    bank.dispose();
    return values;
  };
  const difference = (a: Float32Array, b: Float32Array) =>
    Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number))));
  const whole = await read(40, 'running');
  assert.ok(difference(whole, await read(7, 'running')) < 1e-5);
  assert.ok(difference(whole, await read(40, 'batch')) > 1e-3);
  assert.ok(difference(await read(40, 'batch'), await read(7, 'batch')) > 1e-3);
  toy.dispose();
});

/** The same images, with another context or encoder and features of its own. */
async function evaluateWith(toy: Toy, changes: Partial<ProtocolInput>): Promise<number> {
  const input = { ...toy, ...changes };
  const features = new CenterCropFeatures(input.context, input.encoder, input.data);
  try {
    const settings = { ...standardKnn, k: 5 };
    return (await evaluateKnn({ ...input, features }, settings)).top1;
  } finally {
    features.dispose();
  }
}

test('an abort rejects with its reason between batches, and the network can be used again', async () => {
  const toy = await makeToy({ noise: 10, train: 400, test: 10 });
  const controller = new AbortController();
  const reason = new Error('stop');
  let done = 0;
  const context = {
    ...toy.context,
    signal: controller.signal,
    onProgress: (progress: { readonly done: number }) => {
      done = progress.done;
      if (done >= 8) controller.abort(reason);
    },
  };
  await assert.rejects(evaluateWith(toy, { context, encoder: { ...toy.encoder, batchSize: 4 } }), reason);
  assert.ok(done < 40, `${done} images were embedded`);
  assert.equal(await evaluateWith(toy, {}), 1);
  toy.dispose();
});

test('an encoder that was never trained has no running statistics, and is evaluated with those of each batch', async () => {
  const toy = await makeToy({ noise: 10, train: 120, test: 60 });
  const untrained = new toy.context.native.Learner(toySpec);
  const encoder = { ...toy.encoder, network: untrained };
  await assert.rejects(evaluateWith(toy, { encoder }), { code: 'ERR_BYOL_VALUE' });
  assert.ok((await evaluateWith(toy, { encoder: { ...encoder, statistics: 'batch' } })) > 0.5);
  untrained.dispose();
  toy.dispose();
});
