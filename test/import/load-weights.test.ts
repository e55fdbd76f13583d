/** Weights that come from elsewhere: what is recognised, and what is refused with the file and the tensor by name. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { LearnerSpec, NativeLearner } from '../../lib/binding/native.js';
import { loadWeights } from '../../lib/import/load-weights.js';
import { firstRows, learnerSpec, makeImages, nativeOnOneThread, size, stepInput, view } from '../binding/small.js';
import { withTempDir } from '../support/paths.js';
import { identityPlan } from '../support/plans.js';
import { floats, type RawTensor, readRaw, writeRaw } from '../support/safetensors.js';

const native = nativeOnOneThread();
const rows = 12;
const images = makeImages(native, rows);

/** The exported encoder of a learner after two steps, and what it makes of the images. */
let exported: Map<string, RawTensor>;
let expected: Float32Array;

async function features(learner: NativeLearner): Promise<Float32Array> {
  using bank = new native.FeatureBank(rows, learner.features, 'cpu');
  await learner.embed({
    images,
    indices: firstRows(rows),
    plan: identityPlan(rows, size, size),
    view,
    statistics: 'running',
    bank,
    offset: 0,
  });
  return bank.read(0, rows);
}

before(async () => {
  using learner = new native.Learner(learnerSpec);
  for (let step = 0; step < 2; step += 1) await learner.step(stepInput(images, rows));
  await withTempDir(async (dir) => {
    await learner.exportEncoder(path.join(dir, 'encoder.safetensors'), {});
    exported = readRaw(path.join(dir, 'encoder.safetensors'));
  });
  expected = await features(learner);
});

/** Loads the file into a new learner; the largest difference of its features from the expected ones. */
async function difference(file: string, spec: LearnerSpec = learnerSpec): Promise<number> {
  using learner = new native.Learner({ ...spec, seed: 99 });
  await loadWeights(learner, file);
  const found = await features(learner);
  return Math.max(...found.map((value, i) => Math.abs(value - (expected[i] as number))));
}

const changed = (change: (name: string, tensor: RawTensor) => Array<readonly [string, RawTensor]>) =>
  [...exported].flatMap(([name, tensor]) => change(name, tensor));

/** Refused with ERR_BYOL_CHECKPOINT, the file's name and these words; the learner keeps what it had. */
async function refuses(tensors: Iterable<readonly [string, RawTensor]>, words: RegExp): Promise<void> {
  await withTempDir(async (dir) => {
    const file = path.join(dir, 'other.safetensors');
    writeRaw(file, tensors);
    using learner = new native.Learner(learnerSpec);
    await learner.step(stepInput(images, rows));
    const before = await features(learner);
    await assert.rejects(loadWeights(learner, file), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_BYOL_CHECKPOINT', error.stack);
      assert.match(error.message, words);
      assert.ok(error.message.includes(file), error.message);
      return true;
    });
    assert.deepEqual(await features(learner), before);
  });
}

async function loads(tensors: Iterable<readonly [string, RawTensor]>, metadata?: object, within = 1e-6): Promise<void> {
  await withTempDir(async (dir) => {
    const file = path.join(dir, 'other.safetensors');
    writeRaw(file, tensors, metadata);
    assert.ok((await difference(file)) <= within);
  });
}

describe('weights of other programs', () => {
  after(() => images.dispose());

  test('load with any metadata or none, in any order, with a classifier beside them', async () => {
    await loads(exported);
    await loads([...exported].reverse(), { format: 'pt', epoch: '3' });
    await loads([...exported, ['fc.weight', floats([2, 1], [1, 2])], ['projector.0.weight', floats([1], [0])]]);
  });

  test('load under one prefix, whatever it is', async () => {
    for (const prefix of ['module.', 'backbone.', 'encoder.', 'module.encoder_q.', 'model.online_network.0.']) {
      await loads(changed((name, tensor) => [[prefix + name, tensor]]));
    }
    // Only the network that is this one: a smaller one beside it is another's.
    const beside: Array<readonly [string, RawTensor]> = [['small.conv1.weight', floats([1], [0])]];
    await loads([...beside, ...changed((name, tensor) => [[`big.${name}`, tensor]])]);
  });

  test('are not guessed where two prefixes fit', () =>
    refuses(
      changed((name, tensor) => [
        [`encoder_q.${name}`, tensor],
        [`encoder_k.${name}`, tensor],
      ]),
      /several networks like this one, under 'encoder_k\.', 'encoder_q\.'/,
    ));

  test('load without num_batches_tracked, or with a 0 that was not kept', async () => {
    await loads(changed((name, tensor) => (name.endsWith('num_batches_tracked') ? [] : [[name, tensor]])));
    const zero: RawTensor = { dtype: 'I64', shape: [], bytes: new Uint8Array(8) };
    await loads(changed((name, tensor) => [[name, name.endsWith('num_batches_tracked') ? zero : tensor]]));
    await loads(changed((name, tensor) => [[name, name.endsWith('tracked') ? floats([], [2]) : tensor]]));
  });

  test('load in half precision', () =>
    loads(
      changed((name, tensor) => {
        if (tensor.dtype !== 'F32') return [[name, tensor]];
        // bfloat16 is the upper half of a float32.
        const bytes = tensor.bytes.filter((_, i) => i % 4 >= 2);
        return [[name, { ...tensor, dtype: 'BF16', bytes }]];
      }),
      undefined,
      0.1,
    ));

  test('are refused in a type that is no floating-point one', async () => {
    for (const dtype of ['I32', 'U8', 'I64']) {
      const width = { I32: 4, U8: 1, I64: 8 }[dtype] as number;
      await refuses(
        changed((name, tensor) => {
          if (name !== 'conv1.weight') return [[name, tensor]];
          return [[name, { ...tensor, dtype, bytes: new Uint8Array((tensor.bytes.length / 4) * width) }]];
        }),
        new RegExp(`'conv1\\.weight' is ${dtype}`),
      );
    }
  });

  test('are refused where they are not finite, or no variance', async () => {
    const spoilt = (wanted: string, value: number) =>
      changed((name, tensor) => {
        if (name !== wanted) return [[name, tensor]];
        const count = tensor.shape.reduce((a, b) => a * b, 1);
        return [[name, floats(tensor.shape, [...Array<number>(count - 1).fill(0.5), value])]];
      });
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      await refuses(spoilt('layer1.0.conv1.weight', value), /'layer1\.0\.conv1\.weight'.* not finite/);
    }
    await refuses(spoilt('bn1.bias', Number.NaN), /'bn1\.bias'.* not finite/);
    await refuses(spoilt('layer2.0.bn2.running_mean', Number.NaN), /'layer2\.0\.bn2\.running_mean'.* not finite/);
    await refuses(spoilt('bn1.running_var', -1), /'bn1\.running_var'.*below 0/);
  });

  test('are refused where they are of another network', async () => {
    const only = (wanted: RegExp) => changed((name, tensor) => (wanted.test(name) ? [[name, tensor]] : []));
    await refuses(only(/^(conv1|bn1|layer1)/), /lacks the tensor 'layer2\.0\.\w+/);
    await refuses(
      [...exported, ['layer2.1.conv1.weight', floats([1], [1])]],
      /'layer2\.1\.conv1\.weight', which this network does not/,
    );
    await refuses(
      changed((name, tensor) => [[name, name === 'conv1.weight' ? floats([1], [1]) : tensor]]),
      /'conv1\.weight' has shape \[1\]/,
    );
    await refuses(only(/^(?!.*running_var)/), /lacks the tensor 'bn1\.running_var'/);
    await refuses([['blocks.0.attn.weight', floats([1], [1])]], /no ResNet with torchvision's names.*'blocks\.0\.attn/);
    await refuses([], /no tensors at all/);
  });
});

test('files of other formats are called what they are, with how to convert them', async () => {
  const zip = (member: string): Buffer => {
    const header = Buffer.alloc(30);
    header.write('PK\x03\x04', 'latin1');
    header.writeUInt16LE(member.length, 26);
    return Buffer.concat([header, Buffer.from(member), Buffer.alloc(100)]);
  };
  const tar = Buffer.alloc(1024);
  tar.write('ustar', 257, 'latin1');
  const binary = (text: string): Buffer => Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(64, 7)]);
  const cases: ReadonlyArray<readonly [string, Buffer, RegExp, RegExp]> = [
    ['w.npz', zip('conv1.weight.npy'), /NumPy archive/, /numpy\.load.*\n/],
    ['w.npy', binary('\x93NUMPY\x01\x00'), /single NumPy array/, /safetensors/],
    ['w.onnx', binary('\x08\x08\x12\x07pytorch'), /ONNX model/, /to_array/],
    ['w.h5', binary('\x89HDF\r\n\x1a\n'), /HDF5/, /h5py/],
    ['w.gguf', binary('GGUF\x03'), /GGUF/, /safetensors/],
    ['w.tar.gz', binary('\x1f\x8b\x08'), /gzip/, /Unpack/],
    ['w.tar', tar, /tar archive/, /Unpack/],
    ['w.zip', zip('encoder.safetensors'), /zip archive/, /Unpack/],
    ['lfs', Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\n'), /Git LFS/, /git lfs pull/],
    ['page', Buffer.from('<!DOCTYPE html><html></html>'), /HTML/, /again/],
    ['model.safetensors.index.json', Buffer.from('{\n  "metadata": {}}'), /JSON/, /index/],
  ];
  await withTempDir(async (dir) => {
    using learner = new native.Learner(learnerSpec);
    for (const [name, bytes, words, hint] of cases) {
      const file = path.join(dir, name);
      writeFileSync(file, bytes);
      await assert.rejects(loadWeights(learner, file), (error: Error & { code?: string; hint?: string }) => {
        assert.equal(error.code, 'ERR_BYOL_CHECKPOINT', error.stack);
        assert.match(error.message, words);
        assert.ok(error.message.startsWith(file), error.message);
        assert.match(error.hint ?? '', hint);
        return true;
      });
    }
    // Neither: the reader's own words.
    for (const [bytes, words] of [
      [Buffer.alloc(0), /0 bytes/],
      [Buffer.from('garbage that is long enough'), /header's length/],
      [Buffer.alloc(64, 0xff), /header's length/],
      [Buffer.concat([Buffer.of(0, 0, 0, 4, 0, 0, 0, 0), Buffer.alloc(64)]), /ends inside its header/],
    ] as const) {
      const file = path.join(dir, 'broken.safetensors');
      writeFileSync(file, bytes);
      await assert.rejects(loadWeights(learner, file), {
        code: 'ERR_BYOL_CHECKPOINT',
        message: new RegExp(`${file}.*${words.source}`),
      });
    }
  });
});
