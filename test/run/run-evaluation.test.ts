/** Evaluating the encoder of a run folder. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { drawPlan } from '../../lib/augment/plan.js';
import { viewSpec } from '../../lib/augment/view-spec.js';
import { loadNative } from '../../lib/binding/load.js';
import type { Config } from '../../lib/config/schema.js';
import type { Dataset } from '../../lib/data/dataset.js';
import { datasetFromArrays } from '../../lib/data/from-arrays.js';
import { imagesInMemory, type TakenImages } from '../../lib/data/images.js';
import { readData } from '../../lib/data/kinds/index.js';
import type { Embeddings } from '../../lib/export/embeddings.js';
import { learnerSpec } from '../../lib/methods/learner-spec.js';
import { resolveConfig } from '../../lib/methods/resolve.js';
import { embedRun } from '../../lib/run/run-embedding.js';
import { evaluateRun } from '../../lib/run/run-evaluation.js';
import { plainStep } from '../support/byol-spec.js';
import { labelsOf } from '../support/datasets.js';
import { inMemory } from '../support/in-memory.js';
import { withTempDir } from '../support/paths.js';

const config: Config = resolveConfig({
  preset: 'shapes',
  overrides: [
    'data.trainImages=120',
    'data.testImages=40',
    'data.size=16',
    'views.size=16',
    'encoder.blocks=[1, 1]',
    'encoder.width=8',
    'device=cpu',
    'precision=float32',
    'threads=1',
    'evaluation.batchSize=32',
    'evaluation.linear.epochs=3',
  ],
});

/** A run folder as training leaves it after one and after two steps; `finished` exports the second state's encoder. */
async function makeRun(dir: string, finished: boolean): Promise<void> {
  const native = loadNative();
  native.setThreads(1);
  const data = inMemory(await readData(config.data));
  const learner = new native.Learner(
    learnerSpec(config, { device: 'cpu', precision: 'float32' }, data.classNames.length),
  );
  const indices = Int32Array.from({ length: 32 }, (_, i) => i);
  const { store } = (await imagesInMemory(native, data.train).take({
    indices,
    boxes: [],
    shrinkTo: null,
  })) as TakenImages;
  const view = viewSpec(config.views);
  const plan = (number: 0 | 1) =>
    drawPlan({
      pipeline: config.views.pipelines[number],
      view: number,
      seed: 0,
      epoch: 0,
      samples: indices,
      heights: 16,
      widths: 16,
      jitter: view.jitter,
    });
  mkdirSync(path.join(dir, 'checkpoints'));
  writeFileSync(path.join(dir, 'config.json'), JSON.stringify(config));
  for (const step of [1, 2]) {
    await learner.step({
      images: store,
      indices,
      microBatches: 1,
      views: [
        { plan: plan(0), spec: view },
        { plan: plan(1), spec: view },
      ],
      learningRate: 0.3,
      tau: 0.9,
      ...plainStep,
    });
    await learner.save(path.join(dir, 'checkpoints', `step-0000000${step}.safetensors`), {});
  }
  if (finished) await learner.exportEncoder(path.join(dir, 'encoder.safetensors'), {});
  learner.dispose();
  store.dispose();
}

const json = (...parts: string[]) => JSON.parse(readFileSync(path.join(...parts), 'utf8'));

test('evaluates the exported encoder, or else the newest checkpoint, and writes the result beside it', async () => {
  await withTempDir(async (dir) => {
    await makeRun(dir, true);
    const fromEncoder = await evaluateRun({ folder: dir, protocol: 'knn', overrides: ['evaluation.knn.k=10'] });
    assert.equal(fromEncoder.weights, 'encoder.safetensors');
    assert.deepEqual(
      [fromEncoder.result.protocol, fromEncoder.result.k, fromEncoder.result.queryImages],
      ['knn', 10, 40],
    );
    assert.ok(fromEncoder.result.top1 > 0.05 && fromEncoder.result.top1 < fromEncoder.result.top5);
    assert.deepEqual(json(dir, 'eval-knn.json'), JSON.parse(JSON.stringify(fromEncoder)));

    rmSync(path.join(dir, 'encoder.safetensors'));
    const fromCheckpoint = await evaluateRun({ folder: dir, protocol: 'knn', overrides: ['evaluation.knn.k=10'] });
    assert.equal(fromCheckpoint.weights, path.join('checkpoints', 'step-00000002.safetensors'));
    assert.deepEqual(fromCheckpoint.result, fromEncoder.result);

    const linear = await evaluateRun({
      folder: dir,
      protocol: 'linear',
      patch: { evaluation: { linear: { validationFraction: 0.2 } } },
    });
    assert.equal(linear.result.trainImages, 120);
    // A fifth of each of ten classes, rounded.
    assert.ok(Math.abs(linear.result.heldOutImages - 24) <= 5);
    assert.deepEqual(json(dir, 'eval-linear.json').result, JSON.parse(JSON.stringify(linear.result)));
    assert.deepEqual(readdirSync(dir).sort(), ['checkpoints', 'config.json', 'eval-knn.json', 'eval-linear.json']);
  });
});

test('takes the checkpoint before a damaged one, and leaves the folder of a running run alone', async () => {
  await withTempDir(async (dir) => {
    await makeRun(dir, false);
    const checkpoints = path.join(dir, 'checkpoints');
    const newest = path.join(checkpoints, 'step-00000002.safetensors');
    writeFileSync(newest, readFileSync(newest).subarray(0, 1000));
    writeFileSync(path.join(checkpoints, 'step-00000003.safetensors.1.tmp'), 'being written');
    const { weights, result } = await evaluateRun({ folder: dir, protocol: 'knn' });
    assert.equal(weights, path.join('checkpoints', 'step-00000001.safetensors'));
    assert.equal(readdirSync(checkpoints).length, 3);
    // What the damaged file had left in the network would show beside a network that never saw it.
    rmSync(newest);
    assert.deepEqual((await evaluateRun({ folder: dir, protocol: 'knn' })).result, result);
    writeFileSync(path.join(checkpoints, 'step-00000001.safetensors'), '');
    await assert.rejects(evaluateRun({ folder: dir, protocol: 'knn' }), {
      code: 'ERR_BYOL_CHECKPOINT',
      message: /00000001/,
    });
  });
});

test('says what cannot be evaluated', async () => {
  await withTempDir(async (dir) => {
    const evaluate = (options: object = {}) => evaluateRun({ folder: dir, protocol: 'knn', ...options });
    await assert.rejects(evaluate(), { code: 'ERR_BYOL_RUN', message: /There is no run in/ });
    writeFileSync(path.join(dir, 'config.json'), JSON.stringify(config));
    await assert.rejects(evaluate(), {
      code: 'ERR_BYOL_RUN',
      message: /neither encoder\.safetensors nor a checkpoint/,
    });
    await assert.rejects(evaluate({ overrides: ['encoder.width=16'] }), {
      code: 'ERR_BYOL_CONFIG',
      message: /belong to the run[\s\S]*encoder\.width: 8 -> 16/,
    });
    await assert.rejects(evaluate({ overrides: ['evaluation.knn.k=0'] }), {
      code: 'ERR_BYOL_CONFIG',
      message: /evaluation\.knn\.k/,
    });
    const reason = new Error('not now');
    await assert.rejects(evaluate({ signal: AbortSignal.abort(reason) }), reason);

    // The encoder of another architecture.
    const other = path.join(dir, 'other');
    mkdirSync(other);
    await makeRun(other, true);
    copyFileSync(path.join(other, 'encoder.safetensors'), path.join(dir, 'encoder.safetensors'));
    writeFileSync(
      path.join(dir, 'config.json'),
      JSON.stringify({ ...config, encoder: { ...config.encoder, width: 16 } }),
    );
    await assert.rejects(evaluate(), { code: 'ERR_BYOL_CHECKPOINT' });
    assert.ok(!readdirSync(dir).includes('eval-knn.json'));
  });
});

test('embeds every image in order, with the encoder that evaluations use, with and without labels', async () => {
  await withTempDir(async (dir) => {
    await makeRun(dir, true);
    const before = readdirSync(dir).sort();
    const embedded = await embedRun({ folder: dir, split: 'train' });
    assert.deepEqual(
      [embedded.count, embedded.features.length, embedded.labels?.length, embedded.classNames.length],
      [120, 120 * embedded.dimension, 120, 10],
    );
    assert.equal(embedded.weights, 'encoder.safetensors');
    // The nearest training images by these features decide as kNN does: its protocol, written out.
    const tested = await embedRun({ folder: dir });
    const { result } = await evaluateRun({ folder: dir, protocol: 'knn', overrides: ['evaluation.knn.k=1'] });
    assert.ok(Math.abs(nearestTop1(embedded, tested) - result.top1) < 1e-9);

    // The same images without labels.
    const { train, test: testImages } = inMemory(await readData(config.data));
    const raw = path.join(dir, 'raw');
    mkdirSync(raw);
    writeFileSync(
      path.join(raw, 'raw.json'),
      JSON.stringify({ height: 16, width: 16, train: { images: 120 }, test: { images: 40 } }),
    );
    assert.ok(testImages);
    writeFileSync(path.join(raw, 'train.bin'), train.source.pixels);
    writeFileSync(path.join(raw, 'test.bin'), testImages.source.pixels);
    rmSync(path.join(dir, 'eval-knn.json'));
    const unlabelled = { ...config, data: { kind: 'raw', path: raw } };
    writeFileSync(path.join(dir, 'config.json'), JSON.stringify(unlabelled));
    const plain = await embedRun({ folder: dir, split: 'train' });
    assert.deepEqual([plain.labels, plain.classNames], [null, []]);
    assert.deepEqual(plain.features, embedded.features);
    rmSync(raw, { recursive: true });
    assert.deepEqual(readdirSync(dir).sort(), before);
  });
});

test('evaluation.transform is what all protocols and embeddings see', async () => {
  await withTempDir(async (dir) => {
    await makeRun(dir, true);
    // torchvision's shorter side is 18 of 16 pixels, which these images have: what it sees of them is all but their frames.
    const { train, test: held, classNames } = inMemory(await readData(config.data));
    const split = ({ source, targets }: typeof train, side: number) => ({
      pixels: framed(source.pixels, side),
      height: side,
      width: side,
      labels: labelsOf({ targets }),
    });
    const dataOf = (side: number): Dataset =>
      datasetFromArrays({ ...split(train, side), test: split(held ?? train, side), classNames });
    const overrides = ['evaluation.transform=torchvision', 'evaluation.linear.features=fixed'];
    const [framedData, plainData] = [dataOf(18), dataOf(16)];
    const features = async (data: Dataset, changes: string[]) =>
      (await embedRun({ folder: dir, data, overrides: changes })).features;
    assert.deepEqual(await features(framedData, overrides), await features(plainData, []));
    assert.notDeepEqual(await features(framedData, []), await features(plainData, []));
    for (const protocol of ['knn', 'linear'] as const) {
      const [seen, whole] = [
        await evaluateRun({ folder: dir, protocol, data: framedData, overrides }),
        await evaluateRun({ folder: dir, protocol, data: plainData, overrides }),
      ];
      assert.deepEqual(seen.result, whole.result);
    }
  });
});

/** Square images of 16 pixels in the middle of `side`, with noise around them. */
function framed(pixels: Uint8Array, side: number): Uint8Array {
  const images = pixels.length / (16 * 16 * 3);
  const around = (side - 16) / 2;
  const result = new Uint8Array(images * side * side * 3).map((_, i) => (i * 7919) % 251);
  for (let row = 0; row < images * 16; row += 1) {
    const y = Math.floor(row / 16) * side + around + (row % 16);
    result.set(pixels.subarray(row * 48, (row + 1) * 48), (y * side + around) * 3);
  }
  return result;
}

function nearestTop1(bank: Embeddings, queries: Embeddings): number {
  const row = (of: Embeddings, index: number): Float32Array => {
    const values = of.features.subarray(index * of.dimension, (index + 1) * of.dimension);
    const length = Math.hypot(...values);
    return values.map((value) => value / length);
  };
  const rows = Array.from({ length: bank.count }, (_, i) => row(bank, i));
  let right = 0;
  for (let query = 0; query < queries.count; query += 1) {
    const wanted = row(queries, query);
    const similarities = rows.map((values) => values.reduce((sum, value, i) => sum + value * (wanted[i] as number), 0));
    const best = similarities.indexOf(Math.max(...similarities));
    if (bank.labels?.[best] === queries.labels?.[query]) right += 1;
  }
  return right / queries.count;
}

test('a checkpoint that the disk does not give is an error, not a damaged one to pass over', async () => {
  await withTempDir(async (dir) => {
    await makeRun(dir, false);
    mkdirSync(path.join(dir, 'checkpoints', 'step-00000003.safetensors'));
    await assert.rejects(evaluateRun({ folder: dir, protocol: 'knn' }), {
      code: 'ERR_BYOL_IO',
      message: /step-00000003/,
    });
  });
});
