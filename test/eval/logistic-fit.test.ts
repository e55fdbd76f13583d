/** Logistic regression against scikit-learn: its answers in a file, and those to other rows where Python has it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { loadNative } from '../../lib/binding/load.js';
import type { NativeFeatureBank } from '../../lib/binding/native.js';
import type { Targets } from '../../lib/data/dataset.js';
import { targetsOf } from '../../lib/data/from-arrays.js';
import { LogisticClassifier, type LogisticOptions } from '../../lib/eval/logistic-fit.js';
import { root } from '../support/paths.js';
import { findPython, runPython } from '../support/python.js';

interface Answers {
  readonly features: number;
  readonly classes: number;
  readonly x: number[];
  readonly labels: number[];
  readonly members: number[][];
  readonly asked: number[];
  readonly own: number[];
  /** Of scikit-learn with C = 1 / penalty; of many labels, of one fit for each class. */
  readonly answers: ReadonlyArray<{
    readonly penalty: number;
    readonly seconds: number;
    readonly objective: number;
    readonly weights: number[];
    readonly biases: number[];
    readonly right: number;
    readonly manyWeights: number[];
    readonly manyBiases: number[];
  }>;
}

const fixture = path.join(root, 'test/eval/fixtures/logistic-regression.json');
const committed = JSON.parse(readFileSync(fixture, 'utf8')) as Answers;
const python = findPython('sklearn', 'numpy');
const native = loadNative();
native.setThreads(1);

async function bankOf(values: number[], labels: number[], features: number): Promise<NativeFeatureBank> {
  const bank = new native.FeatureBank(labels.length, features, 'cpu');
  await bank.write(0, Float32Array.from(values), Int32Array.from(labels));
  return bank;
}

const numbers = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => i);

/** Largest difference as a part of the largest value; of biases without what is common to all. */
function difference(actual: ArrayLike<number>, expected: readonly number[], common = false): number {
  const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
  const [a, e] = common ? [mean(actual), mean(expected)] : [0, 0];
  const largest = Math.max(...expected.map(Math.abs), 1e-6);
  return Math.max(...expected.map((value, i) => Math.abs((actual[i] as number) - a - (value - e)))) / largest;
}

interface Times {
  readonly ours: number;
  readonly theirs: number;
}

async function equalsAnswers(data: Answers, tolerance: number): Promise<Times> {
  const { features, classes, x, labels, members, asked, own, answers } = data;
  const bank = await bankOf(x, labels, features);
  const test = await bankOf(asked, own, features);
  const images = numbers(labels.length);
  const options: LogisticOptions = {
    features,
    classes,
    many: false,
    device: 'cpu',
    tolerance: 1e-6,
    maxIterations: 20_000,
  };
  const times = { ours: 0, theirs: 0 };
  for (const many of [false, true]) {
    const targets = targetsOf(many ? members : labels) as Targets;
    const regression = new native.LogisticRegression({ ...options, loss: many ? 'sigmoid' : 'softmax' });
    const classifier = new LogisticClassifier(native, { ...options, many });
    await classifier.add({ bank, rows: images, images, targets });
    await regression.add(bank, images, rowLabels(many ? members : labels));
    for (const { penalty, ...theirs } of answers) {
      const start = performance.now();
      const { iterations, objective } = await classifier.fit(penalty);
      if (!many) times.ours += (performance.now() - start) / 1e3;
      if (!many) times.theirs += theirs.seconds;
      assert.equal((await regression.fit({ penalty, tolerance: 1e-6, iterations: 20_000 })).iterations, iterations);
      const { weights, biases } = await regression.weights();
      const what = `penalty ${penalty}, ${many ? 'many labels' : 'one class'}`;
      const ofWeights = difference(weights, many ? theirs.manyWeights : theirs.weights);
      const ofBiases = difference(biases, many ? theirs.manyBiases : theirs.biases, !many);
      assert.ok(ofWeights < tolerance && ofBiases < tolerance, `${what}: weights ${ofWeights}, biases ${ofBiases}`);
      if (many) continue;
      assert.ok(Math.abs(objective / theirs.objective - 1) < 1e-6, `${what}: ${objective}, not ${theirs.objective}`);
      const { top1 } = await classifier.measure({
        bank: test,
        rows: numbers(own.length),
        images: numbers(own.length),
        targets: targetsOf(own) as Targets,
      });
      assert.ok(Math.abs((top1 as number) - theirs.right / own.length) <= 0.001, `${what}: top-1 ${top1}`);
    }
    regression.dispose();
    classifier.dispose();
  }
  bank.dispose();
  test.dispose();
  return times;
}

/** For the addon itself: as a list of labels, with offsets where rows have several. */
function rowLabels(labels: number[] | number[][]): { labels: Int32Array; offsets?: Int32Array } {
  const { kind, ...given } = targetsOf(labels) as Targets;
  return given;
}

test("weights, biases and accuracy are scikit-learn's", async () => {
  await equalsAnswers(committed, 1e-3);
});

test('also of more rows', { skip: typeof python === 'string' && python }, async (t) => {
  if (typeof python === 'string') return;
  const script = path.join(root, 'test/python/logistic_regression.py');
  const answers = JSON.parse(runPython(python, script, '1000', '24', '8', '7')) as Answers;
  const { ours, theirs } = await equalsAnswers(answers, 1e-2);
  t.diagnostic(
    `1,000 x 24 x 8, three penalties to a gradient of 1e-6: ${ours.toFixed(3)} s, scikit-learn ${theirs.toFixed(3)} s`,
  );
});

test('rows without a label do not count', async () => {
  const { features, classes, x, labels } = committed;
  const unlabelled = labels.map((label, i) => (i % 3 === 0 ? -1 : label));
  const known = labels.flatMap((_, i) => (i % 3 === 0 ? [] : [i]));
  const bank = await bankOf(x, labels, features);
  const fit = async (rows: Int32Array, of: Int32Array) => {
    const regression = new native.LogisticRegression({ features, classes, loss: 'softmax', device: 'cpu' });
    await regression.add(bank, rows, { labels: of });
    const { objective } = await regression.fit({ penalty: 1, tolerance: 1e-6, iterations: 1000 });
    regression.dispose();
    return objective;
  };
  const all = await fit(numbers(labels.length), Int32Array.from(unlabelled));
  const some = await fit(Int32Array.from(known), Int32Array.from(known.map((i) => labels[i] as number)));
  assert.ok(Math.abs(all / some - 1) < 1e-6, `${all}, ${some}`);
  assert.ok(Math.abs(all / (await fit(numbers(labels.length), Int32Array.from(labels))) - 1) > 0.01);
  bank.dispose();
});

test('features that are not finite do not get as far', async () => {
  const bank = new native.FeatureBank(2, 2, 'cpu');
  await assert.rejects(bank.write(0, Float32Array.of(0, 1, Number.NaN, 0), Int32Array.of(0, 1)), {
    code: 'ERR_BYOL_NOT_FINITE',
  });
  await assert.rejects(async () => bank.write(1, new Float32Array(4), Int32Array.of(0, 1)), { code: 'ERR_BYOL_SHAPE' });
  await assert.rejects(async () => bank.write(0, new Float32Array(3), Int32Array.of(0, 1)), { code: 'ERR_BYOL_SHAPE' });
  await bank.write(1, Float32Array.of(3, 4), Int32Array.of(-1));
  assert.deepEqual([...(await bank.read(0, 2))], [0, 0, 3, 4]);
  bank.dispose();
});

test('a fit ends early where it is aborted', async () => {
  const { features, classes, x, labels } = committed;
  const bank = await bankOf(x, labels, features);
  const controller = new AbortController();
  const classifier = new LogisticClassifier(native, {
    features,
    classes,
    many: false,
    device: 'cpu',
    tolerance: 1e-30,
    maxIterations: 1e9,
    signal: controller.signal,
  });
  const images = numbers(labels.length);
  await classifier.add({ bank, rows: images, images, targets: targetsOf(labels) as Targets });
  const reason = new Error('enough');
  const fit = classifier.fit(1e-9);
  controller.abort(reason);
  await assert.rejects(fit, reason);
  classifier.dispose();
  bank.dispose();
});
