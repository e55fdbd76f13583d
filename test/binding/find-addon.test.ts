import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { buildFacts } from '../../lib/binding/find-addon.js';
import { loadError } from '../../lib/binding/load-error.js';
import { VERSION } from '../../lib/binding/package-root.js';
import { root, withTempDir } from '../support/paths.js';
import { type Finished, fakeLibTorch, runNode, scratchPackage } from '../support/scratch-package.js';

const facts = buildFacts();
const libtorch = String(facts?.libtorch);
const addon = readFileSync(path.join(root, 'build/Release/byol.node'));
const name = `@byol-torch/${process.platform}-${process.arch}`;

/** The addon without the folder of the LibTorch that it was linked against, as a package has it. */
function portable(): Buffer {
  const bytes = Buffer.from(addon);
  const linked = Buffer.from(`${libtorch}/lib`);
  const at = bytes.indexOf(linked);
  assert.ok(at > 0, 'the addon carries the folder of its LibTorch');
  bytes.write('/nowhere/'.padEnd(linked.length, 'x'), at, 'latin1');
  return bytes;
}

/** byol-torch in `dir` with a package for this platform beside it, as far as Node's search for it goes. */
function withPlatformPackage(dir: string, module: Buffer | string = portable(), version = VERSION): string {
  scratchPackage(dir);
  const folder = path.join(dir, 'dist/node_modules', name);
  mkdirSync(folder, { recursive: true });
  const { libtorch: _, ...rest } = facts ?? {};
  const floor = { glibc: '2.28', glibcxx: '3.4.24', cxxabi: '1.3.11' };
  writeFileSync(path.join(folder, 'byol.node'), module);
  writeFileSync(path.join(folder, 'byol-build.json'), JSON.stringify({ ...rest, floor }));
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name, version }));
  return dir;
}

const byol = (dir: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> =>
  runNode(dir, [path.join(dir, 'dist/lib/cli/main.js'), ...args], env);

/** What loading says in a process of its own: LibTorch's version, or the error's code, message and hint. */
async function load(dir: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const code = `const { loadNative } = await import(process.argv[1]);
    try { console.log(loadNative().info().torchLoaded); } catch (e) { console.log([e.code, e.message, e.hint].join('\\n')); }`;
  const loader = path.join(dir, 'dist/lib/binding/load.js');
  return (await runNode(dir, ['--input-type=module', '--eval', code, loader], env)).stdout.trim();
}

test("the platform's package is loaded with a LibTorch that is found, and doctor says which both are", async () => {
  await withTempDir(async (dir) => {
    withPlatformPackage(dir);
    const env = { LIBTORCH: libtorch };
    assert.equal(await load(dir, env), facts?.torch);
    const { stdout, status } = await byol(dir, ['doctor'], env);
    assert.equal(status, 0, stdout);
    assert.ok(stdout.includes(`addon         ${name} ${VERSION}, built `), stdout);
    assert.ok(stdout.includes(`(${facts?.flavour}) from LIBTORCH, ${libtorch}\n`), stdout);
  });
});

test('an own build comes before the package', async () => {
  await withTempDir(async (dir) => {
    withPlatformPackage(dir, 'never looked at');
    mkdirSync(path.join(dir, 'build/Release'), { recursive: true });
    writeFileSync(path.join(dir, 'build/Release/byol.node'), addon);
    writeFileSync(path.join(dir, 'build/Release/byol-build.json'), JSON.stringify(facts));
    assert.equal(await load(dir), facts?.torch);
  });
});

test('a package of another version, or with a part of it missing, is refused by name', async () => {
  await withTempDir(async (dir) => {
    withPlatformPackage(path.join(dir, 'old'), portable(), '0.0.9');
    const old = await load(path.join(dir, 'old'), { LIBTORCH: libtorch });
    assert.match(old, /^ERR_BYOL_NATIVE_NOT_BUILT\n/);
    assert.match(old, new RegExp(`@byol-torch/\\S+: it is version 0\\.0\\.9, this is byol-torch ${VERSION}\\n`));
    assert.match(old, new RegExp(`npm install ${name}@${VERSION}\n`));
    withPlatformPackage(path.join(dir, 'torn'));
    const torn = path.join(dir, 'torn/dist/node_modules', name, 'byol-build.json');
    rmSync(torn);
    assert.match(
      await load(path.join(dir, 'torn'), { LIBTORCH: libtorch }),
      /@byol-torch\/\S+: byol-build\.json is missing/,
    );
  });
});

test('without LibTorch: what it is, where it was looked for, and the command that gets it', async () => {
  await withTempDir(async (dir) => {
    withPlatformPackage(dir);
    const said = await load(dir, { LIBTORCH: fakeLibTorch(path.join(dir, 'other'), '2.11.0') });
    assert.match(
      said,
      /^ERR_BYOL_LIBTORCH_NOT_FOUND\nLibTorch 2\.\d+, with which the addon computes, is not there\. Looked at:\n/,
    );
    assert.match(said, /other \(LIBTORCH\): it is 2\.11\.0\n/);
    assert.match(said, /npx byol setup/);
  });
});

test('a system that is older than the package asks for is told so, with what to do', async () => {
  await withTempDir(async (dir) => {
    const module = portable();
    const used = /\0GLIBC_2\.\d\d\0/.exec(module.toString('latin1'));
    assert.ok(used !== null);
    module.write('\0GLIBC_2.99\0', used.index, 'latin1');
    const said = await load(withPlatformPackage(dir, module), { LIBTORCH: libtorch });
    assert.match(
      said,
      new RegExp(`^ERR_BYOL_NATIVE_LOAD\\nThis system is too old for ${name} ${VERSION}: it needs glibc 2\\.28 and `),
    );
    assert.match(said, /GLIBCXX_3\.4\.24 or newer, and GLIBC_2\.99 is not here\.\nBuild it here with: npx byol build/);
  });
});

test('a library that is missing is named, with what brings it', async () => {
  await withTempDir(async (dir) => {
    const module = portable();
    const at = module.indexOf('\0libgcc_s.so.1\0');
    assert.ok(at > 0);
    module.write('\0libgcc_x.so.1\0', at, 'latin1');
    const said = await load(withPlatformPackage(dir, module), { LIBTORCH: libtorch });
    assert.match(
      said,
      /^ERR_BYOL_NATIVE_LOAD\nlibgcc_x\.so\.1 is missing on this system, and \S+byol\.node needs it\./,
    );
  });
  const text = 'libgomp.so.1: cannot open shared object file: No such file or directory';
  const { message, hint } = loadError('/x/libtorch_global_deps.so', new Error(text));
  assert.equal(message, 'libgomp.so.1 is missing on this system, and /x/libtorch_global_deps.so needs it.');
  assert.equal(hint, 'Install it: apt-get install libgomp1 (Debian, Ubuntu) or dnf install libgomp');
});

test('byol setup takes the torch of an environment of Python, remembers it, and says that training can run', async () => {
  await withTempDir(async (dir) => {
    withPlatformPackage(dir);
    // On the list of candidates as a virtual environment has it.
    const packages = path.join(dir, 'venv/lib/python3.12/site-packages');
    mkdirSync(packages, { recursive: true });
    symlinkSync(libtorch, path.join(packages, 'torch'));
    const first = await byol(dir, ['setup'], { VIRTUAL_ENV: path.join(dir, 'venv') });
    assert.equal(first.status, 0, first.stdout + first.stderr);
    assert.match(
      first.stdout,
      /^LibTorch: \S+ \(\w+\) from VIRTUAL_ENV, .*\naddon: @byol-torch\/\S+ \S+\nTraining can run here\.\n$/,
    );
    assert.equal(await load(dir), facts?.torch, 'without VIRTUAL_ENV');
    assert.ok(existsSync(path.join(dir, 'cache', `libtorch-${String(facts?.torch).replace(/\.\d+$/, '')}.json`)));
  });
});
