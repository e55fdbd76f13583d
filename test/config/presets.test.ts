import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../lib/config/parse.js';
import { presetNames, presetSummaries, presets } from '../../lib/config/presets/index.js';
import type { Config } from '../../lib/config/schema.js';
import { configWarnings } from '../../lib/config/warnings.js';
import { configToYaml } from '../../lib/config/yaml.js';
import { resolveConfig } from '../../lib/methods/resolve.js';

/** What the paper and its code print is typed here once more, so that neither place can drift alone. */

// configs/byol.py of the official code: epochs, base learning rate, weight decay, tau_base.
const byEpochs = [
  [40, 0.45, 1e-6, 0.97],
  [100, 0.45, 1e-6, 0.99],
  [300, 0.3, 1e-6, 0.99],
  [1000, 0.2, 1.5e-6, 0.996],
] as const;

// Paper Table 6: probabilities and strengths of T and T'.
const table6 = {
  flip: [0.5, 0.5],
  jitter: [0.8, 0.8],
  brightness: [0.4, 0.4],
  contrast: [0.4, 0.4],
  saturation: [0.2, 0.2],
  hue: [0.1, 0.1],
  grayscale: [0.2, 0.2],
  blur: [1, 0.1],
  solarize: [0, 0.2],
} as const;

function checkViews({ views }: Config): void {
  for (const [column, view] of views.pipelines.entries()) {
    const at = (row: keyof typeof table6): number => table6[row][column] as number;
    assert.deepEqual(view, [
      { kind: 'randomResizedCrop', area: [0.08, 1], aspect: [3 / 4, 4 / 3], sampling: 'official' },
      { kind: 'flip', p: at('flip') },
      {
        kind: 'colorJitter',
        p: at('jitter'),
        brightness: at('brightness'),
        contrast: at('contrast'),
        saturation: at('saturation'),
        hue: at('hue'),
      },
      { kind: 'grayscale', p: at('grayscale') },
      { kind: 'blur', p: at('blur'), sigma: [0.1, 2] },
      { kind: 'solarize', p: at('solarize') },
    ]);
  }
  assert.deepEqual(
    [views.resampling, views.antialias, views.jitter, views.blurBorder],
    ['bicubic', false, 'official', 'zero'],
  );
}

for (const [epochs, baseLearningRate, weightDecay, tauBase] of byEpochs) {
  test(`imagenet-${epochs} is the authors' definition`, () => {
    const config: Config = presets[`imagenet-${epochs}`];
    assert.equal(config.epochs, epochs);
    assert.deepEqual(config.optimizer, {
      kind: 'lars',
      baseLearningRate,
      weightDecay,
      momentum: 0.9,
      trustCoefficient: 0.001,
      predictorFirstEpochs: 0,
      warmupEpochs: 10,
      projectorLearningRateScale: 1,
      predictorLearningRateScale: 1,
      predictorSchedule: 'cosine',
      schedule: { kind: 'cosine' },
    });
    assert.deepEqual(config.target, { mode: 'ema', tauBase, schedule: 'cosine', init: 'independent' });
    assert.deepEqual([config.batchSize, config.accumulate, config.precision], [4096, 1, 'float32']);
    assert.equal(config.epochBoundary, 'stream');
    assert.deepEqual(config.encoder, {
      block: 'bottleneck',
      blocks: [3, 4, 6, 3],
      width: 64,
      stem: 'imagenet',
      padding: 'same',
      initialization: 'official',
      shortcut: 'official',
      zeroInitLastNorm: false,
    });
    const head = { hidden: [4096], output: 256, hiddenBias: true, outputBias: false, outputNorm: false };
    assert.deepEqual([config.projector, config.predictor], [head, { kind: 'mlp', ...head }]);
    assert.deepEqual(config.norm, {
      encoder: 'batch',
      projector: 'batch',
      predictor: 'batch',
      groups: 16,
      weightStandardization: false,
      decay: 0.9,
      epsilon: 1e-5,
    });
    assert.equal(config.views.size, 224);
    assert.deepEqual(config.views.mean, [0.485, 0.456, 0.406]);
    assert.deepEqual(config.views.std, [0.229, 0.224, 0.225]);
    checkViews(config);
    // Paper C.1.
    const { linear } = config.evaluation;
    assert.deepEqual([linear.epochs, linear.batchSize, linear.momentum, linear.weightDecay], [80, 1024, 0.9, 0]);
    assert.deepEqual([...linear.learningRates].sort(), [0.05, 0.1, 0.2, 0.3, 0.4]);
    assert.equal(linear.features, 'per-epoch');
    assert.equal(Math.round(linear.validationFraction * 1_281_167), 10_009);
  });
}

test("cifar10 has the paper's views without the blur", () => {
  const kinds = ['randomResizedCrop', 'flip', 'colorJitter', 'grayscale', 'solarize'];
  for (const view of presets.cifar10.views.pipelines) {
    assert.deepEqual(
      view.map(({ kind }) => kind),
      kinds,
    );
  }
});

test("imagenette is the authors' README recipe", () => {
  const { encoder, views, optimizer, target, batchSize, epochs, projector } = presets.imagenette;
  assert.deepEqual([encoder.block, encoder.blocks, encoder.stem], ['basic', [2, 2, 2, 2], 'imagenet']);
  assert.deepEqual([views.size, batchSize, epochs, target.tauBase], [128, 256, 1000, 0.996]);
  assert.deepEqual([optimizer.kind, optimizer.baseLearningRate, optimizer.weightDecay], ['lars', 2, 1e-6]);
  assert.deepEqual([projector.hidden, projector.output], [[4096], 256]);
  checkViews(presets.imagenette);
});

test("all presets use the paper's views, whole and valid, and kNN with temperature 0.1", () => {
  for (const name of presetNames) {
    const config = presets[name];
    assert.equal(config.preset, name);
    assert.deepEqual(parseConfig(config), config);
    // Small images have views of their own; their presets say why.
    if (config.views.size > 64) checkViews(config);
    assert.equal(config.evaluation.knn.temperature, 0.1);
    assert.ok(config.onlineProbe);
    assert.deepEqual(configWarnings(config), [], `${name} is nothing to warn of`);
    assert.ok(presetSummaries[name].length > 0);
  }
  for (const name of ['cifar10', 'cifar10-small', 'shapes', 'textures'] as const)
    assert.equal(presets[name].evaluation.knn.k, 200);
});

test('presets are frozen through and through, and own their parts', () => {
  const seen = new Set<object>();
  const walk = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return;
    assert.ok(Object.isFrozen(value));
    assert.ok(!seen.has(value), 'two places share a part');
    seen.add(value);
    Object.values(value).forEach(walk);
  };
  walk(presets);
});

test('a preset printed as YAML is the same preset as a file', async () => {
  const { parseSettings } = await import('../../lib/config/config-file.js');
  for (const name of presetNames) {
    const printed = configToYaml(presets[name]);
    assert.deepEqual(parseConfig(parseSettings(printed, 'x.yaml')), resolveConfig({ preset: name }));
  }
});

test('the compiler knows that presets cannot be changed, and the kinds that they have', () => {
  assert.throws(() => {
    // @ts-expect-error: read-only
    presets.shapes.epochs = 3;
  }, TypeError);
  assert.throws(() => {
    // @ts-expect-error: read-only all the way down
    presets.shapes.evaluation.knn.k = 3;
  }, TypeError);
  const batches: readonly number[] = presets['cifar10-small'].data.batches;
  const trust: number = presets['imagenet-40'].optimizer.trustCoefficient;
  const { hidden } = presets.shapes.predictor;
  assert.deepEqual([batches, trust, hidden], [[1], 1e-3, [512]]);
});
