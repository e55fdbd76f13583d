import assert from 'node:assert/strict';
import { test } from 'node:test';
import { additions } from '../../lib/config/additions.js';
import { configHash } from '../../lib/config/hash.js';
import { presets } from '../../lib/config/presets/index.js';
import { type Config, configSchema } from '../../lib/config/schema.js';
import { valueAt } from '../../lib/config/schema-tree.js';
import { methods } from '../../lib/methods/index.js';

/** As a version wrote it that did not have the added settings yet. */
function older(config: Config): Record<string, unknown> {
  const copy = structuredClone(config) as unknown as Record<string, unknown>;
  for (const path of Object.keys(additions)) {
    const keys = path.split('.');
    const parent = valueAt(copy, keys.slice(0, -1)) as Record<string, unknown> | null;
    if (parent !== null) delete parent[keys.at(-1) as string];
  }
  return copy;
}

test('a configuration without the settings that were added later is read as what it meant', () => {
  for (const preset of [...Object.values(presets), methods.supervised(presets.cifar10)]) {
    const config: Config = { ...preset, epochBoundary: additions.epochBoundary };
    assert.notDeepEqual(older(config), config);
    assert.deepEqual(configSchema().parse(older(config)), config);
  }
});

test('an added setting makes no finished result another experiment, unless it is used', () => {
  const { shapes } = presets;
  assert.equal(configHash(shapes), configHash(older(shapes) as unknown as Config));
  const steps: Config['optimizer']['schedule'] = { kind: 'steps', at: [0.5], factor: 0.1 };
  assert.notEqual(configHash({ ...shapes, optimizer: { ...shapes.optimizer, schedule: steps } }), configHash(shapes));
  assert.notEqual(configHash({ ...shapes, epochBoundary: 'stream' }), configHash(shapes));
});

test('the hash knows the experiment, not where it runs', () => {
  const { shapes } = presets;
  const hash = configHash(shapes);
  assert.equal(configHash({ ...shapes, preset: 'mine', device: 'cuda', threads: 7 }), hash);
  assert.notEqual(configHash({ ...shapes, seed: 1 }), hash);
  const cifar = (path: string): Config => ({ ...shapes, data: { kind: 'cifar10', path, batches: [1] } });
  assert.equal(configHash(cifar('a')), configHash(cifar('b')));
  assert.deepEqual(shapes, presets.shapes);
});
