import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withClasses } from '../../lib/config/classes.js';
import { configHash } from '../../lib/config/hash.js';
import { presets } from '../../lib/config/presets/index.js';
import { type Config, configSchema } from '../../lib/config/schema.js';
import { configWarnings } from '../../lib/config/warnings.js';
import { checkObjective } from '../../lib/methods/check.js';
import { findMethod, methodNames, methods } from '../../lib/methods/index.js';
import { resolveConfig } from '../../lib/methods/resolve.js';

test('every method makes valid settings of every preset, without a warning about collapse, and changes no preset', () => {
  const before = structuredClone(presets);
  for (const [name, preset] of Object.entries(presets)) {
    for (const method of methodNames) {
      const config = configSchema().parse(methods[method](preset));
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
    (config) => ({ ...config, objective: { ...config.objective, statisticsGroups: config.batchSize } }),
    /must leave at least two images/,
  );
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
  refused(() => share({ labelFraction: 1 }), /labelledPerBatch needs images without a label/);
  refused(() => share({ labelledPerBatch: 0.001 }), /labelledPerBatch \(0\.001\) of batchSize \(64\) is 0 images/);
});

test('a method gives the same from whatever other method it is applied to', () => {
  for (const [preset, base] of Object.entries(presets)) {
    for (const first of methodNames) {
      for (const second of methodNames) {
        const direct = methods[second](base);
        assert.deepEqual(methods[second](methods[first](base)), direct, `${second} of ${first} of ${preset}`);
      }
    }
  }
});

test('a method of a complete configuration without a preset drops what the one before it had set', () => {
  const { preset: _, ...own } = presets.shapes;
  const config = methods.simclr(methods.supervised(own));
  assert.deepEqual([config.supervision, config.predictor, config.target.mode], [null, null, 'gradient']);
  assert.notEqual(config.projector.output, 'classes');
});

test('SimSiam has whole widths, whatever the heads of the base', () => {
  const { shapes } = presets;
  const heads = (hidden: number[], output: number | 'classes') => {
    const { projector, predictor } = methods.simsiam({ ...shapes, projector: { ...shapes.projector, hidden, output } });
    return [projector.hidden, projector.output, predictor?.kind === 'mlp' && predictor.hidden];
  };
  assert.deepEqual(heads([510], 128), [[510], 510, [128]]);
  assert.deepEqual(heads([], 96), [[96], 96, [24]]);
  assert.deepEqual(heads([2], 2), [[2], 2, [1]]);
  assert.deepEqual(heads([], 'classes'), [[16], 16, [4]]);
});

test('as many outputs as classes, known when the data are', () => {
  const { imagenette, shapes } = presets;
  for (const name of ['supervised', 'mean-teacher'] as const) {
    const config = methods[name](imagenette);
    assert.equal(config.projector.output, 'classes');
    assert.equal(withClasses(config, 10).projector.output, 10);
    assert.throws(() => withClasses(config, 0), { code: 'ERR_BYOL_DATA', message: /images have no labels/ });
    // On images whose kind says the number both are one experiment, also that of older versions.
    assert.equal(configHash(methods[name](shapes)), configHash(withClasses(methods[name](shapes), 10)));
  }
  assert.equal(withClasses(shapes, 3), shapes);
});

test('a recipe that does not go with the base is refused', () => {
  const base = { ...presets.shapes, batchSize: 1.5 };
  assert.throws(() => methods.simclr(base), { code: 'ERR_BYOL_CONFIG', message: /batchSize: expected a whole number/ });
});
