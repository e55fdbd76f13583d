import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { presets } from '../../lib/config/presets/index.js';
import type { EncoderConfig } from '../../lib/config/schema.js';
import { encoderMetadata } from '../../lib/export/encoder.js';
import { describeConfig, describeFile, torchvisionWeights } from '../../lib/export/encoder-description.js';
import type { SafetensorsHeader, TensorInfo } from '../../lib/export/safetensors.js';

const header = (
  shapes: Readonly<Record<string, readonly number[]>>,
  metadata: Readonly<Record<string, string>> = {},
): SafetensorsHeader => ({
  tensors: new Map(
    Object.entries(shapes).map(([name, shape]): [string, TensorInfo] => [
      name,
      { type: 'F32', shape, begin: 0, end: 0 },
    ]),
  ),
  metadata,
});

test('metadata of an exported encoder say all that its configuration does', () => {
  for (const config of Object.values(presets)) {
    const metadata = encoderMetadata(config, { version: '1.2.3', epochs: 1 });
    const { encoder, norm, input } = describeConfig(config);
    // Of no use but for training states.
    assert.deepEqual(describeFile('a.safetensors', header({}, metadata), {}), {
      encoder,
      norm: { ...norm, decay: 0 },
      input,
    });
    // Version 0.1.0, whose presets all resampled as the official code does.
    const { resampling: _, antialias: __, ...older } = metadata;
    assert.deepEqual(describeFile('a.safetensors', header({}, older), {}).input, input);
  }
});

/** The names of torchvision's ResNets, as far as they tell the architecture, with its shapes where they do. */
function resnet(
  block: 'basic' | 'bottleneck',
  blocks: readonly number[],
  { kernel = 7, norm = ['weight', 'bias', 'running_mean', 'running_var'], firstShortcut = block === 'bottleneck' } = {},
): Record<string, readonly number[]> {
  const shapes: Record<string, readonly number[]> = {
    'conv1.weight': [64, 3, kernel, kernel],
    'fc.weight': [1000, 512],
  };
  for (const name of norm) shapes[`bn1.${name}`] = [64];
  for (const [group, count] of blocks.entries()) {
    for (let i = 0; i < count; i += 1) {
      const convolutions = block === 'basic' ? 2 : 3;
      for (let c = 1; c <= convolutions; c += 1) shapes[`layer${group + 1}.${i}.conv${c}.weight`] = [1];
      if (i === 0 && (group > 0 || firstShortcut)) shapes[`layer${group + 1}.${i}.downsample.0.weight`] = [1];
    }
  }
  return shapes;
}

describe('a file without metadata', () => {
  const architecture = (shapes: Record<string, readonly number[]>): EncoderConfig =>
    describeFile('a.safetensors', header(shapes), torchvisionWeights).encoder;

  test('tells its architecture by names and shapes', () => {
    const common = {
      width: 64,
      stem: 'imagenet',
      padding: 'symmetric',
      initialization: 'torchvision',
      shortcut: 'torchvision',
      zeroInitLastNorm: false,
    };
    assert.deepEqual(architecture(resnet('basic', [2, 2, 2, 2])), { ...common, block: 'basic', blocks: [2, 2, 2, 2] });
    assert.deepEqual(architecture(resnet('bottleneck', [3, 4, 6, 3])), {
      ...common,
      block: 'bottleneck',
      blocks: [3, 4, 6, 3],
    });
    assert.equal(architecture(resnet('basic', [2, 2], { kernel: 3 })).stem, 'small');
    assert.equal(architecture(resnet('basic', [2, 2], { firstShortcut: true })).shortcut, 'official');
    const under = Object.fromEntries(
      Object.entries(resnet('basic', [1, 1])).map(([name, shape]) => [`module.encoder.${name}`, shape]),
    );
    assert.deepEqual(architecture(under).blocks, [1, 1]);
  });

  test('leaves open which of the norms without statistics it has', () => {
    const shapes = resnet('basic', [1, 1], { norm: ['weight', 'bias'] });
    assert.throws(() => describeFile('a.safetensors', header(shapes), torchvisionWeights), {
      code: 'ERR_BYOL_USAGE',
      message:
        'a.safetensors does not say these, which have to be given: norm.encoder, norm.groups, norm.weightStandardization.',
    });
    const norm = { encoder: 'group', groups: 32, weightStandardization: false, epsilon: 1e-5 } as const;
    const described = describeFile('a.safetensors', header(shapes), { ...torchvisionWeights, norm });
    assert.deepEqual(described.norm, { ...norm, decay: 0 });
    assert.equal(describeFile('a.safetensors', header(resnet('basic', [1])), torchvisionWeights).norm.encoder, 'batch');
  });

  test('is refused where it is no ResNet, or several', () => {
    const refused = (shapes: Record<string, readonly number[]>, message: RegExp) =>
      assert.throws(() => architecture(shapes), { code: 'ERR_BYOL_CHECKPOINT', message });
    refused({ 'visual.conv1.weight': [768, 3, 32, 32] }, /it has no ResNet with torchvision's names/);
    refused({ ...resnet('basic', [1]), 'conv1.weight': [64, 1, 7, 7] }, /'conv1\.weight' has shape \[64,1,7,7\]/);
    const both = Object.entries(resnet('basic', [1])).flatMap(([name, shape]) => [
      [`query.${name}`, shape] as const,
      [`key.${name}`, shape] as const,
    ]);
    refused(Object.fromEntries(both), /several networks, under 'query\.', 'key\.'/);
    refused(resnet('basic', [1, 1, 1, 1, 1, 1, 1]), /a network that this package does not have: encoder\.blocks/);
  });
});
