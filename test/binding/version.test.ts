/** The addon's own guard against another LibTorch than the one it was compiled for. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { root, withTempDir } from '../support/paths.js';

const compiler = process.env.CXX ?? 'c++';
const canCompile = process.platform === 'linux' && spawnSync(compiler, ['--version']).status === 0;

test('a LibTorch of another release is refused at load', {
  skip: canCompile ? false : `${compiler} cannot be run`,
}, async () => {
  await withTempDir((dir) => {
    // What LibTorch says of itself, said by another library that comes first.
    const source = path.join(dir, 'version.cpp');
    const library = path.join(dir, 'version.so');
    writeFileSync(
      source,
      'extern "C" unsigned long aoti_torch_abi_version() { return 2ul << 56 | 99ul << 48 | 1ul << 40; }',
    );
    const built = spawnSync(compiler, ['-shared', '-fPIC', '-o', library, source], { encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);
    const loader = JSON.stringify(path.join(root, 'dist/lib/binding/load.js'));
    const code = `import { loadNative } from ${loader}; try { loadNative(); } catch (e) { console.log(e.name, e.code, e.message); }`;
    const child = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
      encoding: 'utf8',
      env: { ...process.env, LD_PRELOAD: library },
    });
    assert.equal(child.status, 0, child.stderr);
    assert.match(
      child.stdout,
      /^ByolError ERR_BYOL_LIBTORCH_MISMATCH The addon was built for LibTorch \d+\.\d+\.\d+, but 2\.99\.1 is loaded.*npx byol build/,
    );
  });
});
