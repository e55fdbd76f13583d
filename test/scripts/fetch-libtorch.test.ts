import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { withTempDir } from '../support/paths.js';
import { type Finished, runNode, scratchPackage, writeCommand } from '../support/scratch-package.js';
import { zip } from '../support/zip.js';

const archive = zip({
  'libtorch/lib/libtorch.so': '',
  'libtorch/lib/libtorch_cpu.so': '',
  'libtorch/lib/libc10.so': '',
  'libtorch/include/ATen/ATen.h': '',
  'libtorch/include/torch/headeronly/version.h':
    '#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 13\n#define TORCH_VERSION_PATCH 0\n',
});

interface Scene {
  readonly dir: string;
  readonly cache: string;
  /** Requests that reached the server of the archive. */
  readonly requests: () => number;
  /** fetchLibTorch in a process of its own. */
  fetch(): Promise<Finished>;
  /** What `python3 -m pip download … --dest DIR …` does, as a shell script; $dest is DIR. */
  pip(script: string): void;
}

/** A copy of the scripts whose only archive lies on a server of ours that answers with `status`, after `delay` milliseconds. */
async function withScene(status: number, body: (scene: Scene) => Promise<void>, delay = 200): Promise<void> {
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    setTimeout(() => response.writeHead(status, { 'content-length': archive.length }).end(archive), delay);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await withTempDir(async (dir) => {
      const scratch = scratchPackage(dir);
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/libtorch-2.13.0.zip`;
      const sha256 = createHash('sha256').update(archive).digest('hex');
      const archives = path.join(scratch, 'scripts/archives.cjs');
      writeFileSync(
        archives,
        `exports.cpu = { '${process.platform}-${process.arch}': [{ url: '${url}', sha256: '${sha256}' }] };\n`,
      );
      const bin = path.join(scratch, 'pip-bin');
      const code =
        "require('./scripts/fetch-libtorch.cjs').fetchLibTorch().then(console.log, (e) => { console.error(e.code, e.message); process.exitCode = 1; })";
      await body({
        dir,
        cache: path.join(dir, 'cache'),
        requests: () => requests,
        fetch: () => runNode(dir, ['-e', code], { PATH: `${bin}:${process.env.PATH}` }),
        pip: (script) =>
          writeCommand(
            path.join(bin, 'python3'),
            `echo "$*" > ${dir}/pip-arguments\nwhile [ "$1" != --dest ]; do shift; done\ndest=$2\n${script}`,
          ),
      });
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('the official archive lands in the cache whole, and is fetched once', async () => {
  await withScene(200, async ({ cache, fetch, requests }) => {
    mkdirSync(path.join(cache, 'fetch-cpu-killed'), { recursive: true }); // what a killed set-up leaves
    const first = await fetch();
    assert.equal(first.status, 0, first.stderr);
    assert.deepEqual(readdirSync(cache), ['libtorch-2.13.0-cpu']);
    assert.ok(existsSync(path.join(cache, 'libtorch-2.13.0-cpu/lib/libtorch_cpu.so')));
    const second = await fetch();
    assert.equal(second.stdout.trim(), path.join(cache, 'libtorch-2.13.0-cpu'));
    assert.equal(requests(), 1);
  });
});

test('two set-ups at once fetch it once', async () => {
  const body = async ({ cache, fetch, requests }: Scene): Promise<void> => {
    const both = await Promise.all([fetch(), fetch()]);
    assert.deepEqual(
      both.map(({ status }) => status),
      [0, 0],
    );
    assert.ok(both.some(({ stdout }) => stdout.includes('another process is fetching it')));
    assert.equal(requests(), 1);
    assert.deepEqual(readdirSync(cache), ['libtorch-2.13.0-cpu']);
  };
  // Long enough for the second process to begin, also on a busy machine.
  await withScene(200, body, 2000);
});

test('where the host does not give it, pip is asked for the CPU build, saying why', async () => {
  await withScene(503, async ({ dir, cache, fetch, pip }) => {
    writeFileSync(path.join(dir, 'wheel.zip'), archive);
    pip(`cp ${dir}/wheel.zip "$dest/torch-2.13.0+cpu-any.whl"`);
    const run = await fetch();
    assert.equal(run.status, 0, run.stderr);
    assert.match(run.stdout, /not from there \(127\.0\.0\.1:\d+: it answers 503\)/);
    const asked = readFileSync(path.join(dir, 'pip-arguments'), 'utf8');
    assert.match(asked, /^-m pip download --no-deps .*torch==2\.13\.0\+cpu$/m);
    assert.deepEqual(readdirSync(cache), ['libtorch-2.13.0-cpu']);
  });
});

test('where nobody gives it, the error names what was tried, and nothing half-fetched stays', async () => {
  await withScene(503, async ({ cache, fetch, pip }) => {
    pip('echo "ERROR: No matching distribution found for torch==2.13.0+cpu" >&2; exit 1');
    const run = await fetch();
    assert.equal(run.status, 1);
    assert.match(run.stderr, /^ERR_BYOL_LIBTORCH_NOT_FOUND LibTorch 2\.13\.0 cannot be fetched/);
    assert.match(run.stderr, /it answers 503[\s\S]*pip: ERROR: No matching distribution[\s\S]*BYOL_LIBTORCH/);
    assert.deepEqual(readdirSync(cache), []);
  });
});

test('a full disk is called by its name', async () => {
  await withScene(503, async ({ cache, fetch, pip }) => {
    pip('echo "ERROR: Could not install packages: [Errno 28] No space left on device" >&2; exit 1');
    const run = await fetch();
    assert.equal(run.status, 1);
    assert.match(run.stderr, /^ERR_BYOL_IO No space is left .*BYOL_CACHE/);
    assert.deepEqual(readdirSync(cache), []);
  });
});

test('a wheel that holds no usable LibTorch is not taken', async () => {
  await withScene(503, async ({ dir, cache, fetch, pip }) => {
    writeFileSync(path.join(dir, 'wheel.zip'), zip({ 'torch/lib/libtorch_cpu.so': '' }));
    pip(`cp ${dir}/wheel.zip "$dest/torch-2.13.0+cpu-any.whl"`);
    const run = await fetch();
    assert.equal(run.status, 1);
    assert.match(run.stderr, /^ERR_BYOL_LIBTORCH_NOT_FOUND .*libtorch\.so is missing/);
    assert.deepEqual(readdirSync(cache), []);
  });
});
