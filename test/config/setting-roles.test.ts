import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences } from '../../lib/config/differences.js';
import { configHash } from '../../lib/config/hash.js';
import { presets } from '../../lib/config/presets/index.js';
import { settingsSchema } from '../../lib/config/schema.js';
import { roleOf, settingRoles } from '../../lib/config/setting-roles.js';

test('every setting has a role, and every role is of a setting', () => {
  const groups = Object.keys(settingsSchema().shape).sort();
  const roles = Object.keys(settingRoles);
  assert.deepEqual(roles.filter((path) => !path.includes('.')).sort(), groups);
  for (const path of roles) assert.ok(groups.includes(path.split('.')[0] as string), path);
});

test('a setting within a group has the role of the group, unless it has its own', () => {
  assert.equal(roleOf('optimizer.schedule.kind'), settingRoles.optimizer);
  assert.equal(roleOf('data.path'), settingRoles['data.path']);
  assert.equal(roleOf('data.paths'), settingRoles.data);
  assert.equal(roleOf('data.kind'), settingRoles.data);
  assert.equal(roleOf('nothing.here'), undefined);
});

test('the hash goes by what decides numbers, and by nothing else', () => {
  const base = presets['cifar10-small'];
  const changed = {
    preset: 'other',
    method: 'mine',
    device: 'cuda',
    threads: 7,
    data: { ...base.data, path: '/elsewhere' },
    checkpoint: { everyEpochs: 9, everyMinutes: 9, keep: 9 },
  } as const;
  assert.equal(configHash({ ...base, ...changed }), configHash(base));
  for (const { path } of differences(base, { ...base, ...changed })) {
    assert.notEqual(roleOf(path)?.decides, 'numbers', path);
  }
  for (const other of [{ seed: 1 }, { epochs: 41 }, { precision: 'float32' }] as const) {
    assert.notEqual(configHash({ ...base, ...other }), configHash(base), JSON.stringify(other));
  }
});
