import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { presets } from '../../lib/config/presets/index.js';
import { configToYaml } from '../../lib/config/yaml.js';
import { methods } from '../../lib/methods/index.js';
import { type ConfigSources, resolveConfig } from '../../lib/methods/resolve.js';
import { methodWarnings } from '../../lib/methods/warnings.js';
import { withTempDir } from '../support/paths.js';

const { shapes } = presets;
const simclr = methods.simclr(shapes);
const refuses = (sources: ConfigSources, message: RegExp) =>
  assert.throws(() => resolveConfig(sources), { code: 'ERR_BYOL_CONFIG', message });

const withFile = (text: string, use: (file: string) => void) =>
  withTempDir((dir) => {
    const file = path.join(dir, 'my.yaml');
    writeFileSync(file, text);
    use(file);
  });

test('a method is the same wherever it is named: option, patch, --set, file', () =>
  withFile('preset: shapes\nmethod: simclr\n', (file) => {
    const preset = 'shapes';
    assert.notDeepEqual(simclr.objective, shapes.objective);
    for (const sources of [
      { preset, method: 'simclr' },
      { preset, method: methods.simclr },
      { preset, patch: { method: 'simclr' } },
      { preset, overrides: ['method=simclr'] },
      { preset, overrides: ["method='simclr'"] },
      { base: shapes, patch: { method: 'simclr' } },
      { file },
      { base: shapes, file },
    ] as const satisfies readonly ConfigSources[]) {
      assert.deepEqual(resolveConfig(sources), simclr, JSON.stringify(sources));
    }
  }));

test("other settings of any source go over the method's recipe", () =>
  withFile('preset: cifar10-small\nmethod: moco-v2\nobjective: {negatives: {size: 1024}}\n', (file) => {
    const size = (sources: ConfigSources) => {
      const { negatives } = resolveConfig(sources).objective;
      return negatives?.kind === 'queue' && negatives.size;
    };
    assert.equal(size({ file }), 1024);
    assert.equal(size({ file, patch: { objective: { negatives: { size: 2048 } } } }), 2048);
    assert.equal(size({ file, overrides: ['objective.negatives.size=512'] }), 512);
  }));

test("the command line's method goes before the file's, as its preset does", () =>
  withFile('preset: shapes\nmethod: moco-v2\n', (file) => {
    assert.deepEqual(resolveConfig({ file, method: 'simclr' }), simclr);
    assert.deepEqual(resolveConfig({ file, overrides: ['method=simclr'] }), simclr);
    assert.deepEqual(resolveConfig({ file, method: 'byol' }), { ...shapes, method: 'byol' });
  }));

test('a preset may be named by --set too', () => {
  assert.deepEqual(resolveConfig({ overrides: ['preset=shapes', 'epochs=3'] }), { ...shapes, epochs: 3 });
  assert.deepEqual(resolveConfig({ patch: { preset: 'shapes' } }), shapes);
});

test('sources that contradict each other say so', () => {
  refuses({ preset: 'shapes', overrides: ['preset=cifar10'] }, /preset: given as 'shapes' and as 'cifar10' \(--set\)/);
  refuses(
    { preset: 'shapes', method: 'simclr', overrides: ['method=byol'] },
    /method: given as 'simclr' and as 'byol'/,
  );
  refuses(
    { preset: 'shapes', overrides: ['method=simclr', 'method=byol'] },
    /given as 'simclr' \(--set\) and as 'byol'/,
  );
  refuses({ preset: 'shapes', method: methods.simclr, patch: { method: 'byol' } }, /given as a function and as 'byol'/);
  refuses({ preset: 'shapes', overrides: ['epochs=3', 'epochs=5'] }, /epochs: given as 3 and as 5; one is enough/);
  assert.equal(resolveConfig({ preset: 'shapes', overrides: ['epochs=3', 'epochs=3'] }).epochs, 3);
  for (const extra of [{ preset: 'cifar10' }, { patch: { preset: 'cifar10' } }, { overrides: ['preset=cifar10'] }]) {
    refuses({ base: shapes, ...extra } as unknown as ConfigSources, /preset: the start is those of preset 'shapes'/);
  }
});

test('names that do not exist are refused, saying where they were given', () =>
  withFile('preset: shapes\nmethod: simclrr\n', (file) => {
    refuses({ file }, /There is no method 'simclrr' \(.*my\.yaml\)\. Did you mean 'simclr'\?/);
    refuses({ preset: 'shapes', overrides: ['method=simclrr'] }, /'simclrr' \(--set\)\. Did you mean 'simclr'\?/);
    refuses({ overrides: ['preset=shaps'] }, /There is no preset 'shaps' \(--set\)\. Did you mean 'shapes'\?/);
    refuses({ preset: 'shapes', overrides: ['method=[a]'] }, /There is no method '\[a\]'/);
    refuses({ preset: 'shapes', overrides: ['method.x=1'] }, /method\.x: not a setting; method has none of its own/);
    refuses({ preset: 'shapes', patch: { method: 3 as unknown as string } }, /expected the name of a method, got 3/);
  }));

test('a complete file is a start like a preset', () => {
  const { preset: _, ...whole } = shapes;
  return withFile(configToYaml({ ...whole, epochs: 3 }), (file) => {
    const expected = methods.simclr({ ...whole, epochs: 3 });
    assert.deepEqual(resolveConfig({ file, method: 'simclr' }), expected);
    assert.deepEqual(resolveConfig({ file, overrides: ['method=simclr'] }), expected);
    assert.deepEqual(resolveConfig({ file, method: 'simclr', patch: { epochs: 4 } }), { ...expected, epochs: 4 });
  });
});

test('the saved settings of a run of any method come back as they are', () => {
  const tuned = { ...methods['moco-v2'](shapes), epochs: 3 };
  return withFile(configToYaml(tuned), (file) => {
    assert.deepEqual(resolveConfig({ file }), tuned);
    assert.deepEqual(resolveConfig({ file, method: 'moco-v2' }), tuned);
    assert.deepEqual(resolveConfig({ base: tuned }), tuned);
    assert.deepEqual(resolveConfig({ base: { ...shapes, method: 'mine' } }), { ...shapes, method: 'mine' });
  });
});

test("a name that the other settings do not bear out is warned of, and a recipe's own is not", () => {
  const preset = 'shapes';
  const [warning] = methodWarnings(
    resolveConfig({ preset, method: 'simclr', overrides: ['objective.negatives=null'] }),
  );
  assert.match(
    warning ?? '',
    /^method is 'simclr', but .* objective\.negatives is null \(in the recipe of kind 'batch'\)/,
  );
  for (const [name, method] of Object.entries(methods)) {
    for (const base of Object.values(presets)) assert.deepEqual(methodWarnings(method(base)), [], name);
  }
  assert.deepEqual(methodWarnings(resolveConfig({ preset, method: 'moco-v2', overrides: ['epochs=2'] })), []);
});
