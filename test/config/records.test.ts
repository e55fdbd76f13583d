import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { presets } from '../../lib/config/presets/index.js';
import { findRecord, leastUsualKnn, type PresetRecord, presetRecords, recordKey } from '../../lib/config/records.js';
import { resolveConfig } from '../../lib/methods/resolve.js';
import { root } from '../support/paths.js';

const spread = { mean: 0.5, sd: 0.05, min: 0.4, max: 0.6 };
const record: PresetRecord = {
  preset: 'cifar10-small',
  configHash: recordKey(presets['cifar10-small']),
  runs: 10,
  seeds: 5,
  precisions: ['bfloat16', 'float32'],
  untrainedKnnTop1: spread,
  knnTop1: spread,
  linearTop1: spread,
  file: 'bench/results/x.json',
};

test('a record is of the settings that decide numbers, whatever the seed and the machine', () => {
  const config = resolveConfig({
    preset: 'cifar10-small',
    overrides: ['seed=7', 'precision=float32', 'threads=1', 'device=cpu', 'data.path=elsewhere', 'checkpoint.keep=9'],
  });
  assert.deepEqual(findRecord(config, [record]), { state: 'same', record });
});

test('changed settings and changed presets are told apart', () => {
  const changed = resolveConfig({ preset: 'cifar10-small', overrides: ['epochs=5'] });
  assert.equal(findRecord(changed, [record])?.state, 'changed');
  const old = { ...record, configHash: 'of-an-older-preset' };
  assert.equal(findRecord(presets['cifar10-small'], [old])?.state, 'outdated');
  assert.equal(findRecord(presets.shapes, [record]), null);
});

test('what is unusual lies three standard deviations below a record of five seeds and both precisions', () => {
  assert.ok(Math.abs((leastUsualKnn(record) ?? 0) - 0.35) < 1e-12);
  assert.equal(leastUsualKnn({ ...record, seeds: 4 }), null);
  assert.equal(leastUsualKnn({ ...record, precisions: ['bfloat16'] }), null);
});

test('what is recorded is of the presets as they are, with its file in the repository', () => {
  for (const { preset, configHash: key, file, runs, knnTop1, linearTop1 } of presetRecords) {
    assert.equal(key, recordKey(presets[preset]), `the record of ${preset} is outdated: measure it again`);
    assert.ok(existsSync(path.join(root, file)), `${file} is missing`);
    assert.ok(runs >= 1);
    for (const { mean, sd, min, max } of [knnTop1, linearTop1]) {
      assert.ok(0 <= min && min <= mean && mean <= max && max <= 1);
      assert.ok(sd >= 0 && sd <= max - min);
    }
  }
});
