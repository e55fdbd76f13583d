/** evaluateEncoder() on a network whose features are colours, so that the right answers are plain to see. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { datasetFromArrays } from '../../lib/data/from-arrays.js';
import { embedDataset } from '../../lib/encoder/embed-dataset.js';
import { Encoder } from '../../lib/encoder/encoder.js';
import { evaluateEncoder } from '../../lib/encoder/evaluate-encoder.js';
import type { EvaluationProgress } from '../../lib/eval/context.js';
import { withTempDir } from '../support/paths.js';
import { colourOptions, writeColourMeans } from './tiny-encoders.js';

const CLASSES = 3;

/** Images of two sizes in red, green or blue, some of them unlabelled; `wrong`: of that many the label is the next class. */
function colours(count: number, wrong: number) {
  const sides = Int32Array.from({ length: count }, (_, i) => (i % 2 === 0 ? 8 : 11));
  const labels = Array.from({ length: count }, (_, i) => i % CLASSES);
  const pixels: number[] = [];
  for (const [i, side] of sides.entries()) {
    for (let at = 0; at < side * side; at += 1)
      for (const c of [0, 1, 2]) pixels.push(c === i % CLASSES ? 200 + (i % 50) : 20);
  }
  return {
    pixels: Uint8Array.from(pixels),
    heights: sides,
    widths: sides,
    labels: labels.map((label, i) => (i < wrong ? (label + 1) % CLASSES : i % 10 === 9 ? -1 : label)),
  };
}

const data = datasetFromArrays({ ...colours(60, 0), test: colours(30, 4) });

async function withColours<T>(body: (encoder: Encoder) => Promise<T>): Promise<T> {
  return withTempDir(async (dir) => {
    const file = path.join(dir, 'colours.safetensors');
    writeColourMeans(file);
    await using encoder = await Encoder.load(file, colourOptions);
    return await body(encoder);
  });
}

test('every protocol says what is right, of images of any sizes', () =>
  withColours(async (encoder) => {
    const { train } = data;
    const asked = { train, test: data.test ?? train };
    const progress: EvaluationProgress[] = [];
    const knn = await evaluateEncoder(encoder, {
      protocol: 'knn',
      ...asked,
      settings: { k: 5 },
      onProgress: (entry) => void progress.push(entry),
    });
    // 27 of the 30 test images have a label, of which 4 are wrong: none of their neighbours votes for it.
    assert.deepEqual([knn.result.k, knn.result.bankImages, knn.result.queryImages], [5, 54, 27]);
    assert.equal(knn.result.top1, 23 / 27);
    assert.deepEqual(knn.metrics, { 'knn/top1': 23 / 27, 'knn/top5': 23 / 27 });
    assert.deepEqual(progress.at(-1), { phase: 'test images', done: 27, total: 27 });

    const settings = { epochs: 40, batchSize: 16, learningRates: [16, 8], validationFraction: 0.2 } as const;
    for (const features of ['fixed', 'per-epoch'] as const) {
      const { result } = await evaluateEncoder(encoder, {
        protocol: 'linear',
        ...asked,
        settings: { ...settings, features },
      });
      assert.equal(result.top1, 23 / 27, features);
      assert.equal(Math.max(...result.validationTop1.map(Number)), 1);
    }
  }));

test('what is wrong is said before anything is computed', () =>
  withColours(async (encoder) => {
    const { train } = data;
    const evaluate = (changes: object) => evaluateEncoder(encoder, { protocol: 'knn', train, test: train, ...changes });
    const refused = (changes: object, code: string, message: RegExp) =>
      assert.rejects(evaluate(changes), { code, message });
    await refused({ protocol: 'svm' }, 'ERR_BYOL_USAGE', /protocol must be 'knn' or 'linear'/);
    await refused({ test: undefined }, 'ERR_BYOL_USAGE', /test is missing/);
    await refused({ settings: { k: 0 } }, 'ERR_BYOL_USAGE', /Settings of protocol 'knn' are wrong: k: /);
    await refused({ settings: { kk: 3 } }, 'ERR_BYOL_USAGE', /kk/);
    await refused({ seed: -1 }, 'ERR_BYOL_USAGE', /seed must be a whole number from 0/);
    await refused({ test: { ...train, targets: null } }, 'ERR_BYOL_DATA', /None of the 60 test images has a label/);
    const reason = new Error('enough');
    await assert.rejects(evaluate({ signal: AbortSignal.abort(reason) }), reason);
    await encoder.dispose();
    await refused({}, 'ERR_BYOL_DISPOSED', /disposed/);
  }));

test('a data set is embedded image by image, labelled or not', () =>
  withColours(async (encoder) => {
    const embedded = await embedDataset(encoder, data, 'test');
    assert.deepEqual([embedded.count, embedded.dimension, embedded.split, embedded.labels?.[9]], [30, 4, 'test', -1]);
    const row = [...embedded.features.subarray(4 * 5, 4 * 6)].map((value) => Math.round(value * 255));
    assert.deepEqual(row, [20, 20, 205, 20]);
    const { test: _, ...trainOnly } = data;
    await assert.rejects(embedDataset(encoder, trainOnly, 'test'), {
      code: 'ERR_BYOL_DATA',
      message: /no test images/,
    });
  }));
