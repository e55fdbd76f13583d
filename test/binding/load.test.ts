import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type BuildFacts, buildFacts } from '../../lib/binding/find-addon.js';
import { loadError } from '../../lib/binding/load-error.js';
import { root, withTempDir } from '../support/paths.js';
import { fakeLibTorch, runNode, scratchPackage } from '../support/scratch-package.js';

interface Outcome {
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string;
  readonly torch?: string;
}

/** loadNative of the package at `dir`, in a process of its own: the version of LibTorch, or the error. */
async function load(dir: string, env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const code = `
    const { loadNative } = await import(process.argv[1]);
    let outcome;
    try { outcome = { torch: loadNative().info().torchLoaded }; }
    catch ({ code, message, hint }) { outcome = { code, message, hint }; }
    console.log(JSON.stringify(outcome));`;
  const loader = path.join(dir, 'dist/lib/binding/load.js');
  const run = await runNode(dir, ['--input-type=module', '--eval', code, loader], env);
  assert.equal(run.status, 0, run.stderr);
  return JSON.parse(run.stdout) as Outcome;
}

const realFacts = buildFacts() as BuildFacts & { readonly libtorch: string };
const realAddon = path.join(root, 'build/Release/byol.node');

/** A package whose addon is `module` and whose build recorded `facts`. */
function builtPackage(dir: string, module: Buffer | string, facts: Partial<BuildFacts>): string {
  scratchPackage(dir);
  mkdirSync(path.join(dir, 'build/Release'), { recursive: true });
  writeFileSync(path.join(dir, 'build/Release/byol.node'), module);
  writeFileSync(path.join(dir, 'build/Release/byol-build.json'), JSON.stringify({ ...realFacts, ...facts }));
  return dir;
}

test('with no addon at all, the places that were looked at, and what to do', async () => {
  await withTempDir(async (dir) => {
    const { code, message, hint } = await load(scratchPackage(dir));
    assert.equal(code, 'ERR_BYOL_NATIVE_NOT_BUILT');
    assert.match(String(message), /^The native part of byol-torch is not there for \w+-\w+\. Looked at:\n/);
    assert.match(
      String(message),
      /build\/Release: nothing was built here\n.*@byol-torch\/\w+-\w+: it is not installed$/,
    );
    assert.match(String(hint), /^Get it prebuilt: npm install @byol-torch\/\S+\nOr build it: npx byol build/);
    // On a system that has no package, and for which nothing can be built.
    const versions = path.join(dir, 'scripts/versions.cjs');
    writeFileSync(versions, `${readFileSync(versions, 'utf8')}exports.platforms = [];\n`);
    assert.match(String((await load(dir)).hint), /^It runs on Linux with glibc .* on x64 or arm64 only\.$/);
  });
});

test('a LibTorch that is gone: the places that were looked at, and what to do', async () => {
  await withTempDir(async (dir) => {
    builtPackage(dir, '', { libtorch: path.join(dir, 'gone'), torch: '2.13.0' });
    fakeLibTorch(path.join(dir, 'cache/libtorch-2.13.0-cpu'), '2.14.0'); // there, but not the one
    const { code, message, hint } = await load(dir);
    assert.equal(code, 'ERR_BYOL_LIBTORCH_NOT_FOUND');
    assert.match(String(message), /^LibTorch 2\.13, for which the addon was built, is gone from .*gone/);
    assert.match(String(message), /gone \(the last build\): there is no such folder/);
    assert.match(String(message), /libtorch-2\.13\.0-cpu \(the cache\): it is 2\.14\.0/);
    assert.match(String(hint), /npx byol setup.*BYOL_LIBTORCH/);
  });
});

test('BYOL_LIBTORCH with another release is refused, naming both', async () => {
  await withTempDir(async (dir) => {
    builtPackage(dir, '', { torch: '2.13.0' });
    const other = fakeLibTorch(path.join(dir, 'other'), '2.14.1');
    const { code, message } = await load(dir, { BYOL_LIBTORCH: other });
    assert.equal(code, 'ERR_BYOL_LIBTORCH_MISMATCH');
    assert.match(String(message), /built for LibTorch 2\.13\.0, but the one in .*other .* is 2\.14\.1.*npx byol build/);
  });
});

test('BYOL_LIBTORCH that is no LibTorch is refused', async () => {
  await withTempDir(async (dir) => {
    builtPackage(dir, '', {});
    const { code, message } = await load(dir, { BYOL_LIBTORCH: path.join(dir, 'typo') });
    assert.equal(code, 'ERR_BYOL_LIBTORCH_NOT_FOUND');
    assert.match(String(message), /BYOL_LIBTORCH \(.*typo\) is not a usable LibTorch: there is no such folder/);
  });
});

test('an addon that the system refuses gives its reason and a hint', async () => {
  await withTempDir(async (dir) => {
    const { code, message, hint } = await load(builtPackage(dir, 'no library', {}));
    assert.equal(code, 'ERR_BYOL_NATIVE_LOAD');
    assert.match(String(message), /byol\.node cannot be loaded: .*(file too short|invalid ELF header)/);
    assert.match(String(hint), /npx byol build/);
  });
  const { hint } = loadError('libgomp.so.1', new Error('cannot allocate memory in static TLS block'));
  assert.match(String(hint), /GLIBC_TUNABLES=glibc\.rtld\.optional_static_tls=16384/);
});

test('an addon of another version of the package is refused instead of being called', async () => {
  await withTempDir(async (dir) => {
    builtPackage(dir, readFileSync(realAddon), {});
    const declaration = path.join(dir, 'dist/lib/binding/native.js');
    writeFileSync(declaration, readFileSync(declaration, 'utf8').replace(/API_VERSION = \d+/, 'API_VERSION = 999'));
    const { code, message } = await load(dir);
    assert.equal(code, 'ERR_BYOL_NATIVE_NOT_BUILT');
    assert.match(String(message), /is from another version of byol-torch \(interface \d+, needed is 999\)/);
  });
});

test('an addon whose LibTorch has moved finds it in BYOL_LIBTORCH, and by the usual search', async () => {
  await withTempDir(async (dir) => {
    // The folder that was linked in, made unfindable in the binary.
    const linked = Buffer.from(`${realFacts.libtorch}/lib`);
    const addon = readFileSync(realAddon);
    const at = addon.indexOf(linked);
    assert.ok(at > 0, 'the addon carries the folder of its LibTorch');
    addon.write('/nowhere/'.padEnd(linked.length, 'x'), at, 'latin1');
    builtPackage(dir, addon, { libtorch: path.join(dir, 'gone') });
    assert.equal((await load(dir)).code, 'ERR_BYOL_LIBTORCH_NOT_FOUND');
    assert.deepEqual(await load(dir, { BYOL_LIBTORCH: realFacts.libtorch }), { torch: realFacts.torch });
    assert.deepEqual(await load(dir, { LIBTORCH: realFacts.libtorch }), { torch: realFacts.torch });
  });
});

test('the linker did not drop a library that no symbol of ours comes from', () => {
  const { stdout } = spawnSync('readelf', ['-d', realAddon], { encoding: 'utf8' });
  const needed = [...stdout.matchAll(/NEEDED.*\[(.*?)\]/g)].map((match) => String(match[1]));
  assert.ok(needed.includes('libtorch.so'), needed.join(', '));
  // With any LibTorch, so that one file serves machines with and without a card: byol_cuda.so needs the rest.
  assert.ok(!needed.some((name) => /cuda/.test(name)), needed.join(', '));
});

test('doctor says that nothing can run, and why, where the addon crashes or is missing', async () => {
  await withTempDir(async (dir) => {
    scratchPackage(dir);
    const cli = path.join(dir, 'dist/lib/cli/main.js');
    const missing = await runNode(dir, [cli, 'doctor']);
    assert.equal(missing.status, 1);
    assert.match(missing.stdout, /^NO {2}addon +The native part of byol-torch is not there/m);
    assert.match(missing.stdout, /^-- {2}LibTorch +none found; npx byol setup fetches it/m);

    builtPackage(path.join(dir, 'crashing'), '', {});
    const loader = path.join(dir, 'crashing/dist/lib/binding/load.js');
    writeFileSync(
      loader,
      `${readFileSync(loader, 'utf8')}\nif (process.argv[1]?.includes('load.js')) process.abort();`,
    );
    const crashing = await runNode(dir, [path.join(dir, 'crashing/dist/lib/cli/main.js'), 'doctor']);
    assert.equal(crashing.status, 1);
    assert.match(crashing.stdout, /^NO {2}addon +it crashes while it is loaded \(SIGABRT\)/m);
  });
});

test('doctor finds this build in order', async () => {
  await withTempDir(async (dir) => {
    builtPackage(dir, '', {});
    copyFileSync(realAddon, path.join(dir, 'build/Release/byol.node'));
    const { status, stdout } = await runNode(dir, [path.join(dir, 'dist/lib/cli/main.js'), 'doctor']);
    assert.equal(status, 0, stdout);
    for (const name of ['Node', 'npm packages', 'addon', 'LibTorch', 'CPU', 'threads']) {
      assert.match(stdout, new RegExp(`^ok {2}${name} `, 'm'));
    }
    for (const name of ['C\\+\\+ compiler', 'CMake', 'build tool', 'bfloat16', 'CUDA', 'JPEG']) {
      assert.match(stdout, new RegExp(`^(ok|--) {2}${name} `, 'm'));
    }
    assert.match(stdout, /^ok {2}addon +build\/Release \(built here\), built \d{4}-/m);
    assert.match(stdout, /^ok {2}LibTorch .* from the last build, /m);
    assert.ok(stdout.includes(realFacts.libtorch));
  });
});
