/** Encoder.load(): every place that weights lie in, and what is said of those that it cannot take. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ImageSplit } from '../../lib/data/dataset.js';
import { readData } from '../../lib/data/kinds/index.js';
import { Encoder } from '../../lib/encoder/encoder.js';
import type { Embeddings } from '../../lib/export/embeddings.js';
import { torchvisionWeights } from '../../lib/export/encoder-description.js';
import { embedRun } from '../../lib/run/run-embedding.js';
import { makeToy } from '../eval/toy.js';
import { withTempDir } from '../support/paths.js';
import { readRaw, writeRaw } from '../support/safetensors.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';
import { colourOptions, plain, writeColourMeans } from './tiny-encoders.js';

const onCpu = { device: 'cpu', precision: 'float32', threads: 1 } as const;

describe("a run's encoder", () => {
  let dir: string;
  let run: string;
  let expected: Embeddings;
  let images: Array<{ readonly pixels: Uint8Array; readonly width: number; readonly height: number }>;

  before(async () => {
    dir = mkdtempSync(path.join(tmpdir(), 'byol-test-'));
    run = path.join(dir, 'run');
    // Images larger than the views, and a resampling that no file of the version before speaks of.
    const config = tinyConfig({
      epochs: 1,
      data: { kind: 'shapes', trainImages: 64, testImages: 32, size: 24, seed: 1 },
    });
    await runToEnd({ ...config, views: { ...config.views, resampling: 'bilinear' } }, { folder: run });
    expected = await embedRun({ folder: run });
    const { pixels } = ((await readData(config.data)).test as ImageSplit).source;
    const bytes = 24 * 24 * 3;
    images = Array.from({ length: 32 }, (_, i) => ({
      pixels: pixels.subarray(i * bytes, (i + 1) * bytes),
      width: 24,
      height: 24,
    }));
  });
  after(() => rmSync(dir, { recursive: true }));

  async function assertSame(place: string, weights: string): Promise<void> {
    await using encoder = await Encoder.load(place, onCpu);
    const { data, count, dimension } = await encoder.embed(images);
    assert.deepEqual([count, dimension], [expected.count, expected.dimension]);
    const error = Math.max(...data.map((value, i) => Math.abs(value - (expected.features[i] as number))));
    assert.ok(error < 1e-5, `largest difference ${error}`);
    assert.equal(encoder.weights, weights);
    assert.equal(encoder.inputSize, 16);
  }

  const checkpoint = () => {
    const name = readdirSync(path.join(run, 'checkpoints')).sort().at(-1) as string;
    return path.join(run, 'checkpoints', name);
  };

  test('comes from its folder, its file or a checkpoint, without settings', async () => {
    const file = path.join(run, 'encoder.safetensors');
    await assertSame(run, file);
    await assertSame(file, file);
    await assertSame(checkpoint(), checkpoint());
  });

  test('comes from the newest checkpoint of a run that is not finished', async () => {
    const unfinished = path.join(dir, 'unfinished');
    mkdirSync(path.join(unfinished, 'checkpoints'), { recursive: true });
    copyFileSync(path.join(run, 'config.json'), path.join(unfinished, 'config.json'));
    await assert.rejects(Encoder.load(unfinished, onCpu), {
      code: 'ERR_BYOL_RUN',
      message: /neither encoder\.safetensors nor a checkpoint/,
    });
    const copy = path.join(unfinished, 'checkpoints', path.basename(checkpoint()));
    copyFileSync(checkpoint(), copy);
    await assertSame(unfinished, copy);
  });

  test('brings its metadata, and options go over what they say', async () => {
    await using encoder = await Encoder.load(path.join(run, 'encoder.safetensors'), { ...onCpu, inputSize: 32 });
    assert.equal(encoder.inputSize, 32);
    assert.equal(encoder.metadata['input_size'], '16');
    assert.equal(encoder.metadata['resampling'], 'bilinear');
    assert.equal(encoder.architecture, 'basic [1,1] width 8 small stem');
    assert.equal((await encoder.embed(images[0] as (typeof images)[0])).count, 1);
  });

  test('is refused where its metadata have been changed', async () => {
    const file = path.join(dir, 'changed.safetensors');
    const tensors = readRaw(path.join(run, 'encoder.safetensors'));
    const length = Number(readFileSync(path.join(run, 'encoder.safetensors')).readBigUInt64LE(0));
    const header = readFileSync(path.join(run, 'encoder.safetensors')).toString('utf8', 8, 8 + length);
    const { __metadata__: metadata } = JSON.parse(header) as { __metadata__: Record<string, string> };
    for (const [change, message] of [
      [{ mean: '[1, 2' }, /mean is not JSON/],
      [{ input_size: '-4' }, /what they say of input\.size cannot be/],
    ] as const) {
      writeRaw(file, tensors, { ...metadata, ...change });
      await assert.rejects(Encoder.load(file, onCpu), { code: 'ERR_BYOL_CHECKPOINT', message });
    }
    // Another network than the tensors are of.
    const { encoder = '' } = metadata;
    writeRaw(file, tensors, { ...metadata, encoder: encoder.replace('"width":8', '"width":16') });
    await assert.rejects(Encoder.load(file, onCpu), { code: 'ERR_BYOL_CHECKPOINT', message: /changed\.safetensors/ });
  });
});

describe("another program's file", () => {
  test('is told by its tensors, and the error lists what they do not say', () =>
    withTempDir(async (dir) => {
      const file = path.join(dir, 'colours.safetensors');
      writeColourMeans(file, 'module.backbone.');
      await assert.rejects(Encoder.load(file), (error: Error & { code: string; hint: string }) => {
        assert.equal(error.code, 'ERR_BYOL_USAGE');
        assert.match(error.message, /does not say these, which have to be given: /);
        const options =
          'padding, norm.weightStandardization, norm.epsilon, inputSize, resampling, antialias, mean, std';
        for (const option of options.split(', '))
          assert.ok(error.message.includes(option), `${option}: ${error.message}`);
        assert.match(error.hint, /Encoder\.load\(path, torchvisionWeights\)/);
        return true;
      });
      const { padding: _, ...others } = colourOptions;
      await assert.rejects(Encoder.load(file, others), { message: /have to be given: padding\.$/ });
      await using encoder = await Encoder.load(file, colourOptions);
      const { data } = await encoder.embed(plain(8, [51, 102, 255]));
      assert.deepEqual(
        [...data].map((value) => Math.round(value * 1000)),
        [200, 400, 1000, 300],
      );
    }));

  test("with torchvision's names and norms needs torchvisionWeights alone", () =>
    withTempDir(async (dir) => {
      const file = path.join(dir, 'resnet.safetensors');
      const toy = await makeToy({ noise: 10, train: 32, test: 8 });
      await toy.learner.exportEncoder(file, {});
      toy.dispose();
      await using loaded = await Encoder.load(file, { ...torchvisionWeights, ...onCpu });
      assert.deepEqual([loaded.inputSize, loaded.features], [224, 16]);
    }));

  test('is refused where it is none, or is of another format', () =>
    withTempDir(async (dir) => {
      const file = path.join(dir, 'weights.pth');
      await assert.rejects(Encoder.load(file), { code: 'ERR_BYOL_IO', message: /it does not exist/ });
      writeFileSync(file, Buffer.from('\x80\x02}q\x00.', 'latin1'));
      await assert.rejects(Encoder.load(file), {
        code: 'ERR_BYOL_CHECKPOINT',
        message: /weights\.pth.* no tensors at all/,
      });
      await assert.rejects(Encoder.load(dir), { code: 'ERR_BYOL_RUN', message: /There is no run in/ });
      const other = path.join(dir, 'other.safetensors');
      writeRaw(other, []);
      await assert.rejects(Encoder.load(other), {
        code: 'ERR_BYOL_CHECKPOINT',
        message: /has no ResNet with torchvision's names/,
      });
    }));
});

test('options are checked', async () => {
  const refused = (options: object, message: RegExp) =>
    assert.rejects(Encoder.load('x', options), { code: 'ERR_BYOL_USAGE', message });
  await refused({ devise: 'cpu' }, /did you mean 'device'/);
  await refused({ device: 'gpu' }, /device must be 'auto', 'cpu', 'cuda' or 'cuda:N', got 'gpu'/);
  await refused({ batchSize: 0 }, /batchSize must be a whole number above 0/);
  await refused({ mean: [0, 1] }, /mean must be three numbers/);
  await refused({ norm: { epsilon: -1 } }, /norm must be/);
});
