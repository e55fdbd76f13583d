import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { parseSettings, readConfigFile } from '../../lib/config/config-file.js';
import { resolveConfig } from '../../lib/methods/resolve.js';
import { root, withTempDir } from '../support/paths.js';

const refuses = (text: string, file: string, message: RegExp) =>
  assert.throws(() => parseSettings(text, file), { name: 'ByolError', code: 'ERR_BYOL_CONFIG', message });

test('YAML and JSON with comments give the same settings', () => {
  const expected = { epochs: 3, data: { path: 'http://x//y' } };
  assert.deepEqual(parseSettings('# a run\nepochs: 3 # few\ndata:\n  path: http://x//y\n', 'a.yaml'), expected);
  const json = '{\n\t// a run\n\t"epochs": 3, /* few,\n  still */ "data": { "path": "http://x//y" }\n}\n';
  assert.deepEqual(parseSettings(json, 'a.json'), expected);
  assert.deepEqual(parseSettings('', 'a.yaml'), {});
});

test('mistakes are told with line and column', () => {
  refuses('epochs: 3\ndata: {path: x\nseed: 1\n', 'a.yaml', /^a\.yaml:3:\d+: not valid YAML: /);
  refuses('epochs: 3\nepochs: 4\n', 'a.yaml', /^a\.yaml:2:1: not valid YAML: Map keys must be unique/);
  refuses('{\n  // here:\n  "epochs": 3\n  "seed": 1\n}\n', 'a.json', /^a\.json:4:3: not valid JSON: Expected ','/);
});

test('a file that is not a group of settings is refused', () => {
  refuses('- 1\n- 2\n', 'a.yaml', /^a\.yaml: expected settings \("key: value"\), got a list\.$/);
  refuses('epochs\n', 'a.yaml', /got 'epochs'/);
});

test('a file that cannot be read is refused with the reason', () => {
  const code = 'ERR_BYOL_CONFIG';
  assert.throws(() => readConfigFile('nowhere.yaml'), { code, message: /nowhere\.yaml: it does not exist/ });
  assert.throws(() => readConfigFile(root), { code, message: /it is a folder/ });
});

test('neither aliases nor __proto__ reach further than they are written', () =>
  withTempDir(async (dir) => {
    const { writeFileSync } = await import('node:fs');
    const file = path.join(dir, 'a.yaml');
    writeFileSync(file, 'views:\n  view1: &v [{kind: flip, p: 0.5}]\n  view2: *v\n');
    const config = resolveConfig({ preset: 'shapes', file, overrides: ['views.view1.0.p=0.1'] });
    assert.deepEqual(config.views.view2, [{ kind: 'flip', p: 0.5 }]);
    writeFileSync(file, '"__proto__": {seed: 5}\n');
    assert.throws(() => resolveConfig({ preset: 'shapes', file }), { message: /__proto__: not a setting/ });
  }));
