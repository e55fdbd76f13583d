import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { root, withTempDir } from '../support/paths.js';

const { requireBuildPackages } = createRequire(import.meta.url)(path.join(root, 'scripts/cmake.cjs')) as {
  requireBuildPackages(root: string): void;
};

test('npm packages that a build needs are asked for by one command, and are no dependencies of users', async () => {
  requireBuildPackages(root);
  await withTempDir((dir) => {
    cpSync(path.join(root, 'package.json'), path.join(dir, 'package.json'));
    const wanted = '"cmake-js@\\S+" "node-addon-api@\\S+" "node-api-headers@\\S+"$';
    assert.throws(() => requireBuildPackages(dir), {
      code: 'ERR_BYOL_TOOLCHAIN',
      message: new RegExp(`not installed here\\. Install them: npm install --save-dev ${wanted}`),
    });
    mkdirSync(path.join(dir, 'node_modules/cmake-js'), { recursive: true });
    writeFileSync(path.join(dir, 'node_modules/cmake-js/package.json'), '{}');
    assert.throws(() => requireBuildPackages(dir), { message: /--save-dev "node-addon-api@/ });
  });
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    dependencies: object;
    devDependencies: Record<string, string>;
    peerDependencies: Record<string, string>;
    peerDependenciesMeta: Record<string, { optional?: boolean }>;
    scripts: Record<string, string>;
  };
  for (const [name, range] of Object.entries(manifest.peerDependencies)) {
    assert.equal(manifest.devDependencies[name], range);
    assert.equal(manifest.peerDependenciesMeta[name]?.optional, true);
    assert.ok(!(name in manifest.dependencies));
  }
  assert.ok(!('install' in manifest.scripts) && !('postinstall' in manifest.scripts));
});
