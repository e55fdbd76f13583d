import assert from 'node:assert/strict';
import { mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { root, withTempDir } from '../support/paths.js';
import { fakeLibTorch, runNode, writeCommand } from '../support/scratch-package.js';

interface Search {
  readonly found?: { readonly dir: string; readonly version: string; readonly flavour: string; readonly from: string };
  readonly refused: readonly string[];
}

/** findLibTorch for a package at `dir`, in a process of its own. */
async function search(dir: string, env: NodeJS.ProcessEnv = {}): Promise<Search> {
  const code = 'console.log(JSON.stringify(require(process.argv[1]).findLibTorch(process.argv[2])))';
  const run = await runNode(dir, ['-e', code, path.join(root, 'scripts/libtorch.cjs'), dir], env);
  assert.equal(run.status, 0, run.stderr);
  return JSON.parse(run.stdout) as Search;
}

test('LibTorch is looked for in the documented order', async () => {
  await withTempDir(async (dir) => {
    const at = (name: string) => path.join(dir, name);
    const python = at('bin-with-python');
    writeCommand(path.join(python, 'python3'), `echo ${at('python/torch')}`);
    const env = {
      BYOL_LIBTORCH: fakeLibTorch(at('chosen'), '2.13.0'),
      LIBTORCH: fakeLibTorch(at('libtorch'), '2.13.0'),
      VIRTUAL_ENV: at('venv'),
      CONDA_PREFIX: at('conda'),
      PATH: `${python}:${process.env.PATH}`,
    };
    const recorded = fakeLibTorch(at('recorded'), '2.13.0');
    mkdirSync(at('build/Release'), { recursive: true });
    writeFileSync(at('build/Release/byol-build.json'), JSON.stringify({ libtorch: recorded }));
    const venv = fakeLibTorch(at('venv/lib/python3.12/site-packages/torch'), '2.12.1');
    const conda = fakeLibTorch(
      at('conda/lib/python3.11/site-packages/torch'),
      '2.11.0',
      'include/torch/csrc/api/include/torch/version.h',
    );
    const ofPython = fakeLibTorch(at('python/torch'), '2.14.1');
    const cached = fakeLibTorch(at('cache/libtorch-2.13.0-cpu'), '2.13.0');

    const order = [
      ['BYOL_LIBTORCH', env.BYOL_LIBTORCH],
      ['the last build', recorded],
      ['LIBTORCH', env.LIBTORCH],
      ['VIRTUAL_ENV', venv],
      ['CONDA_PREFIX', conda],
      ['python3', ofPython],
      ['the cache', cached],
    ] as const;
    let remaining: NodeJS.ProcessEnv = env;
    for (const [from, folder] of order) {
      const { found } = await search(dir, remaining);
      assert.deepEqual([found?.from, found?.dir], [from, realpathSync(folder)]);
      rmSync(folder, { recursive: true });
      const { BYOL_LIBTORCH: _, ...others } = remaining;
      remaining = others;
    }
    const nothing = await search(dir, remaining);
    assert.equal(nothing.found, undefined);
    assert.match(nothing.refused.join('\n'), /recorded \(the last build\): there is no such folder/);
    assert.match(nothing.refused.join('\n'), /libtorch-2\.13\.0-cpu \(the cache\): there is no such folder/);
  });
});

test('an unusable BYOL_LIBTORCH is not passed over in silence', async () => {
  await withTempDir(async (dir) => {
    fakeLibTorch(path.join(dir, 'cache/libtorch-2.13.0-cpu'), '2.13.0');
    const { found, refused } = await search(dir, { BYOL_LIBTORCH: path.join(dir, 'typo') });
    assert.equal(found, undefined);
    assert.deepEqual(refused, [`${path.join(dir, 'typo')} (BYOL_LIBTORCH): there is no such folder`]);
  });
});

test('an unsupported release is refused with its number and the next place is tried', async () => {
  await withTempDir(async (dir) => {
    fakeLibTorch(path.join(dir, 'cache/libtorch-2.13.0-cpu'), '2.13.0');
    const { found, refused } = await search(dir, { LIBTORCH: fakeLibTorch(path.join(dir, 'old'), '2.5.1') });
    assert.equal(found?.from, 'the cache');
    assert.match(
      String(refused[0]),
      /old \(LIBTORCH\): it is 2\.5\.1; supported are 2\.11, 2\.12, 2\.13, 2\.14, 2\.15$/,
    );
  });
});

test('a CUDA build whose libraries do not load is refused, saying why', async () => {
  await withTempDir(async (dir) => {
    const cuda = fakeLibTorch(path.join(dir, 'cuda'), '2.13.0');
    writeFileSync(path.join(cuda, 'lib/libtorch_cuda.so'), 'not a library');
    fakeLibTorch(path.join(dir, 'cache/libtorch-2.13.0-cpu'), '2.13.0');
    const { found, refused } = await search(dir, { LIBTORCH: cuda });
    assert.deepEqual([found?.from, found?.flavour], ['the cache', 'cpu']);
    assert.match(String(refused[0]), /cuda \(LIBTORCH\): it does not load: .*libtorch_cuda\.so/);
  });
});
