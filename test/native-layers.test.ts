/** native/core's folders are layers, as lib's are: a folder includes only from those before it in this list. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { root } from './support/paths.js';

/** From the ground up; '.' is core itself: errors, interruption, threads. */
const LAYERS = ['.', 'simd', 'device', 'io', 'data', 'augment', 'parameters', 'optim', 'model', 'ssl', 'eval'];

const core = path.join(root, 'native', 'core');

/** Each file of core with what it includes of core, as paths below it. */
function includes(): Map<string, string[]> {
  const files = readdirSync(core, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(h|cpp)$/.test(name));
  return new Map(
    files.map((name) => {
      const text = readFileSync(path.join(core, name), 'utf8');
      return [name, Array.from(text.matchAll(/^#include "(.+)"$/gm), ([, file]) => file as string)];
    }),
  );
}

test('core includes nothing of the addon or of its tests', () => {
  for (const [file, included] of includes()) {
    for (const name of included)
      assert.match(name, /^core\/|^kernels\/\w+_arguments\.h$/, `${file} includes "${name}"`);
  }
});

test('the CUDA library knows of core what needs no symbol of the addon', () => {
  const folder = path.join(root, 'native', 'cuda');
  const known = ['core/device/runtime.h', 'core/error.h', 'core/io/atomic_file.h', 'core/io/crc32c.h'];
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.(h|cpp)$/.test(file),
  )) {
    const text = readFileSync(path.join(folder, name), 'utf8');
    for (const [, file = ''] of text.matchAll(/^#include "(.+)"$/gm)) {
      assert.ok(file.startsWith('cuda/') || known.includes(file), `native/cuda/${name} includes "${file}"`);
    }
  }
});

test('a folder includes only from those below it', () => {
  const level = (file: string): number => LAYERS.indexOf(path.dirname(file));
  for (const [file, included] of includes()) {
    assert.notEqual(level(file), -1, `${path.dirname(file)} is not in the list of layers`);
    for (const name of included.filter((each) => each.startsWith('core/'))) {
      const other = name.replace(/^core\//, '');
      assert.ok(level(other) <= level(file), `${file} includes "${name}", which lies above it`);
    }
  }
});

test('no headers include each other in a circle', () => {
  const graph = includes();
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    assert.ok(!trail.includes(file), `a circle: ${[...trail, file].join(' -> ')}`);
    if (done.has(file)) return;
    for (const name of graph.get(file) ?? [])
      if (name.startsWith('core/')) visit(name.replace(/^core\//, ''), [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  assert.ok(done.size > 100);
});
