/** Exported encoders against torchvision's names, and against its networks (or plain PyTorch ones) in Python. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { loadNative } from '../../lib/binding/load.js';
import type { EncoderSpec, NativeImageStore, NativeLearner, NormSpec, ViewSpec } from '../../lib/binding/native.js';
import { officialNorm } from '../../lib/config/presets/shared.js';
import { readSafetensors, readSafetensorsHeader } from '../../lib/export/safetensors.js';
import { plainStep, squareView, torchvisionLearner } from '../support/byol-spec.js';
import { root, withTempDir } from '../support/paths.js';
import { identityPlan } from '../support/plans.js';
import { findPython, type Python, runPython } from '../support/python.js';
import { equallySized } from '../support/stores.js';

const mean = [0.5, 0.4, 0.3] as const;
const std = [0.25, 0.3, 0.2] as const;

const resnet18: EncoderSpec = {
  block: 'basic',
  blocks: [2, 2, 2, 2],
  width: 64,
  stem: 'imagenet',
  padding: 'symmetric',
  initialization: 'torchvision',
  shortcut: 'torchvision',
  zeroInitLastNorm: false,
};
const resnet50: EncoderSpec = { ...resnet18, block: 'bottleneck', blocks: [3, 4, 6, 3] };

/** A learner after two steps, so that its running statistics and weights are its own. */
async function trained(
  encoder: EncoderSpec,
  norm: NormSpec,
  images: NativeImageStore,
  size: number,
): Promise<NativeLearner> {
  const learner = new (loadNative().Learner)({ ...torchvisionLearner, encoder, norm });
  const rows = images.size;
  const views = [false, true].map((flip) => ({ plan: identityPlan(rows, size, size, { flip }), spec: viewOf(size) }));
  const indices = Int32Array.from({ length: rows }, (_, i) => i);
  for (let step = 0; step < 2; step += 1) {
    await learner.step({ images, indices, microBatches: 1, views, learningRate: 0.01, tau: 0.99, ...plainStep });
  }
  return learner;
}

function viewOf(size: number): ViewSpec {
  return { ...squareView(size), mean, std };
}

/** Smooth images, different from each other: noise alone gives nearly equal features. */
function pictures(count: number, size: number): Uint8Array {
  const pixels = new Uint8Array(count * size * size * 3);
  for (let i = 0, at = 0; i < count; i += 1) {
    for (let y = 0; y < size; y += 1) {
      for (let x = 0; x < size; x += 1) {
        for (let c = 0; c < 3; c += 1, at += 1) {
          pixels[at] = 127.5 + 127 * Math.sin((i + 1) * (0.3 * x + 0.17 * (c + 1) * y) + c * i);
        }
      }
    }
  }
  return pixels;
}

/** torchvision's names and sizes of a ResNet's state dict without fc, by the rules of its module structure. */
function torchvisionEntries({ block, blocks, width, stem }: EncoderSpec): Map<string, number> {
  const entries = new Map<string, number>();
  const unit = (conv: string, norm: string, inputs: number, outputs: number, kernel: number) => {
    entries.set(`${conv}.weight`, outputs * inputs * kernel ** 2);
    for (const name of ['weight', 'bias', 'running_mean', 'running_var']) entries.set(`${norm}.${name}`, outputs);
    entries.set(`${norm}.num_batches_tracked`, 1);
  };
  unit('conv1', 'bn1', 3, width, stem === 'imagenet' ? 7 : 3);
  const expansion = block === 'bottleneck' ? 4 : 1;
  let inputs = width;
  for (const [group, count] of blocks.entries()) {
    const inner = width * 2 ** group;
    for (let i = 0; i < count; i += 1) {
      const name = `layer${group + 1}.${i}`;
      if (block === 'bottleneck') {
        unit(`${name}.conv1`, `${name}.bn1`, inputs, inner, 1);
        unit(`${name}.conv2`, `${name}.bn2`, inner, inner, 3);
        unit(`${name}.conv3`, `${name}.bn3`, inner, inner * 4, 1);
      } else {
        unit(`${name}.conv1`, `${name}.bn1`, inputs, inner, 3);
        unit(`${name}.conv2`, `${name}.bn2`, inner, inner, 3);
      }
      if (i === 0 && (group > 0 || inputs !== inner * expansion)) {
        unit(`${name}.downsample.0`, `${name}.downsample.1`, inputs, inner * expansion, 1);
      }
      inputs = inner * expansion;
    }
  }
  return entries;
}

const isBuffer = (name: string): boolean => /running_|num_batches/.test(name);

interface Exported {
  readonly learner: NativeLearner;
  readonly store: NativeImageStore;
  readonly pixels: Uint8Array;
}

/** Trains a little, exports to `file` and disposes of everything after `body`. */
async function exported(
  file: string,
  encoder: EncoderSpec,
  size: number,
  body: (exported: Exported) => Promise<void> | void,
  norm: NormSpec = officialNorm,
): Promise<void> {
  const native = loadNative();
  native.setThreads(1);
  const pixels = pictures(6, size);
  const store = equallySized(native, pixels, 6, size, size);
  const learner = await trained(encoder, norm, store, size);
  try {
    await learner.exportEncoder(file, { note: 'ü' });
    await body({ learner, store, pixels });
  } finally {
    learner.dispose();
    store.dispose();
  }
}

test("an exported ResNet-50 has torchvision's names, shapes and 25,557,032 parameters", async () => {
  const expected = torchvisionEntries(resnet50);
  const parameters = [...expected].filter(([name]) => !isBuffer(name)).reduce((sum, [, size]) => sum + size, 0);
  assert.equal(parameters, 23_508_032);
  assert.equal(parameters + 2048 * 1000 + 1000, 25_557_032);
  await withTempDir(async (dir) => {
    const file = path.join(dir, 'encoder.safetensors');
    await exported(file, resnet50, 32, ({ learner }) => {
      assert.equal(learner.encoderParameters, parameters);
    });
    const { tensors, metadata } = readSafetensorsHeader(file);
    assert.deepEqual({ ...metadata }, { note: 'ü' });
    const sizes = new Map(
      [...tensors].map(([name, { shape }]) => [name, shape.reduce((product, n) => product * n, 1)]),
    );
    assert.deepEqual(new Map([...sizes].sort()), new Map([...expected].sort()));
    assert.deepEqual(tensors.get('conv1.weight')?.shape, [64, 3, 7, 7]);
    assert.deepEqual(tensors.get('layer4.0.conv2.weight')?.shape, [512, 512, 3, 3]);
    assert.deepEqual(tensors.get('layer4.0.downsample.0.weight')?.shape, [2048, 1024, 1, 1]);
    for (const [name, { type }] of tensors)
      assert.equal(type, name.endsWith('num_batches_tracked') ? 'I64' : 'F32', name);
    // Two steps of two views each.
    assert.deepEqual(
      [...(readSafetensors(file, ['bn1.num_batches_tracked']).tensors.get('bn1.num_batches_tracked')?.data ?? [])],
      [4],
    );
  });
});

interface Checked {
  readonly parameters: number;
  readonly features: Float32Array;
  readonly python: {
    readonly network: string;
    readonly parameters: number;
    readonly features: number[][];
    readonly error?: string;
  };
}

interface Network {
  readonly name: string;
  readonly encoder: EncoderSpec;
  readonly size: number;
  /** Batch normalisation where it is left out. */
  readonly norm?: NormSpec;
}

const networks: readonly Network[] = [
  { name: 'ResNet-18 with the small stem', encoder: { ...resnet18, stem: 'small' }, size: 32 },
  { name: 'ResNet-50', encoder: resnet50, size: 64 },
  { name: 'basic [1,1,1,1]', encoder: { ...resnet18, blocks: [1, 1, 1, 1] }, size: 64 },
  { name: 'bottleneck [1,1,1,1], width 16', encoder: { ...resnet50, blocks: [1, 1, 1, 1], width: 16 }, size: 64 },
  {
    name: 'basic [1,1,1,1], width 16, small stem, official shortcut',
    encoder: { ...resnet18, blocks: [1, 1, 1, 1], width: 16, stem: 'small', shortcut: 'official' },
    size: 32,
  },
  {
    name: 'ResNet-18 with group normalisation',
    encoder: { ...resnet18, stem: 'small' },
    size: 32,
    norm: { ...officialNorm, encoder: 'group', epsilon: 1e-3 },
  },
  {
    name: 'bottleneck [1,1,1,1] with layer normalisation',
    encoder: { ...resnet50, blocks: [1, 1, 1, 1] },
    size: 64,
    norm: { ...officialNorm, encoder: 'layer' },
  },
  {
    name: 'basic [1,1,1,1] without normalisation',
    encoder: { ...resnet18, blocks: [1, 1, 1, 1], stem: 'small' },
    size: 32,
    norm: { ...officialNorm, encoder: 'none' },
  },
  {
    name: 'basic [1,1,1,1], width 16, SAME padding',
    encoder: { ...resnet18, blocks: [1, 1, 1, 1], width: 16, padding: 'same' },
    size: 64,
  },
];

/**
 * Exports each network and asks one Python for all of them: importing torch takes longer than the rest. At the end once more
 * the last one, as if its padding were symmetric.
 */
async function check(python: Python): Promise<Checked[]> {
  return withTempDir(async (dir) => {
    const jobs: object[] = [];
    const ours: Array<Omit<Checked, 'python'>> = [];
    for (const [number, { encoder, size, norm = officialNorm }] of networks.entries()) {
      const file = path.join(dir, `${number}.safetensors`);
      const images = path.join(dir, `${number}.images`);
      const body = async ({ learner, store, pixels }: Exported) => {
        writeFileSync(images, pixels);
        ours.push({ parameters: learner.encoderParameters, features: await featuresOf(learner, store, size) });
        jobs.push({ path: file, encoder, norm, mean, std, images, shape: [store.size, size, size, 3] });
      };
      await exported(file, encoder, size, body, norm);
    }
    const last = jobs.at(-1) as { readonly encoder: EncoderSpec };
    jobs.push({ ...last, encoder: { ...last.encoder, padding: 'symmetric' } });
    writeFileSync(path.join(dir, 'jobs.json'), JSON.stringify(jobs));
    const script = path.join(root, 'test/python/check_encoder.py');
    const printed = JSON.parse(runPython(python, script, path.join(dir, 'jobs.json'))) as Array<Checked['python']>;
    const misread = ours.at(-1) as Omit<Checked, 'python'>;
    return [...ours, misread].map((own, i) => ({ ...own, python: printed[i] as Checked['python'] }));
  });
}

async function featuresOf(learner: NativeLearner, images: NativeImageStore, size: number): Promise<Float32Array> {
  const bank = new (loadNative().FeatureBank)(images.size, learner.features, 'cpu');
  const plan = identityPlan(images.size, size, size);
  const indices = Int32Array.from({ length: images.size }, (_, i) => i);
  await learner.embed({ images, indices, plan, view: viewOf(size), statistics: 'running', bank, offset: 0 });
  const features = await bank.read(0, images.size);
  bank.dispose();
  return features;
}

const python = findPython('torch');
describe('Python loads exported encoders strictly and computes the same features', {
  skip: typeof python === 'string' ? python : false,
}, () => {
  let checked: Checked[] = [];
  before(async () => {
    checked = await check(python as Python);
  });

  for (const [number, { name }] of networks.entries()) {
    test(name, (t) => {
      const { parameters, features, python: theirs } = checked[number] as Checked;
      assert.equal(theirs.error, undefined);
      t.diagnostic(`${name}: ${theirs.network}`);
      assert.equal(theirs.parameters, parameters);
      const expected = theirs.features.flat();
      assert.equal(expected.length, features.length);
      const largest = Math.max(...expected.map(Math.abs));
      assert.ok(largest > 0.1, `features are all near 0: ${largest}`);
      const error = Math.max(...expected.map((value, i) => Math.abs(value - (features[i] as number))));
      assert.ok(error < 1e-4 * Math.max(largest, 1), `largest difference ${error}, largest feature ${largest}`);
      const rows = theirs.features.map((row) => row.map((value) => value.toFixed(3)).join());
      assert.equal(new Set(rows).size, rows.length, 'images are not told apart');
    });
  }

  test('an encoder with SAME padding loads with symmetric padding as well, but computes something else', () => {
    const { features, python: theirs } = checked[networks.length] as Checked;
    assert.equal(theirs.error, undefined);
    const expected = theirs.features.flat();
    const error = Math.max(...expected.map((value, i) => Math.abs(value - (features[i] as number))));
    assert.ok(error > 0.05, `largest difference ${error}`);
  });
});
