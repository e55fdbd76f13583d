import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { additions } from '../../lib/config/additions.js';
import { configHash } from '../../lib/config/hash.js';
import { currentNames, firstNames, renames } from '../../lib/config/old-names.js';
import { parseConfig } from '../../lib/config/parse.js';
import { type PresetName, presets } from '../../lib/config/presets/index.js';
import { type Config, configSchema } from '../../lib/config/schema.js';
import { allPaths, formatPath } from '../../lib/config/schema-tree.js';
import { ByolError } from '../../lib/errors.js';
import { type MethodName, methods } from '../../lib/methods/index.js';
import { type ConfigSources, resolveConfig } from '../../lib/methods/resolve.js';
import { root, withTempDir } from '../support/paths.js';

interface OldRun {
  readonly preset: PresetName;
  readonly method: MethodName;
  readonly config: Record<string, unknown>;
  readonly hash: string;
}

/** As version 0.1.0 saved them, before any setting was renamed, with the hashes that it computed of them. */
const oldRuns = JSON.parse(readFileSync(path.join(root, 'test/config/configs-0.1.0.json'), 'utf8')) as OldRun[];

/** The warnings that `body` gives. */
async function warningsOf(body: () => void): Promise<string[]> {
  const messages: string[] = [];
  const listen = ({ message }: Error): void => void messages.push(message);
  process.on('warning', listen);
  body();
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', listen);
  return messages;
}

describe('settings under their old names', () => {
  test('an old name is told once, with where it stands and the name of now', async () => {
    const twice = (): void => {
      for (const _ of [0, 1]) resolveConfig({ preset: 'shapes', overrides: ['views.view2.0.method=torchvision'] });
    };
    assert.deepEqual(await warningsOf(twice), [
      '--set has old names of settings, which are still read: views.view2 (now views.pipelines.1), views.pipelines.*.*.method (now views.pipelines.*.*.sampling).',
    ]);
    assert.deepEqual(await warningsOf(twice), []);
  });

  test('configurations of the version before are those of now, and the same experiments', () => {
    for (const { preset, method, config, hash } of oldRuns) {
      const now = methods[method](presets[preset]);
      assert.deepEqual(configSchema().parse(config), now, `${method} on ${preset}`);
      assert.equal(configHash(now), hash, `${method} on ${preset}`);
      // What the kind 'folder' is asked since it can be read, the setting for GPUs, the log, the predictor's head start, and what evaluation sees.
      const data = Object.entries(now.data).filter(([key]) => !Object.hasOwn(additions, `data.${key}`));
      const { deterministic: _, log: _0, ...before } = now;
      const { transform: __, knn: nowKnn, linear: nowLinear, ...others } = now.evaluation;
      const { similarity: _1, vote: _2, ...knn } = nowKnn;
      const { augmentation: _3, logitRegularizer: _4, ...linear } = nowLinear;
      const evaluation = { ...others, knn, linear };
      const { predictorFirstEpochs: _5, ...optimizer } = now.optimizer;
      assert.deepEqual(firstNames({ ...before, optimizer, evaluation, data: Object.fromEntries(data) }), config);
    }
    assert.equal(new Set(oldRuns.map(({ hash }) => hash)).size, oldRuns.length);
  });

  test('whole configurations, patches, files and --set take them', () =>
    withTempDir((dir) => {
      const start = { preset: 'cifar10-small', method: 'mean-teacher' } as const;
      const expected = resolveConfig({ ...start, overrides: ['supervision.labelFraction=0.5'] });
      const file = path.join(dir, 'old.yaml');
      writeFileSync(file, 'supervision: {labelled: 0.5}\n');
      const patch = JSON.parse('{"supervision": {"labelled": 0.5}}') as ConfigSources['patch'];
      const sources: ConfigSources[] = [
        { ...start, file },
        { ...start, ...(patch && { patch }) },
        { ...start, overrides: ['supervision.labelled=0.5'] },
        { ...start, overrides: ['supervision={labelled: 0.5}'] },
      ];
      for (const source of sources) assert.deepEqual(resolveConfig(source), expected);
      assert.deepEqual(parseConfig(firstNames(expected)), expected);
      writeFileSync(file, JSON.stringify(firstNames(expected)));
      assert.deepEqual(resolveConfig({ file }), expected);
    }));

  test('a view that is given alone leaves the other one as it was', () =>
    withTempDir((dir) => {
      const file = path.join(dir, 'old.yaml');
      writeFileSync(
        file,
        'views: {view2: [{kind: randomResizedCrop, area: [1, 1], aspect: [1, 1], method: official}]}\n',
      );
      const [first, second] = resolveConfig({ preset: 'cifar10', file }).views.pipelines;
      assert.deepEqual(first, presets.cifar10.views.pipelines[0]);
      assert.deepEqual(second, [{ kind: 'randomResizedCrop', area: [1, 1], aspect: [1, 1], sampling: 'official' }]);
      const overrides = ['views.view1=[{kind: flip, p: 0.25}]', 'views.view2={"1": {p: 0.75}}'];
      const set = resolveConfig({ preset: 'cifar10', overrides }).views.pipelines;
      assert.deepEqual(set[0], [{ kind: 'flip', p: 0.25 }]);
      assert.deepEqual(set[1], presets.cifar10.views.pipelines[1].with(1, { kind: 'flip', p: 0.75 }));
      assert.throws(
        () => resolveConfig({ preset: 'cifar10', overrides: ['views.view1={"9": {p: 0.75}}'] }),
        /views\.pipelines\.0: expected a list, each settings with kind .*, got \{"9":/,
      );
    }));

  test('values that were renamed with their setting', () => {
    const features = (...overrides: string[]) =>
      resolveConfig({ preset: 'imagenette', overrides }).evaluation.linear.features;
    assert.equal(features(), 'per-epoch');
    for (const set of [
      'linear.views=cached',
      'linear.views="cached"',
      'linear={views: cached}',
      'linear.features=fixed',
    ]) {
      assert.equal(features(`evaluation.${set}`), 'fixed', set);
    }
  });

  test('what is wrong under an old name is told under the new one', () => {
    assert.throws(
      () => resolveConfig({ preset: 'cifar10', method: 'mean-teacher', overrides: ['supervision.labelled=2'] }),
      /supervision\.labelFraction: expected a number above 0 and of at most 1, got 2 \(--set\)/,
    );
  });

  test('both names at once are refused', () => {
    const both = JSON.parse('{"supervision": {"labelled": 0.5, "labelFraction": 0.5}}') as ConfigSources['patch'];
    assert.throws(
      () => resolveConfig({ preset: 'cifar10', method: 'mean-teacher', ...(both && { patch: both }) }),
      (error) => error instanceof ByolError && /supervision\.labelled: not a setting/.test(error.message),
    );
  });

  test('settings that have the names of now stay as they are, and so does what is given', () => {
    const { shapes } = presets;
    assert.equal(currentNames(shapes), shapes);
    const old = { supervision: { labelled: 0.5 } };
    assert.deepEqual(currentNames(old), { supervision: { labelFraction: 0.5 } });
    assert.deepEqual(old, { supervision: { labelled: 0.5 } });
  });

  test('every new name is a setting, and no old one is', () => {
    const known = new Set(allPaths().map(formatPath));
    const withoutEntries = (name: string): string => name.replace(/\.(\*|\d+)(?=\.|$)/g, '');
    for (const { from, to } of renames) {
      assert.ok(!known.has(withoutEntries(from)), `${from} is a setting`);
      if (!to.includes('*')) assert.ok(known.has(withoutEntries(to)), `${to} is no setting`);
    }
  });
});

test('a run whose names are of now has no second hash', () => {
  const config: Config = methods.supervised(presets.cifar10);
  assert.equal(configHash(parseConfig(firstNames(config))), configHash(config));
});
