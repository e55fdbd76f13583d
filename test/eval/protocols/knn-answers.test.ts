/** kNN in all its forms against scikit-learn: its answers in a file, and to other features where Python has it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { loadNative } from '../../../lib/binding/load.js';
import type { Accuracy, KnnRule } from '../../../lib/binding/native.js';
import { root } from '../../support/paths.js';
import { findPython, runPython } from '../../support/python.js';

interface Answers {
  readonly features: number;
  readonly classes: number;
  readonly train: number[];
  readonly trainLabels: number[];
  readonly test: number[];
  readonly testLabels: number[];
  readonly answers: ReadonlyArray<Omit<KnnRule, 'classes'> & Accuracy>;
}

const committed = readFileSync(path.join(root, 'test/eval/fixtures/knn.json'), 'utf8');
const python = findPython('sklearn', 'numpy');

async function compare({ features, classes, answers, ...data }: Answers): Promise<void> {
  const native = loadNative();
  native.setThreads(1);
  const bankOf = async (values: number[], labels: number[]) => {
    const bank = new native.FeatureBank(labels.length, features, 'cpu');
    await bank.write(0, Float32Array.from(values), Int32Array.from(labels));
    return bank;
  };
  const train = await bankOf(data.train, data.trainLabels);
  const asked = await bankOf(data.test, data.testLabels);
  for (const { k, similarity, vote, temperature, ...expected } of answers) {
    const classifier = new native.KnnClassifier(asked, { classes, k, similarity, vote, temperature });
    await classifier.add(train);
    const actual = await classifier.accuracy();
    for (const of of ['top1', 'top5'] as const) {
      const told = `${of} of k ${k}, ${similarity}, ${vote}, T ${temperature}: ${actual[of]}, expected ${expected[of]}`;
      assert.ok(Math.abs(actual[of] - expected[of]) < 1e-12, told);
    }
    classifier.dispose();
  }
  train.dispose();
  asked.dispose();
}

test("kNN by cosine and distance, weighted and by majority, is scikit-learn's", () =>
  compare(JSON.parse(committed) as Answers));

test('and of other random features', { skip: typeof python === 'string' && python }, async () => {
  if (typeof python === 'string') return;
  for (const seed of ['1', '2']) {
    await compare(JSON.parse(runPython(python, path.join(root, 'test/python/knn.py'), seed)) as Answers);
  }
});
