import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { platformPackage } from '../../lib/binding/find-addon.js';
import { root, withTempDir } from '../support/paths.js';

type Manifest = Record<string, unknown> & { readonly optionalDependencies?: Record<string, string> };

const require = createRequire(import.meta.url);
const { publishedManifest, reachableDeclarations } = require(path.join(root, 'scripts/pack-main.cjs')) as {
  publishedManifest(manifest: Manifest): Manifest;
  reachableDeclarations(root: string, entry: string): Set<string>;
};
const { manifest } = require(path.join(root, 'scripts/platform-package.cjs')) as {
  manifest(platform: string, version: string, binaries: readonly string[]): Manifest;
};
const { platforms } = require(path.join(root, 'scripts/versions.cjs')) as { platforms: readonly string[] };

const own = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Manifest & { version: string };

test('what is published asks for the platform packages of its own version, and runs no script', () => {
  const published = publishedManifest(own);
  assert.deepEqual(published.optionalDependencies, {
    ...own.optionalDependencies,
    ...Object.fromEntries(platforms.map((platform) => [`@byol-torch/${platform}`, own.version])),
  });
  assert.ok(!('scripts' in published) && !('devDependencies' in published));
  for (const kept of ['name', 'version', 'bin', 'exports', 'dependencies', 'peerDependencies', 'engines', 'type']) {
    assert.deepEqual(published[kept], own[kept], kept);
  }
});

test('the checkout asks for none, since npm ci must work before they are published', () => {
  const lock = readFileSync(path.join(root, 'package-lock.json'), 'utf8');
  assert.ok(!JSON.stringify(own).includes('@byol-torch/') && !lock.includes('@byol-torch/'));
});

test("a platform's package is for that system, and is called as the loader calls it", () => {
  const [platform = ''] = platforms;
  assert.deepEqual(
    platforms.filter((name) => !/^linux-(?:x64|arm64)$/.test(name)),
    [],
  );
  const { name, version, os, cpu, libc, files } = manifest(platform, '1.2.3', ['byol.node', 'libjpeg.so.62']);
  const [system, processor] = platform.split('-');
  assert.deepEqual(
    [name, version, os, cpu, libc],
    [`@byol-torch/${platform}`, '1.2.3', [system], [processor], ['glibc']],
  );
  assert.deepEqual(files, ['byol.node', 'libjpeg.so.62', 'byol-build.json', 'LICENSE.libjpeg-turbo']);
  assert.equal(platformPackage, `@byol-torch/${process.platform}-${process.arch}`);
});

test('declarations that the entry leads to are packed, others are not', async () => {
  await withTempDir((dir) => {
    const files = {
      'dist/lib/index.d.ts':
        "export { a } from './a/a.js';\nexport type B = import('./b.js').B;\nimport { z } from 'zod';\n",
      'dist/lib/a/a.d.ts': "import type { C } from '../c.js';\nexport declare const a: C;\n",
      'dist/lib/b.d.ts': "export * from './index.js';\n",
      'dist/lib/c.d.ts': 'export interface C {}\n',
      'dist/lib/alone.d.ts': "import './index.js';\n",
    };
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
      writeFileSync(path.join(dir, name), text);
    }
    assert.deepEqual([...reachableDeclarations(dir, './dist/lib/index.d.ts')].sort(), [
      'dist/lib/a/a.d.ts',
      'dist/lib/b.d.ts',
      'dist/lib/c.d.ts',
      'dist/lib/index.d.ts',
    ]);
  });
});
