/** ONNX models against our own features, computed by another runtime: onnxruntime, as WebAssembly. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import * as ort from 'onnxruntime-web';
import { loadNative } from '../../lib/binding/load.js';
import type { EncoderSpec, NormSpec } from '../../lib/binding/native.js';
import { officialNorm } from '../../lib/config/presets/shared.js';
import { Encoder } from '../../lib/encoder/encoder.js';
import { exportEncoder } from '../../lib/encoder/export-encoder.js';
import { withTempDir } from '../support/paths.js';
import { input, pictures, writeTrained } from './trained-files.js';

const small: EncoderSpec = {
  block: 'basic',
  blocks: [1, 1],
  width: 8,
  stem: 'small',
  padding: 'same',
  initialization: 'official',
  shortcut: 'official',
  zeroInitLastNorm: false,
};
const imagenet: EncoderSpec = { ...small, stem: 'imagenet', blocks: [2, 2, 2, 2] };
const symmetric = { padding: 'symmetric', shortcut: 'torchvision' } as const;
const bottleneck: EncoderSpec = { ...imagenet, block: 'bottleneck', blocks: [3, 4, 6, 3], width: 4 };

/** `tolerance`, of the largest feature: 1e-4 if left out. */
const networks: ReadonlyArray<readonly [string, EncoderSpec, Partial<NormSpec>, tolerance?: number]> = [
  ['a small stem', small, {}],
  ["solo-learn's small stem", { ...small, ...symmetric, stem: 'small-padded' }, {}],
  ['ResNet-18 as the official code pads it', imagenet, {}],
  ['ResNet-18 as torchvision pads it', { ...imagenet, ...symmetric }, { epsilon: 1e-3 }],
  ['a ResNet-50 of width 4', bottleneck, {}],
  // Two hundred layers of random weights add up their roundings.
  ['a ResNet-200 of width 4', { ...bottleneck, blocks: [3, 24, 36, 3] }, {}, 1e-3],
  ['group norm with weight standardisation', imagenet, { encoder: 'group', groups: 4, weightStandardization: true }],
  ['layer norm', small, { encoder: 'layer' }],
  ['affine layers', small, { encoder: 'affine' }],
  ['no norm', small, { encoder: 'none' }],
];

/** NCHW, normalised in float64. */
function normalised(pixels: Uint8Array, count: number, height: number, width: number): Float32Array {
  const area = height * width;
  return Float32Array.from({ length: pixels.length }, (_, at) => {
    const [image, inside] = [Math.floor(at / (3 * area)), at % (3 * area)];
    const [channel, pixel] = [Math.floor(inside / area), inside % area];
    assert.ok(image < count);
    const value = (pixels[(image * area + pixel) * 3 + channel] as number) / 255;
    return (value - (input.mean[channel] as number)) / (input.std[channel] as number);
  });
}

async function featuresOf(model: Uint8Array, name: string, tensor: ort.Tensor): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(model);
  try {
    const { features } = await session.run({ [name]: tensor });
    assert.equal(features?.type, 'float32');
    return features.data as Float32Array;
  } finally {
    await session.release();
  }
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  assert.equal(a.length, b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
}

before(() => {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  loadNative().setThreads(1);
});

for (const [title, encoder, norm, tolerance = 1e-4] of networks) {
  test(`an ONNX model computes what we do: ${title}`, async () => {
    await withTempDir(async (dir) => {
      const [file, out] = [path.join(dir, 'encoder.safetensors'), path.join(dir, 'encoder.onnx')];
      await writeTrained(file, encoder, { ...officialNorm, ...norm });
      const { features, bytes } = await exportEncoder(file, { out });
      const model = readFileSync(out);
      assert.equal(model.length, bytes);
      // Sides that strided layers halve with a rest, and another number of images than the training had.
      for (const [count, height, width] of [
        [3, input.size, input.size],
        [1, input.size, input.size],
      ] as const) {
        const pixels = pictures(count, height, width);
        await using ours = await Encoder.load(file, { device: 'cpu', precision: 'float32' });
        const images = Array.from({ length: count }, (_, i) => ({
          pixels: pixels.subarray(i * height * width * 3, (i + 1) * height * width * 3),
          height,
          width,
        }));
        const expected = await ours.embed(images);
        const tensor = new ort.Tensor('float32', normalised(pixels, count, height, width), [count, 3, height, width]);
        const found = await featuresOf(model, 'images', tensor);
        assert.equal(found.length, count * features);
        assert.ok(Math.max(...expected.data) > 0.01, 'features that are all zero show nothing');
        const scale = Math.max(1, ...expected.data);
        const difference = largestDifference(found, expected.data);
        assert.ok(difference < tolerance * scale, `differs by ${difference}, of values up to ${scale}`);
      }
    });
  });
}

test('an odd size is padded as ours is', async () => {
  await withTempDir(async (dir) => {
    const [file, out] = [path.join(dir, 'encoder.safetensors'), path.join(dir, 'encoder.onnx')];
    await writeTrained(file, imagenet, officialNorm);
    await exportEncoder(file, { out });
    for (const side of [33, 47]) {
      const pixels = pictures(2, side, side);
      await using ours = await Encoder.load(file, { device: 'cpu', precision: 'float32', inputSize: side });
      const images = [0, 1].map((i) => ({
        pixels: pixels.subarray(i * side * side * 3, (i + 1) * side * side * 3),
        height: side,
        width: side,
      }));
      const expected = await ours.embed(images);
      const tensor = new ort.Tensor('float32', normalised(pixels, 2, side, side), [2, 3, side, side]);
      const found = await featuresOf(readFileSync(out), 'images', tensor);
      assert.ok(largestDifference(found, expected.data) < 1e-4);
    }
  });
});

test('a model that takes pixels normalises them itself', async () => {
  await withTempDir(async (dir) => {
    const [file, out] = [path.join(dir, 'encoder.safetensors'), path.join(dir, 'encoder.onnx')];
    await writeTrained(file, small, officialNorm);
    await exportEncoder(file, { out, pixels: true });
    const pixels = pictures(2, input.size, input.size);
    await using ours = await Encoder.load(file, { device: 'cpu', precision: 'float32' });
    const bytes = input.size ** 2 * 3;
    const images = [0, 1].map((i) => ({
      pixels: pixels.subarray(i * bytes, (i + 1) * bytes),
      height: input.size,
      width: input.size,
    }));
    const { data } = await ours.embed(images);
    const tensor = new ort.Tensor('uint8', pixels, [2, input.size, input.size, 3]);
    assert.ok(largestDifference(await featuresOf(readFileSync(out), 'pixels', tensor), data) < 1e-4);
  });
});

describe('files', () => {
  test('safetensors go round; files of others and the source stay', async () => {
    await withTempDir(async (dir) => {
      const [file, out] = [path.join(dir, 'encoder.safetensors'), path.join(dir, 'copy.safetensors')];
      await writeTrained(file, small, officialNorm);
      const pixels = { pixels: pictures(1, 48, 48), height: 48, width: 48 };
      const embed = async (weights: string) => {
        await using encoder = await Encoder.load(weights, { device: 'cpu', precision: 'float32' });
        return (await encoder.embed([pixels])).data;
      };
      // Twice: what it wrote itself is replaced.
      for (let time = 0; time < 2; time += 1) await exportEncoder(file, { out });
      assert.deepEqual(await embed(out), await embed(file));
      await assert.rejects(exportEncoder(file, { out: file }), {
        code: 'ERR_BYOL_USAGE',
        message: /is the file that the encoder is in/,
      });
      const other = path.join(dir, 'other.onnx');
      writeFileSync(other, 'mine');
      await assert.rejects(exportEncoder(file, { out: other }), { code: 'ERR_BYOL_IO', message: /did not write/ });
      await assert.rejects(exportEncoder(file, { out: other, format: 'safetensors' }), {
        code: 'ERR_BYOL_IO',
        message: /did not write/,
      });
      assert.equal(readFileSync(other, 'utf8'), 'mine');
    });
  });

  test('formats of programs that have no such network are refused with the reason', async () => {
    await withTempDir(async (dir) => {
      const file = path.join(dir, 'encoder.safetensors');
      await writeTrained(file, imagenet, officialNorm);
      const to = (format: 'torchvision' | 'timm') => exportEncoder(file, { out: path.join(dir, 'x'), format });
      await assert.rejects(to('torchvision'), {
        code: 'ERR_BYOL_USAGE',
        message: /torchvision has no network that computes the same.*8 channels/s,
      });
      await assert.rejects(to('timm'), { code: 'ERR_BYOL_USAGE', message: /timm has no network/ });
      const odd = exportEncoder(file, { out: path.join(dir, 'encoder.bin') });
      await assert.rejects(odd, { code: 'ERR_BYOL_USAGE', message: /does not end in \.onnx or \.safetensors/ });
      const pixels = exportEncoder(file, { out: path.join(dir, 'x.safetensors'), pixels: true });
      await assert.rejects(pixels, { code: 'ERR_BYOL_USAGE', message: /ONNX/ });
    });
  });
});
