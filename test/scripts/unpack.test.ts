import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { root, withTempDir } from '../support/paths.js';
import { zip } from '../support/zip.js';

const { unpack, wanted } = createRequire(import.meta.url)(path.join(root, 'scripts/unpack.cjs')) as {
  unpack(archive: string, dir: string): Promise<void>;
  wanted(entry: string): string | undefined;
};

test('only what a native build needs is taken, from wheels and archives alike', async () => {
  await withTempDir(async (dir) => {
    const archive = path.join(dir, 'torch.whl');
    writeFileSync(
      archive,
      zip({
        'torch/lib/libtorch_cpu.so': 'machine code',
        'torch/include/ATen/ATen.h': '#pragma once\n'.repeat(50),
        'torch/share/cmake/Torch/TorchConfig.cmake': 'cmake',
        'torch/version.py': "__version__ = '2.13.0+cpu'",
        'torch/lib/libtorch_python.so': 'for Python only',
        'torch/nn/functional.py': 'def relu(): ...',
        'torch/bin/protoc': 'tool',
        'torch-2.13.0+cpu.dist-info/RECORD': '',
        'torchgen/include/x.h': '',
        'libtorch/lib/libc10.so': 'more machine code',
      }),
    );
    const target = path.join(dir, 'out');
    await unpack(archive, target);
    const files = readdirSync(target, { recursive: true, encoding: 'utf8' }).filter((name) =>
      statSync(path.join(target, name)).isFile(),
    );
    assert.deepEqual(files.sort(), [
      'include/ATen/ATen.h',
      'lib/libc10.so',
      'lib/libtorch_cpu.so',
      'share/cmake/Torch/TorchConfig.cmake',
      'version.py',
    ]);
    assert.equal(readFileSync(path.join(target, 'include/ATen/ATen.h'), 'utf8'), '#pragma once\n'.repeat(50));
    assert.equal(readFileSync(path.join(target, 'lib/libc10.so'), 'utf8'), 'more machine code');
  });
});

test('no entry leads out of the folder', () => {
  assert.equal(wanted('torch/lib/../../../etc/passwd'), undefined);
  assert.equal(wanted('/torch/lib/x.so'), undefined);
  assert.equal(wanted('torch/lib/'), undefined);
});
