import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { findPackage, packageRoot, packageVersion } from '../../lib/binding/package-root.js';
import { root, withTempDir } from '../support/paths.js';

test('the package is found from its own code, also from below another package.json', () =>
  withTempDir((dir) => {
    assert.equal(packageRoot(), root);
    assert.match(packageVersion(), /^\d+\.\d+\.\d+/);
    mkdirSync(path.join(dir, 'dist', 'lib'), { recursive: true });
    writeFileSync(path.join(dir, 'package.json'), '{"name": "an-app", "version": "9.9.9"}');
    writeFileSync(path.join(dir, 'dist', 'package.json'), 'not JSON');
    assert.equal(findPackage(path.join(dir, 'dist', 'lib')), undefined);
    writeFileSync(path.join(dir, 'package.json'), '{"name": "byol-torch", "version": "9.9.9"}');
    assert.equal(findPackage(path.join(dir, 'dist', 'lib'))?.root, dir);
  }));

test('compiled code without its package says so at once', () =>
  withTempDir((dir) => {
    cpSync(path.join(root, 'dist', 'lib'), path.join(dir, 'dist', 'lib'), { recursive: true });
    symlinkSync(path.join(root, 'node_modules'), path.join(dir, 'node_modules'), 'dir');
    writeFileSync(path.join(dir, 'dist', 'package.json'), '{"type": "module"}');
    const options = { encoding: 'utf8', timeout: 60_000 } as const;
    const { status, stderr } = spawnSync(process.execPath, [path.join(dir, 'dist/lib/cli/main.js'), 'doctor'], options);
    assert.match(stderr, /^error: byol-torch's package\.json is in no folder above .*\[ERR_BYOL_SETUP\]\n.*npm/);
    assert.equal(status, 1);
  }));
