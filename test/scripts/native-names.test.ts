import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { root, withTempDir } from '../support/paths.js';

const { differentNames } = createRequire(import.meta.url)(path.join(root, 'scripts/native-names.cjs')) as {
  differentNames(root: string): string[];
};

test("the two descriptions of the addon's surface have the same names", () => {
  assert.deepEqual(differentNames(root), []);
});

test('a name or a word that one side alone has is told', async () => {
  await withTempDir((dir) => {
    for (const name of ['lib/binding/native.ts', 'lib/binding/specs.ts'])
      cpSync(path.join(root, name), path.join(dir, name));
    cpSync(path.join(root, 'native/napi'), path.join(dir, 'native/napi'), { recursive: true });
    const change = (file: string, from: string, to: string): void => {
      const text = readFileSync(path.join(dir, file), 'utf8');
      assert.ok(text.includes(from), from);
      writeFileSync(path.join(dir, file), text.replace(from, to));
    };
    change('lib/binding/native.ts', 'readonly microBatches: number', 'readonly accumulate: number');
    change('native/napi/specs.cpp', '{"bottleneck", ', '{"bottle-neck", ');
    change('native/napi/learner_wrap.cpp', '("readMetrics")', '("metrics")');
    assert.deepEqual(differentNames(dir).sort(), [
      'the name accumulate is in lib/binding only',
      'the name metrics is in native/napi only',
      'the name microBatches is in native/napi only',
      'the name readMetrics is in lib/binding only',
      'the word bottle-neck is in native/napi only',
      'the word bottleneck is in lib/binding only',
    ]);
  });
});
