import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { root, withTempDir } from '../support/paths.js';
import { type Finished, fakeLibTorch, runNode, scratchPackage, writeCommand } from '../support/scratch-package.js';
import { zip } from '../support/zip.js';

/** prepareLibTorch() of the scripts at `dir`, in a process of its own. */
function prepare(dir: string, options: object, env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  const code = `require('./scripts/prepare-libtorch.cjs').prepareLibTorch({ root: '.', ...JSON.parse(process.argv[1]) })
    .catch((error) => { console.error(error.code, error.message); process.exitCode = 1; })`;
  return runNode(dir, ['-e', code, JSON.stringify(options)], env);
}

test('an installed torch of the right release is taken, said, and found again without Python', async () => {
  await withTempDir(async (dir) => {
    scratchPackage(dir);
    const bin = path.join(dir, 'python-bin');
    writeCommand(path.join(bin, 'python3'), `echo asked >> ${dir}/asked; echo ${dir}/site-packages/torch`);
    const env = { PATH: `${bin}:${process.env.PATH}` };
    const torch = fakeLibTorch(path.join(dir, 'site-packages/torch'), '2.12.1');
    const first = await prepare(dir, { torch: '2.12.0' }, env);
    assert.equal(first.stdout, `LibTorch: 2.12.1 (cpu) from python3, ${torch}\n`);
    const second = await prepare(dir, { torch: '2.12.0' }, env);
    assert.equal(second.stdout, `LibTorch: 2.12.1 (cpu) from the last choice, ${torch}\n`);
    assert.equal(readFileSync(path.join(dir, 'asked'), 'utf8'), 'asked\n', 'once');

    // Another release, which cannot be fetched.
    const other = await prepare(dir, { torch: '2.11.0' }, env);
    assert.equal(other.status, 1);
    assert.match(
      other.stderr,
      /^ERR_BYOL_LIBTORCH_NOT_FOUND The addon is for LibTorch 2\.11, .*pip install torch==2\.11/,
    );

    rmSync(torch, { recursive: true });
    fakeLibTorch(path.join(dir, 'cache/libtorch-2.13.0-cpu'), '2.13.0');
    const gone = await prepare(dir, { torch: '2.13.1' }, env);
    assert.match(gone.stdout, /^LibTorch: 2\.13\.0 \(cpu\) from the cache, /);
  });
});

test('BYOL_LIBTORCH that does not do is an error, and nothing is fetched or remembered', async () => {
  await withTempDir(async (dir) => {
    scratchPackage(dir);
    const refused = await prepare(dir, {}, { BYOL_LIBTORCH: path.join(dir, 'typo') });
    assert.match(
      refused.stderr,
      /^ERR_BYOL_LIBTORCH_NOT_FOUND BYOL_LIBTORCH is not a usable LibTorch: .*no such folder/,
    );
    const chosen = fakeLibTorch(path.join(dir, 'chosen'), '2.13.0');
    assert.equal((await prepare(dir, {}, { BYOL_LIBTORCH: chosen })).status, 0);
    assert.ok(!existsSync(path.join(dir, 'cache')));
  });
});

const header = '#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 13\n#define TORCH_VERSION_PATCH 0\n';
const wheels = {
  'torch-2.13.0-cp311.whl': zip({
    'torch/lib/libtorch.so': '',
    'torch/lib/libtorch_cpu.so': '',
    'torch/lib/libtorch_cuda.so': '',
    'torch/lib/libc10.so': '',
    'torch/lib/libtorch_python.so': '',
    'torch/include/ATen/ATen.h': '',
    'torch/include/torch/headeronly/version.h': header,
    'torch/nn/functional.py': '',
  }),
  'nvidia_cuda_runtime-13.0.96.whl': zip({
    'nvidia/cu13/lib/libcudart.so.13': 'runtime',
    'nvidia/cu13/lib/libcudart_static.a': '',
    'nvidia/cu13/include/cuda_runtime_api.h': '',
    'nvidia_cuda_runtime-13.0.96.dist-info/RECORD': '',
  }),
  'nvidia_cudnn-9.20.whl': zip({ 'nvidia/cudnn/lib/libcudnn.so.9': 'cudnn' }),
};

test('a CUDA build is fetched file by file, gone on with after an interruption, and remembered', async () => {
  const asked: string[] = [];
  let breaks = true;
  const server = createServer((request, response) => {
    const name = path.basename(String(request.url));
    asked.push(name);
    const bytes = wheels[name as keyof typeof wheels];
    // The last file is not there at first.
    if (breaks && name.startsWith('nvidia_cudnn')) response.writeHead(503).end();
    else response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await withTempDir(async (dir) => {
      scratchPackage(dir);
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const pins = Object.entries(wheels).map(([name, bytes]) => ({
        url: `${base}/${name}`,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        size: bytes.length,
      }));
      const platform = `${process.platform}-${process.arch}`;
      writeFileSync(
        path.join(dir, 'scripts/archives.cjs'),
        `exports.cuda = ${JSON.stringify({ [platform]: pins })};\n`,
      );
      // There already, and not what was asked for.
      fakeLibTorch(path.join(dir, 'cache/libtorch-2.13.0-cpu'), '2.13.0');
      mkdirSync(path.join(dir, 'cache/fetch-cpu-running'));

      const stopped = await prepare(dir, { device: 'cuda' });
      assert.equal(stopped.status, 1);
      assert.match(stopped.stdout, /^LibTorch: fetching \d+ MB, 3 files into .*cache$/m);
      assert.match(
        stopped.stderr,
        /^ERR_BYOL_LIBTORCH_NOT_FOUND The CUDA build of LibTorch 2\.13\.0 cannot be fetched:/,
      );
      assert.match(stopped.stderr, /127\.0\.0\.1:\d+: it answers 503[\s\S]*BYOL_LIBTORCH/);

      breaks = false;
      asked.length = 0;
      const done = await prepare(dir, { device: 'cuda' });
      assert.equal(done.status, 0, done.stderr);
      assert.deepEqual(asked, ['nvidia_cudnn-9.20.whl'], 'what was there is not asked for again');
      assert.match(done.stdout, /LibTorch: 2\.13\.0 \(cuda\) from the cache, .*libtorch-2\.13\.0-cuda\/torch\n$/);
      const fetched = path.join(dir, 'cache/libtorch-2.13.0-cuda');
      const files = readdirSync(fetched, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      assert.deepEqual(
        files.map(({ parentPath, name }) => path.relative(fetched, path.join(parentPath, name))).sort(),
        [
          'nvidia/cu13/include/cuda_runtime_api.h',
          'nvidia/cu13/lib/libcudart.so.13',
          'nvidia/cudnn/lib/libcudnn.so.9',
          'torch/include/ATen/ATen.h',
          'torch/include/torch/headeronly/version.h',
          'torch/lib/libc10.so',
          'torch/lib/libtorch.so',
          'torch/lib/libtorch_cpu.so',
          'torch/lib/libtorch_cuda.so',
        ],
      );
      const left = ['fetch-cpu-running', 'libtorch-2.13.0-cpu', 'libtorch-2.13.0-cuda', 'libtorch-2.13.json'];
      assert.deepEqual(readdirSync(path.join(dir, 'cache')).sort(), left);
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('too small a disk is known before anything is fetched', async () => {
  await withTempDir(async (dir) => {
    scratchPackage(dir);
    const pin = { url: 'http://127.0.0.1:1/torch.whl', sha256: '', size: 1e15 };
    const platform = `${process.platform}-${process.arch}`;
    writeFileSync(path.join(dir, 'scripts/archives.cjs'), `exports.cuda = ${JSON.stringify({ [platform]: [pin] })};\n`);
    const { status, stderr } = await prepare(dir, { device: 'cuda' });
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^ERR_BYOL_IO No space is left on the disk of .*LibTorch needs about 9 GB there\. .*BYOL_CACHE/,
    );
  });
});

test('every pinned archive has a whole checksum and comes by HTTPS', () => {
  const archives = createRequire(import.meta.url)(path.join(root, 'scripts/archives.cjs')) as Record<
    string,
    Record<string, readonly { url: string; sha256: string; size?: number }[]>
  >;
  const all = Object.values(archives).flatMap((platforms) => Object.values(platforms).flat());
  assert.ok(all.length > 10);
  for (const { url, sha256, size } of all) {
    assert.match(url, /^https:\/\/\S+\.(?:zip|whl)$/);
    assert.match(sha256, /^[0-9a-f]{64}$/);
    assert.ok(size === undefined || Number.isSafeInteger(size));
  }
  assert.equal(new Set(all.map(({ sha256 }) => sha256)).size, all.length);
});
