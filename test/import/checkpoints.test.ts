/** Checkpoints as other programs write them, against what those programs' own networks make of the same images. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Encoder } from '../../lib/encoder/encoder.js';
import { torchvisionWeights } from '../../lib/export/encoder-description.js';
import { readSafetensorsHeader } from '../../lib/export/safetensors.js';
import { type ImportOptions, importEncoder } from '../../lib/import/import-encoder.js';
import { withTempDir } from '../support/paths.js';
import { difference, fixture, pictures } from './fixture-files.js';

const onCpu = { device: 'cpu', precision: 'float32', threads: 1 } as const;
/** The images have this size already, so that only mean and std count. */
const size = { inputSize: 32 };
const options = { ...torchvisionWeights, ...size };

interface Case {
  readonly file: string;
  /** Of the expected features, where the file has several networks. */
  readonly features?: string;
  readonly options?: ImportOptions;
  readonly metadata: Readonly<Record<string, string>>;
}

const cases: readonly Case[] = [
  {
    file: 'torchvision.pth',
    metadata: { imported_format: 'PyTorch', imported_names: 'torchvision', imported_branch: '' },
  },
  {
    file: 'legacy.pth.tar',
    metadata: { imported_format: 'PyTorch before 1.6', imported_branch: 'state_dict.module', imported_epoch: '7' },
  },
  {
    file: 'moco.pth',
    metadata: {
      imported_branch: 'state_dict.module.encoder_q',
      imported_branch_kind: 'online',
      imported_branches_left: '["state_dict.module.encoder_k"]',
    },
  },
  {
    file: 'moco.pth',
    features: 'moco-target',
    options: { branch: 'target' },
    metadata: { imported_branch: 'state_dict.module.encoder_k', imported_branch_kind: 'target' },
  },
  {
    file: 'moco.pth',
    features: 'moco-target',
    options: { branch: 'state_dict.module.encoder_k.' },
    metadata: { imported_branch: 'state_dict.module.encoder_k' },
  },
  { file: 'strided.pth', metadata: { imported_branch: 'model' } },
  { file: 'half.pt', metadata: {} },
  { file: 'bfloat16.pt', metadata: {} },
  {
    file: 'lightly.ckpt',
    metadata: { imported_names: 'sequential', imported_branch: 'state_dict.backbone', imported_global_step: '120' },
  },
  {
    file: 'lightly.ckpt',
    features: 'moco-target',
    options: { branch: 'target' },
    metadata: { imported_branch: 'state_dict.backbone_momentum' },
  },
  { file: 'solo-learn.ckpt', metadata: { imported_branch: 'state_dict.backbone', imported_branch_kind: 'online' } },
  { file: 'whole-training.ckpt', metadata: { imported_branch: 'state_dict.encoder' } },
  {
    file: 'solo-learn-cifar.ckpt',
    // Nothing is usual for small images.
    options: torchvisionWeights,
    metadata: { architecture: 'basic [1,1] width 4 small stem padded by 2' },
  },
  {
    file: 'transformers/model.safetensors',
    metadata: { imported_format: 'safetensors', imported_names: 'transformers', imported_branch: 'resnet' },
  },
  {
    file: 'byol.pkl',
    metadata: {
      imported_format: 'pickle',
      imported_names: 'haiku',
      imported_branch: 'experiment_state.online_params',
      imported_branch_kind: 'online',
      imported_branches_left: '["experiment_state.target_params"]',
      imported_step: '300000',
      padding: 'same',
      resampling: 'bicubic',
      antialias: 'false',
    },
  },
  {
    file: 'byol.pkl',
    features: 'byol-target',
    options: { branch: 'target' },
    metadata: { imported_branch: 'experiment_state.target_params' },
  },
  { file: 'haiku-jax.pkl', metadata: { imported_names: 'haiku', imported_branch: 'params' } },
];

describe("others' checkpoints", () => {
  for (const { file, features = file, options: asked = {}, metadata } of cases) {
    test(`${file}${asked.branch === undefined ? '' : `, ${asked.branch}`}: features as its own library's`, () =>
      withTempDir(async (dir) => {
        // By content: the name says nothing.
        const source = path.join(dir, 'weights');
        copyFileSync(fixture(file), source);
        const out = path.join(dir, 'encoder.safetensors');
        const imported = await importEncoder(source, { ...asked, ...size, out });
        assert.match(imported.sha256, /^[0-9a-f]{64}$/);
        for (const [name, value] of Object.entries({ imported_from: 'weights', ...metadata })) {
          assert.equal(readSafetensorsHeader(out).metadata[name], value, name);
        }
        const branch = asked.branch === undefined ? {} : { branch: asked.branch };
        const own = imported.origin.naming === 'haiku' ? size : options;
        for (const [place, given] of [
          [out, {}],
          [source, { ...own, ...branch }],
        ] as const) {
          await using encoder = await Encoder.load(place, { ...onCpu, ...given });
          const largest = difference(await encoder.embed(pictures), features);
          assert.ok(largest < 1e-5, `${place}: largest difference ${largest}`);
          assert.equal(encoder.weights, place);
          assert.equal(encoder.metadata['imported_branch'], imported.origin.branch);
        }
      }));
  }

  test('say what they leave open', () =>
    withTempDir(async (dir) => {
      await assert.rejects(Encoder.load(fixture('torchvision.pth')), {
        code: 'ERR_BYOL_USAGE',
        message: /have to be given: inputSize, (.*, )?mean, std|have to be given: .*mean/,
      });
      const out = path.join(dir, 'encoder.safetensors');
      const { assumed, description } = await importEncoder(fixture('torchvision.pth'), { out, resampling: 'bicubic' });
      assert.deepEqual(assumed, ['inputSize', 'mean', 'std', 'antialias', 'transform']);
      assert.equal(
        readSafetensorsHeader(out).metadata['imported_assumed'],
        'inputSize, mean, std, antialias, transform',
      );
      assert.deepEqual([description.input.resampling, description.encoder.padding], ['bicubic', 'symmetric']);
      assert.deepEqual((await importEncoder(fixture('byol.pkl'), { out })).assumed, []);
    }));

  test('for small images say what is to be given, and the padding of their first convolution can be', () =>
    withTempDir(async (dir) => {
      const out = path.join(dir, 'encoder.safetensors');
      const file = fixture('solo-learn-cifar.ckpt');
      await assert.rejects(importEncoder(file, { out }), {
        code: 'ERR_BYOL_USAGE',
        message: /have to be given: inputSize, resampling, antialias, mean, std\.$/,
      });
      const { description } = await importEncoder(file, { ...torchvisionWeights, out, stem: 'small' });
      assert.equal(description.encoder.stem, 'small');
      await assert.rejects(importEncoder(fixture('torchvision.pth'), { out, stem: 'small' }), {
        code: 'ERR_BYOL_USAGE',
        message: /stem 'small' is of networks with a 3x3 first convolution; this one has 7x7/,
      });
    }));

  test('of transformers are refused where config.json beside them says that they compute something else', () =>
    withTempDir(async (dir) => {
      const [file, out] = [path.join(dir, 'model.safetensors'), path.join(dir, 'encoder.safetensors')];
      copyFileSync(fixture('transformers/model.safetensors'), file);
      const config = JSON.parse(readFileSync(fixture('transformers/config.json'), 'utf8')) as object;
      writeFileSync(path.join(dir, 'config.json'), JSON.stringify({ ...config, downsample_in_bottleneck: true }));
      await assert.rejects(importEncoder(file, { out }), {
        code: 'ERR_BYOL_CHECKPOINT',
        message:
          /model\.safetensors cannot be imported: its config\.json says the stride of bottlenecks in their first/,
      });
      // Of another model.
      writeFileSync(path.join(dir, 'config.json'), JSON.stringify({ model_type: 'bert', hidden_act: 'gelu' }));
      await importEncoder(file, { out });
    }));

  test('are refused for a branch that is not there, an own file, or the file itself', () =>
    withTempDir(async (dir) => {
      const out = path.join(dir, 'encoder.safetensors');
      await assert.rejects(importEncoder(fixture('torchvision.pth'), { out, branch: 'target' }), {
        code: 'ERR_BYOL_USAGE',
        message: /torchvision\.pth has no target network: there are ''/,
      });
      await assert.rejects(importEncoder(fixture('moco.pth'), { out, branch: 'encoder_q' }), {
        code: 'ERR_BYOL_USAGE',
        message: /has no network under 'encoder_q': there are 'state_dict\.module\.encoder_q', 'state_dict/,
      });
      await importEncoder(fixture('byol.pkl'), { out });
      await assert.rejects(Encoder.load(out, { branch: 'target' }), {
        code: 'ERR_BYOL_USAGE',
        message: /encoder\.safetensors is of this package, and has no other branch/,
      });
      const again = path.join(dir, 'again.safetensors');
      await assert.rejects(importEncoder(out, { out: again }), { code: 'ERR_BYOL_USAGE', message: /of this package/ });
      await assert.rejects(importEncoder(out, { out }), {
        code: 'ERR_BYOL_USAGE',
        message: /is the file that is to be read/,
      });
      await assert.rejects(importEncoder(path.join(dir, 'none')), { code: 'ERR_BYOL_IO', message: /does not exist/ });
      await assert.rejects(importEncoder(dir), { code: 'ERR_BYOL_IO' });
    }));
});
