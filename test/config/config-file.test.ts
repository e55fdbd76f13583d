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
});

test('mistakes are told with line and column', () => {
  refuses('epochs: 3\ndata: {path: x\nseed: 1\n', 'a.yaml', /^a\.yaml:3:\d+: not valid YAML: /);
  refuses('epochs: 3\nepochs: 4\n', 'a.yaml', /^a\.yaml:2:1: not valid YAML: this key is there twice\./);
  refuses('{\n  // here:\n  "epochs": 3\n  "seed": 1\n}\n', 'a.json', /^a\.json:4:3: not valid JSON: Expected ','/);
});

test('a file that is not a group of settings is refused', () => {
  refuses('- 1\n- 2\n', 'a.yaml', /^a\.yaml: expected settings \("key: value"\), got a list\.$/);
  refuses('epochs\n', 'a.yaml', /got 'epochs'/);
  refuses('', 'a.yaml', /got an empty file/);
  refuses('# epochs: 3\n', 'a.yaml', /got an empty file/);
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
    writeFileSync(file, 'views:\n  pipelines: [&v [{kind: flip, p: 0.5}], *v]\n');
    const config = resolveConfig({ preset: 'shapes', file, overrides: ['views.pipelines.0.0.p=0.1'] });
    assert.deepEqual(config.views.pipelines[1], [{ kind: 'flip', p: 0.5 }]);
    writeFileSync(file, '"__proto__": {seed: 5}\n');
    assert.throws(() => resolveConfig({ preset: 'shapes', file }), { message: /__proto__: not a setting/ });
  }));

test('merge keys bring the settings of another group along', () => {
  const text = 'a: &h {hidden: [32], output: 16}\nb: {<<: *h, output: 8}\nc:\n  <<: [*h, {bias: true}]\n';
  const settings = parseSettings(text, 'a.yaml');
  assert.deepEqual(settings.b, { hidden: [32], output: 8 });
  assert.deepEqual(settings.c, { hidden: [32], output: 16, bias: true });
  refuses('epochs: 1\n<<: 3\n', 'a.yaml', /^a\.yaml:2:1: .*<<: takes a group of settings/);
});

test('what YAML can do and settings cannot is refused with its line, in plain words', () => {
  const bomb = Array.from({ length: 9 }, (_, i) => `y${i}: &x${i + 1} [*x${i}, *x${i}, *x${i}, *x${i}]\n`).join('');
  const cases: ReadonlyArray<readonly [text: string, message: RegExp]> = [
    ['preset: shapes\ndata: &a\n  x: *a\n', /^a\.yaml:3:6: .*an alias \(\*name\) stands for itself/],
    [`x: &x0 [1, 1]\n${bomb}`, /^a\.yaml:2:10: .* or for far too much\.$/],
    ['a: *nowhere\n', /^a\.yaml:1:4: .*something that is not there/],
    ['preset: shapes\n---\nepochs: 1\n', /^a\.yaml:2:1: .*there is a second document/],
    ['data:\n\ttrainImages: 3\n', /^a\.yaml:2:1: .*a tab at the start of a line/],
    ['epochs: !!timestamp 2024-01-01\n', /^a\.yaml:1:9: /],
    ['epochs: !mine 3\n', /^a\.yaml:1:9: .*tag/],
    ['epochs: 1\n2: 3\n', /^a\.yaml:2:1: .*a key that is not a word/],
    ['? [a, b]\n: 3\n', /a key that is not a word/],
    ['null: 3\n', /a key that is not a word/],
  ];
  for (const [text, message] of cases) {
    refuses(text, 'a.yaml', message);
    assert.throws(
      () => parseSettings(text, 'a.yaml'),
      (error: Error) => !/YAML\.|parse[A-Z]/.test(error.message),
    );
  }
});

test('a file that is not text is refused', () =>
  withTempDir(async (dir) => {
    const { writeFileSync } = await import('node:fs');
    const file = path.join(dir, 'a.yaml');
    for (const bytes of [Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff]), Buffer.from('epochs: 3\n', 'utf16le')]) {
      writeFileSync(file, bytes);
      assert.throws(() => readConfigFile(file), { code: 'ERR_BYOL_CONFIG', message: /a\.yaml is not a text file/ });
    }
    writeFileSync(file, '\ufeffepochs: 3\n');
    assert.deepEqual(readConfigFile(file), { epochs: 3 });
  }));

test('words, numbers and paths that YAML or a file takes otherwise are answered with what to write', () =>
  withTempDir(async (dir) => {
    const { writeFileSync } = await import('node:fs');
    const file = path.join(dir, 'a.yaml');
    const cases: Readonly<Record<string, RegExp>> = {
      'data.trainImages: 10':
        /^Invalid setting: data\.trainImages: .* nested: data: \{trainImages: 10\} \(.*a\.yaml\)$/,
      'data.trainImags: 10': /nested: data: \{trainImages: 10\}/,
      'evaluation: {knn.k: 3}': /^Invalid setting: evaluation\.knn\.k: .* nested: knn: \{k: 3\}/,
      'x.y.z: 1': /groups of settings are nested/,
      'onlineProbe: yes': /expected true or false, got 'yes'; write true/,
      'onlineProbe: Off': /got 'Off'; write false/,
      'epochs: "3"': /got '3'; write the number 3, without quotes/,
      'epochs: 1_000': /got '1_000'; write the number 1000/,
      'seed: 2024-01-01': /got '2024-01-01' \(/,
    };
    for (const [text, message] of Object.entries(cases)) {
      writeFileSync(file, text);
      assert.throws(() => resolveConfig({ preset: 'shapes', file }), { code: 'ERR_BYOL_CONFIG', message }, text);
    }
    writeFileSync(file, '%YAML 1.1\n---\noptimizer: {weightDecay: 1e-3}\n');
    assert.equal(resolveConfig({ preset: 'shapes', file }).optimizer.weightDecay, 1e-3);
  }));
