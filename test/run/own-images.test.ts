/** Runs on images that a script gives. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import type { Config } from '../../lib/config/schema.js';
import type { Dataset } from '../../lib/data/dataset.js';
import { datasetFromArrays } from '../../lib/data/from-arrays.js';
import { datasetFromIterable } from '../../lib/data/from-iterable.js';
import { writeRawStore } from '../../lib/data/kinds/raw.js';
import { generateShapes } from '../../lib/data/kinds/shapes/generate.js';
import type { TrainEvent } from '../../lib/run/events.js';
import { embedRun } from '../../lib/run/run-embedding.js';
import { runCli } from '../support/cli.js';
import { labelsOf } from '../support/datasets.js';
import { withTempDir } from '../support/paths.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

const shapes = { trainImages: 64, testImages: 32, size: 16, seed: 1 };

/** The generated images of tinyConfig(), as a script would give them. */
async function ownShapes(): Promise<Dataset> {
  const { train, test: held, classNames } = await generateShapes(shapes);
  const arrays = ({ source, targets }: Dataset['train']) => ({
    pixels: source.pixels,
    height: 16,
    width: 16,
    labels: labelsOf({ targets }),
  });
  return datasetFromArrays({ ...arrays(train), test: arrays(held), classNames, name: 'my shapes' });
}

const short = (): Config => tinyConfig({ epochs: 2 });

const configOf = (dir: string): Config => JSON.parse(readFileSync(path.join(dir, 'config.json'), 'utf8'));

const stopAfterEpoch = (event: TrainEvent, stop: () => void): void => {
  if (event.type === 'epoch') stop();
};

describe('images that a script gives', () => {
  test('give the run that the same images give otherwise, bit for bit, and its folder says which they were', () =>
    withTempDir(async (dir) => {
      const [mine, generated] = [path.join(dir, 'mine'), path.join(dir, 'generated')];
      const own = await runToEnd(short(), { folder: mine, data: await ownShapes() });
      const other = await runToEnd(short(), { folder: generated });
      assert.deepEqual(own.result.knn, other.result.knn);
      assert.deepEqual(own.result.metrics?.loss, other.result.metrics?.loss);
      const record = readFileSync(path.join(mine, 'data.json'), 'utf8');
      assert.equal(record, readFileSync(path.join(generated, 'data.json'), 'utf8'));
      const { data } = configOf(mine);
      assert.ok(data.kind === 'custom');
      assert.deepEqual([data.name, data.hash.length], ['my shapes', 64]);
      const { data: _, ...rest } = configOf(mine);
      const { data: __, ...others } = configOf(generated);
      assert.deepEqual(rest, others);
    }));

  test('are given again to go on; others are refused, and none says how to give them', () =>
    withTempDir(async (dir) => {
      const data = await ownShapes();
      await runToEnd(short(), { folder: dir, data }, stopAfterEpoch);
      const pixels = data.train.source.pixels.slice();
      pixels[100] = (pixels[100] as number) ^ 1;
      const other = { ...data, train: { ...data.train, source: { ...data.train.source, pixels } } };
      await assert.rejects(runToEnd(short(), { folder: dir, data: other, resume: true }), {
        code: 'ERR_BYOL_DATA',
        message: /training images: as many of the same size, but others.*in the API data/s,
      });
      await assert.rejects(runToEnd(configOf(dir), { folder: dir, resume: true }), {
        code: 'ERR_BYOL_DATA',
        message: /'my shapes' lie in no file: a script gave them\. Give them again .*train\(settings, \{ data \}\)/,
      });
      await assert.rejects(runToEnd(short(), { folder: dir, resume: true }), {
        code: 'ERR_BYOL_CONFIG',
        message: /data\.kind: "custom" -> "shapes"/,
      });
      const renamed = { ...data, name: 'the same by another name' };
      const { result } = await runToEnd(short(), { folder: dir, data: renamed, resume: true });
      assert.equal(result.steps, 8);
      assert.ok(!result.interrupted);
    }));

  test('may all have another size; sizes that are equal change nothing', () =>
    withTempDir(async (dir) => {
      const data = await ownShapes();
      const sized = (split: Dataset['train']): Dataset['train'] => {
        const sides = new Int32Array(split.count).fill(16);
        return { ...split, source: { ...split.source, heights: sides, widths: sides } };
      };
      const each = { ...data, train: sized(data.train), ...(data.test && { test: sized(data.test) }) };
      const one = await runToEnd(short(), { folder: path.join(dir, 'one'), data });
      const many = await runToEnd(short(), { folder: path.join(dir, 'many'), data: each });
      assert.deepEqual(many.result.metrics?.loss, one.result.metrics?.loss);
      assert.deepEqual(configOf(path.join(dir, 'many')).data, configOf(path.join(dir, 'one')).data);

      const images = Array.from({ length: 32 }, (_, i) => {
        const [height, width] = [9 + (i % 7), 24 - (i % 5)];
        return { pixels: new Uint8Array(height * width * 3).fill(i % 2 ? 200 : 30), height, width, label: i % 2 };
      });
      const mixed = await datasetFromIterable(images, { test: images.slice(0, 8), classNames: ['dark', 'light'] });
      const { result } = await runToEnd(short(), { folder: path.join(dir, 'mixed'), data: mixed });
      assert.equal(result.steps, 4);
      assert.ok(Number.isFinite(result.metrics?.loss));
      const record = JSON.parse(readFileSync(path.join(dir, 'mixed', 'data.json'), 'utf8'));
      assert.deepEqual([record.train.height, record.train.images, record.train.sizes.length], [undefined, 32, 64]);
    }));

  test('without test images, or with several labels each, leave out what needs those, with a word', () =>
    withTempDir(async (dir) => {
      const { test: _, ...alone } = await ownShapes();
      const warningsOf = (events: readonly TrainEvent[]): string =>
        events.flatMap((event) => (event.type === 'warning' ? [event.message] : [])).join('\n');
      const first = await runToEnd(short(), { folder: path.join(dir, 'alone'), data: alone });
      assert.deepEqual([first.result.knn, first.result.interrupted], [null, false]);
      assert.match(warningsOf(first.events), /There are no test images: kNN and the linear protocol are left out/);
      assert.equal(typeof first.result.metrics?.['probe/online/top1'], 'number');

      const several = datasetFromArrays({
        pixels: alone.train.source.pixels,
        height: 16,
        width: 16,
        labels: Array.from({ length: 64 }, (_, i) => [i % 3, 3]),
      });
      const second = await runToEnd(short(), { folder: path.join(dir, 'several'), data: several });
      assert.equal(second.result.metrics?.['probe/online/top1'], undefined);
      assert.match(
        warningsOf(second.events),
        /several labels each: kNN, the linear protocol and the online classifier/,
      );
      const { data: ___, ...config } = configOf(path.join(dir, 'several'));
      const supervised = {
        ...config,
        data: short().data,
        predictor: null,
        projector: { ...config.projector, output: 'classes' as const },
        supervision: { labelFraction: 1, labelledPerBatch: null, labelSmoothing: 0, consistency: 0, rampUpEpochs: 0 },
      };
      await assert.rejects(runToEnd(supervised, { folder: path.join(dir, 'never'), data: several }), {
        code: 'ERR_BYOL_DATA',
        message: /Supervision needs one label for each image, but the training images have several labels each/,
      });
    }));

  test('are what the encoder is asked about, also those for validation', () =>
    withTempDir(async (dir) => {
      const data = await ownShapes();
      const val = data.test;
      assert.ok(val);
      await runToEnd(short(), { folder: dir, data });
      const embedded = await embedRun({ folder: dir, data: { ...data, val }, split: 'val' });
      assert.deepEqual(embedded.features, (await embedRun({ folder: dir, data, split: 'test' })).features);
      assert.deepEqual([embedded.split, embedded.labels], ['val', labelsOf(val)]);
      await assert.rejects(embedRun({ folder: dir, data, split: 'val' }), {
        code: 'ERR_BYOL_DATA',
        message: /There are no validation images to ask the encoder about/,
      });
      await assert.rejects(embedRun({ folder: dir }), { code: 'ERR_BYOL_DATA', message: /a script gave them/ });

      // From the command line they can be read of a folder of another kind.
      const store = path.join(dir, 'store');
      await writeRawStore(store, data);
      const { code, stdout, stderr } = runCli(['eval', 'knn', dir, '--data', store, '--set', 'evaluation.knn.k=5']);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /test images +32/);
      assert.match(stderr, /is taken for data\.kind 'raw', .*; the settings were for 'custom'\./);
    }));

  test('are checked before anything is written', () =>
    withTempDir(async (dir) => {
      const folder = path.join(dir, 'run');
      const data = await ownShapes();
      const broken = { ...data, train: { ...data.train, count: 65 } };
      await assert.rejects(runToEnd(short(), { folder, data: broken }), {
        code: 'ERR_BYOL_DATA',
        message: /training images: pixels must have 49920 bytes, 3 for each pixel of 65 images, got 49152/,
      });
      await assert.rejects(runToEnd(short(), { folder, data: 'photos' as unknown as Dataset }), {
        code: 'ERR_BYOL_USAGE',
        message: /data must be a data set: datasetFromArrays\(\)/,
      });
    }));
});
