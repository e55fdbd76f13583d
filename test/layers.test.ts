import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, test } from 'node:test';
import { LAYERS } from './support/layers.js';
import { root } from './support/paths.js';

/** The front door: nothing in lib imports it. Other files directly in lib are for everybody and import nothing. */
const FRONT_DOOR = 'index.ts';

interface Import {
  readonly from: string;
  readonly to: string;
}

/** Every import of one source file by another, type imports included, as paths from `folder`. */
function importsIn(folder: string): Import[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.replaceAll('\\', '/'))
    .flatMap((from) => {
      const source = readFileSync(join(folder, from), 'utf8');
      // Of `import ... from`, `export ... from`, `import '...'` and `import('...')`.
      const targets = [...source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)\.js'/g)];
      return targets.map(([, path]) => ({ from, to: `${posix.join(posix.dirname(from), path as string)}.ts` }));
    });
}

/** The folder directly in lib; undefined: a file directly in lib. */
function layerOf(file: string): string | undefined {
  const [folder, ...rest] = file.split('/');
  return rest.length === 0 ? undefined : folder;
}

function againstTheLayers(imports: readonly Import[], layers: readonly string[]): Import[] {
  return imports.filter(({ from, to }) => {
    const [importer, imported] = [layerOf(from), layerOf(to)];
    if (from === FRONT_DOOR) return false;
    if (to === FRONT_DOOR || importer === undefined) return true;
    return imported !== undefined && layers.indexOf(imported) > layers.indexOf(importer);
  });
}

/** The files of one circle, in order; empty if there is none. */
function circleIn(imports: readonly Import[]): string[] {
  const targets = new Map<string, string[]>();
  for (const { from, to } of imports) targets.set(from, [...(targets.get(from) ?? []), to]);
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] => {
    const begin = path.indexOf(file);
    if (begin >= 0) return path.slice(begin);
    if (done.has(file)) return [];
    path.push(file);
    for (const next of targets.get(file) ?? []) {
      const circle = visit(next);
      if (circle.length > 0) return circle;
    }
    path.pop();
    done.add(file);
    return [];
  };
  for (const file of targets.keys()) {
    const circle = visit(file);
    if (circle.length > 0) return circle;
  }
  return [];
}

const written = ({ from, to }: Import): string => `${from} imports ${to}`;

describe('layers', () => {
  const imports = importsIn(join(root, 'lib'));

  test('every folder of lib has its place', () => {
    const folders = readdirSync(join(root, 'lib'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    assert.deepEqual(folders.map(({ name }) => name).sort(), [...LAYERS].sort());
    assert.ok(imports.length > 500, `${imports.length} imports were found`);
  });

  test('nothing imports from below its place', () => {
    assert.deepEqual(againstTheLayers(imports, LAYERS).map(written), []);
  });

  test('no files import each other in a circle', () => {
    assert.deepEqual(circleIn(imports), []);
  });

  test('what is against the rules is found', () => {
    const up = { from: 'data/a.ts', to: 'eval/b.ts' };
    const down = { from: 'eval/b.ts', to: 'data/a.ts' };
    const door = { from: 'cli/c.ts', to: 'index.ts' };
    const common = { from: 'data/a.ts', to: 'errors.ts' };
    const bottom = { from: 'errors.ts', to: 'data/a.ts' };
    assert.deepEqual(againstTheLayers([up, down, door, common, bottom], ['data', 'eval', 'cli']), [up, door, bottom]);
    assert.deepEqual(circleIn([down, common]), []);
    assert.deepEqual(circleIn([common, up, down]), ['data/a.ts', 'eval/b.ts']);
  });
});
