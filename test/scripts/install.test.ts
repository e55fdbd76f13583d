import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { withTempDir } from '../support/paths.js';
import { runNode, scratchPackage, writeCommand } from '../support/scratch-package.js';

test("npm's install script says how to build and never fails an installation", async () => {
  await withTempDir(async (dir) => {
    const { status, stdout } = await runNode(scratchPackage(dir), ['scripts/install.cjs']);
    assert.equal(status, 0);
    assert.equal(stdout, 'byol-torch: the native part is not built yet.\nBuild it with: npx byol build\n');
  });
});

test('it builds, and fails if that fails, where a build from source is asked for', async () => {
  await withTempDir(async (dir) => {
    scratchPackage(dir);
    const bin = path.join(dir, 'bin');
    writeCommand(path.join(bin, 'cmake'), 'exit 1');
    const env = { npm_config_build_from_source: 'true', PATH: `${bin}:${process.env.PATH}` };
    const { status, stderr } = await runNode(dir, ['scripts/install.cjs'], env);
    assert.equal(status, 1);
    assert.match(stderr, /CMake: not found.*\n[\s\S]*\[ERR_BYOL_TOOLCHAIN\]/);
  });
});
