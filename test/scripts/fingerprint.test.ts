import assert from 'node:assert/strict';
import { appendFileSync, cpSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { root, withTempDir } from '../support/paths.js';

const { nativeFingerprint } = createRequire(import.meta.url)(path.join(root, 'scripts/fingerprint.cjs')) as {
  nativeFingerprint(root: string): string;
};

test('a fingerprint is of what the addon is made of, and of nothing else', async () => {
  await withTempDir((dir) => {
    for (const part of ['CMakeLists.txt', 'cmake', 'native'])
      cpSync(path.join(root, part), path.join(dir, part), { recursive: true });
    const first = nativeFingerprint(dir);
    assert.equal(first, nativeFingerprint(root));

    utimesSync(path.join(dir, 'CMakeLists.txt'), 1, 1);
    writeFileSync(path.join(dir, 'native/test/new_test.cpp'), '');
    writeFileSync(path.join(dir, 'README.md'), '');
    assert.equal(nativeFingerprint(dir), first);

    const seen = new Set([first]);
    for (const name of ['CMakeLists.txt', 'cmake/FindLibTorch.cmake', 'native/napi/addon.cpp', 'native/core/pch.h']) {
      appendFileSync(path.join(dir, name), '\n');
      seen.add(nativeFingerprint(dir));
    }
    writeFileSync(path.join(dir, 'native/core/new.cpp'), '');
    seen.add(nativeFingerprint(dir));
    assert.equal(seen.size, 6);
  });
});

test('a build records the fingerprint of its sources', () => {
  const facts = JSON.parse(readFileSync(path.join(root, 'build/Release/byol-build.json'), 'utf8')) as {
    sources?: string;
  };
  assert.equal(facts.sources, nativeFingerprint(root));
});
