import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configWarnings } from '../../lib/config/check.js';
import { presets } from '../../lib/config/presets/index.js';
import { resolveConfig } from '../../lib/config/resolve.js';
import { type Config, configSchema } from '../../lib/config/schema.js';
import { checkObjective } from '../../lib/methods/check.js';
import { findMethod, methodNames, methods } from '../../lib/methods/index.js';

test('every method makes valid settings of every preset, without a warning about collapse, and changes no preset', () => {
  const before = structuredClone(presets);
  for (const [name, preset] of Object.entries(presets)) {
    for (const method of methodNames) {
      const config = configSchema.parse(methods[method](preset));
      checkObjective(config);
      assert.deepEqual(
        configWarnings(config).filter((text) => /collapse to a constant/.test(text)),
        [],
        `${method} on ${name}`,
      );
      for (const kept of ['encoder', 'data', 'evaluation', 'epochs'] as const) {
        assert.deepEqual(config[kept], preset[kept], `${method} on ${name}: ${kept}`);
      }
    }
  }
  assert.deepEqual(presets, before);
});

/** The loss of a direction is 2 + 2 alpha times a cross-entropy: scaled so that the authors' own is left. */
test("contrastive losses have their authors' scale", () => {
  const simclr = methods.simclr(presets.cifar10).objective;
  assert.equal(simclr.negatives?.temperature, 0.5);
  assert.equal(simclr.scale * 2 * 0.5, 1);
  const moco = methods['moco-v1'](presets['imagenet-300']).objective;
  assert.deepEqual(moco.negatives, { kind: 'queue', weight: 1, temperature: 0.07, size: 65_536 });
  assert.ok(Math.abs(moco.scale * 2 * 0.07 - 1) < 1e-12);
});

test('published settings on ImageNet (byol-facts 7.1, 7.2, 7.7)', () => {
  const base = presets['imagenet-300'];
  const simclr = methods.simclr(base);
  assert.deepEqual([simclr.optimizer.baseLearningRate, simclr.optimizer.weightDecay], [0.3, 1e-6]);
  assert.deepEqual([simclr.projector.hidden, simclr.projector.output], [[2048], 128]);
  assert.deepEqual([simclr.objective.statistics, simclr.target.mode, simclr.predictor], ['joint', 'gradient', null]);
  const v1 = methods['moco-v1'](base);
  const v2 = methods['moco-v2'](base);
  assert.deepEqual([v1.projector.hidden, v2.projector.hidden], [[], [2048]]);
  assert.deepEqual([v1.objective.negatives?.temperature, v2.objective.negatives?.temperature], [0.07, 0.2]);
  assert.deepEqual(v1.optimizer.schedule, { kind: 'steps', at: [0.6, 0.8], factor: 0.1 });
  assert.deepEqual(v2.optimizer.schedule, { kind: 'cosine' });
  for (const { target, optimizer, batchSize, objective, norm, projector } of [v1, v2]) {
    assert.deepEqual(
      [norm.encoder, norm.projector, projector.hiddenBias, projector.outputBias],
      ['batch', 'none', true, true],
    );
    assert.deepEqual(target, { mode: 'ema', tauBase: 0.999, schedule: 'constant', init: 'copy' });
    assert.deepEqual([optimizer.baseLearningRate, optimizer.weightDecay, batchSize], [0.03, 1e-4, 256]);
    assert.equal(objective.symmetric, false);
    assert.equal(objective.statisticsGroups, 8);
  }
  const simsiam = methods.simsiam(base);
  assert.deepEqual(simsiam.predictor, {
    kind: 'mlp',
    hidden: [512],
    output: 2048,
    hiddenBias: true,
    outputBias: true,
    outputNorm: false,
  });
  assert.equal(simsiam.projector.outputNorm, true);
  assert.deepEqual([simsiam.optimizer.predictorSchedule, simsiam.optimizer.baseLearningRate], ['constant', 0.05]);
});

test("MoCo's batch statistics are over 32 images, or more, on small batches too", () => {
  const groups = (batchSize: number): number =>
    methods['moco-v2']({ ...presets.shapes, batchSize }).objective.statisticsGroups;
  assert.deepEqual([16, 32, 64, 128, 256, 512].map(groups), [1, 1, 2, 4, 8, 8]);
});

test('an unknown method names the nearest', () => {
  assert.throws(() => findMethod('simclrr'), /no method 'simclrr'. Did you mean 'simclr'\? There are: byol, simclr/);
});

test('a method is applied to the preset; settings of the command line go over it', () => {
  const config = resolveConfig({
    preset: 'cifar10-small',
    method: findMethod('moco-v2'),
    overrides: ['objective.negatives.size=2048'],
  });
  assert.deepEqual(config.objective.negatives, { kind: 'queue', weight: 1, temperature: 0.1, size: 2048 });
  assert.deepEqual([config.preset, config.method], ['cifar10-small', 'moco-v2']);
});

test('settings that fit only together are refused before anything is computed', () => {
  const refused = (changes: (config: Config) => Config, message: RegExp): void =>
    assert.throws(() => checkObjective(changes(structuredClone(presets.shapes))), { code: 'ERR_BYOL_CONFIG', message });
  refused(
    (config) => ({ ...config, objective: { ...config.objective, statistics: 'joint', statisticsGroups: 2 } }),
    /statisticsGroups must be 1/,
  );
  refused((config) => ({ ...config, objective: { ...config.objective, statisticsGroups: 7 } }), /\(7\) must divide/);
  refused(
    (config) => ({ ...methods['moco-v2'](config), batchSize: 96 }),
    /size \(4096\) must be a multiple of batchSize \(96\)/,
  );
  refused((config) => ({ ...config, projector: { ...config.projector, output: 64 } }), /predictor.output \(128\)/);
  const teacher = methods['mean-teacher'](presets.shapes);
  const share = (changes: Partial<NonNullable<Config['supervision']>>): Config => ({
    ...teacher,
    supervision: { ...(teacher.supervision as NonNullable<Config['supervision']>), ...changes },
  });
  refused(() => share({ labelled: 1 }), /labelledShare needs images without a label/);
  refused(() => share({ labelledShare: 0.001 }), /labelledShare \(0\.001\) of batchSize \(64\) is 0 images/);
});
