import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configHash } from '../../lib/config/hash.js';
import { cifar10 } from '../../lib/config/presets/cifar10.js';
import { cifar10Small } from '../../lib/config/presets/cifar10-small.js';
import { imagenet1000 } from '../../lib/config/presets/imagenet.js';
import { officialNorm } from '../../lib/config/presets/shared.js';
import type { EncoderConfig } from '../../lib/config/schema.js';
import { architectureName, encoderFeatures, encoderMetadata, torchvisionFit } from '../../lib/export/encoder.js';
import { methodNames, methods } from '../../lib/methods/index.js';

const plain: EncoderConfig = {
  block: 'bottleneck',
  blocks: [3, 4, 6, 3],
  width: 64,
  stem: 'imagenet',
  padding: 'symmetric',
  initialization: 'torchvision',
  shortcut: 'torchvision',
  zeroInitLastNorm: false,
};

test('architectures have the names that people know', () => {
  assert.equal(architectureName(plain), 'resnet50');
  assert.equal(architectureName({ ...plain, width: 128 }), 'resnet50 width 128');
  assert.equal(
    architectureName({ ...plain, block: 'basic', blocks: [2, 2, 2, 2], stem: 'small' }),
    'resnet18 small stem',
  );
  assert.equal(architectureName({ ...plain, block: 'basic' }), 'resnet34');
  assert.equal(architectureName({ ...plain, blocks: [3, 24, 36, 3] }), 'bottleneck [3,24,36,3]');
  assert.equal(architectureName(cifar10Small.encoder), 'basic [1,1,1,1] width 16 small stem');
  assert.equal(encoderFeatures(plain), 2048);
  assert.equal(encoderFeatures({ ...plain, width: 256 }), 8192);
  assert.equal(encoderFeatures(cifar10.encoder), 512);
  assert.equal(encoderFeatures(cifar10Small.encoder), 128);
});

test('says when torchvision cannot load an encoder, or would compute something else', () => {
  const fit = (change: Partial<EncoderConfig>, epsilon = 1e-5) =>
    torchvisionFit({ ...plain, ...change }, { ...officialNorm, epsilon });
  const basic: Partial<EncoderConfig> = { block: 'basic', blocks: [2, 2, 2, 2] };
  assert.deepEqual({ ...fit({}), notes: [] }, { model: 'resnet50', strict: true, sameFunction: true, notes: [] });
  // A bottleneck's first block widens, so that torchvision has a projection there as well.
  assert.equal(fit({ shortcut: 'official' }).strict, true);
  assert.equal(fit({ ...basic, shortcut: 'official' }).model, null);
  assert.match(fit({ ...basic, shortcut: 'official' }).notes.join(), /layer1\.0\.downsample/);
  assert.equal(fit({ ...basic, stem: 'small' }).model, 'resnet18');
  assert.match(fit({ ...basic, stem: 'small' }).notes.join(), /maxpool = torch\.nn\.Identity/);
  assert.equal(fit({ ...basic, blocks: [1, 1, 1, 1] }).model, 'ResNet(BasicBlock, [1,1,1,1])');
  assert.equal(fit({ width: 32 }).strict, false);
  assert.equal(fit({ blocks: [1, 1, 1] }).strict, false);
  const same = fit({ padding: 'same' });
  assert.deepEqual([same.strict, same.sameFunction], [true, false]);
  assert.match(same.notes.join(), /SAME/);
  assert.deepEqual([fit({}, 1e-3).strict, fit({}, 1e-3).sameFunction], [true, false]);
});

test('says which layers torchvision needs in place of batch normalisation', () => {
  const fit = (change: Partial<typeof officialNorm> | object) => torchvisionFit(plain, { ...officialNorm, ...change });
  const group = fit({ encoder: 'group', groups: 16, epsilon: 1e-3 });
  assert.deepEqual([group.model, group.strict, group.sameFunction], ['resnet50', true, true]);
  assert.match(group.notes.join(), /norm_layer=lambda channels: torch\.nn\.GroupNorm\(16, channels, eps=0\.001\)/);
  assert.match(fit({ encoder: 'layer' }).notes.join(), /GroupNorm\(1, channels/);
  assert.match(fit({ encoder: 'none' }).notes.join(), /norm_layer=lambda channels: torch\.nn\.Identity\(\)/);
  const affine = fit({ encoder: 'affine' });
  assert.deepEqual([affine.model, affine.strict, affine.sameFunction], [null, false, false]);
  const standardized = fit({ encoder: 'group', weightStandardization: true });
  assert.deepEqual([standardized.strict, standardized.sameFunction], [true, false]);
  assert.match(standardized.notes.join(), /sqrt\(variance \+ 1e-4\)/);
  // The heads are not in the file.
  assert.equal(fit({ projector: 'none', predictor: 'affine' }).sameFunction, true);
});

test('metadata says how to use the encoder', () => {
  const facts = { version: '1.2.3', epochs: 200, knnTop1: 0.875 };
  const metadata = encoderMetadata(cifar10, facts);
  assert.ok(Object.values(metadata).every((value) => typeof value === 'string'));
  assert.equal(metadata.framework, 'byol-torch 1.2.3');
  assert.equal(metadata.architecture, 'resnet18 small stem');
  assert.equal(metadata.padding, 'symmetric');
  assert.deepEqual(JSON.parse(metadata.mean ?? ''), cifar10.views.mean);
  assert.deepEqual(JSON.parse(metadata.std ?? ''), cifar10.views.std);
  assert.equal(metadata.color_order, 'RGB');
  assert.equal(metadata.input_size, '32');
  assert.equal(metadata.knn_top1, '0.875');
  assert.equal(metadata.linear_top1, undefined);
  assert.equal(metadata.config_hash, configHash(cifar10));
  assert.equal(metadata.preset, 'cifar10');
  assert.equal(metadata.method, 'byol');
  for (const name of methodNames) assert.equal(encoderMetadata(methods[name](cifar10), facts).method, name);
  assert.equal(metadata.torchvision, 'resnet18');
  assert.equal(encoderMetadata(imagenet1000, facts).torchvision_same_function, 'false');
  assert.equal(encoderMetadata(cifar10Small, facts).torchvision, 'does not fit');
});
