import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { buildFacts } from '../../lib/binding/find-addon.js';
import { withTempDir } from '../support/paths.js';
import { runNode, scratchPackage } from '../support/scratch-package.js';
import { zip } from '../support/zip.js';

const archive = zip({
  'libtorch/lib/libtorch.so': '',
  'libtorch/lib/libtorch_cpu.so': '',
  'libtorch/lib/libc10.so': 'no library at all',
  'libtorch/include/ATen/ATen.h': '',
  'libtorch/include/torch/headeronly/version.h':
    '#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 13\n#define TORCH_VERSION_PATCH 0\n',
});

/** A package whose addon asks for LibTorch 2.13, of which nothing is on this machine but what our server has. */
async function withPackage(body: (dir: string, requests: () => number) => Promise<void>): Promise<void> {
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    response.writeHead(200, { 'content-length': archive.length }).end(archive);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await withTempDir(async (dir) => {
      scratchPackage(dir);
      const { libtorch: _, ...facts } = { ...buildFacts(), torch: '2.13.0' };
      mkdirSync(path.join(dir, 'build/Release'), { recursive: true });
      writeFileSync(path.join(dir, 'build/Release/byol.node'), '');
      writeFileSync(path.join(dir, 'build/Release/byol-build.json'), JSON.stringify(facts));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/libtorch.zip`;
      const sha256 = createHash('sha256').update(archive).digest('hex');
      const pins = { [`${process.platform}-${process.arch}`]: [{ url, sha256 }] };
      writeFileSync(path.join(dir, 'scripts/archives.cjs'), `exports.cpu = ${JSON.stringify(pins)};\n`);
      await body(dir, () => requests);
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('a command that finds no LibTorch fetches it, says so on standard error, and begins again', async () => {
  await withPackage(async (dir, requests) => {
    const main = path.join(dir, 'dist/lib/cli/main.js');
    const command = [main, 'train', '--preset', 'shapes', '--out', path.join(dir, 'run'), '--json'];
    const { status, stdout, stderr } = await runNode(dir, command);
    assert.match(
      stderr,
      /^LibTorch, with which byol-torch computes, is not there yet: it is fetched once, for all projects\.$/m,
    );
    assert.match(stderr, /^LibTorch: fetching http:\/\/127\.0\.0\.1:\d+\/libtorch\.zip into .*cache$/m);
    assert.match(stderr, /^LibTorch: 2\.13\.0 \(cpu\) from the cache, .*libtorch-2\.13\.0-cpu$/m);
    assert.equal(requests(), 1);
    assert.equal(stdout, '', 'standard output is for the result');
    // What the server has is none, and so the second beginning is the last.
    assert.match(stderr, /libc10\.so cannot be loaded: .*\[ERR_BYOL_NATIVE_LOAD\]/);
    assert.equal(status, 1);
    assert.ok(!existsSync(path.join(dir, 'run')), 'the folder of the run was not touched');
    await runNode(dir, command);
    assert.equal(requests(), 1, 'once');
  });
});

test('settings that are wrong are told before anything is fetched', async () => {
  await withPackage(async (dir, requests) => {
    const main = path.join(dir, 'dist/lib/cli/main.js');
    const { status, stderr } = await runNode(dir, [main, 'train', '--preset', 'shapse']);
    assert.equal(status, 2);
    assert.match(stderr, /shapes/);
    assert.equal(requests(), 0);
  });
});

test('a call of the API fetches nothing: its error has the command that does', async () => {
  await withPackage(async (dir, requests) => {
    const code = `const { train } = await import(process.argv[1]);
      try { await train({ preset: 'shapes' }, { folder: 'run' }).result; } catch (e) { console.log(e.code, e.hint); }`;
    const index = path.join(dir, 'dist/lib/index.js');
    const { stdout } = await runNode(dir, ['--input-type=module', '--eval', code, index]);
    assert.match(stdout, /^ERR_BYOL_LIBTORCH_NOT_FOUND Fetch it once \(some 200 MB\) with: npx byol setup/);
    assert.equal(requests(), 0);
  });
});
