import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { root, withTempDir } from '../support/paths.js';
import { type Finished, fakeLibTorch, runNode, writeCommand } from '../support/scratch-package.js';

const { nativeFingerprint } = createRequire(import.meta.url)(path.join(root, 'scripts/fingerprint.cjs')) as {
  nativeFingerprint(root: string): string;
};

/** set-up with stand-ins for npm, the native build and the TypeScript compiler, which log that they ran. */
class Clone {
  constructor(readonly dir: string) {
    cpSync(path.join(root, 'scripts'), this.at('scripts'), { recursive: true });
    this.write('package-lock.json', JSON.stringify(this.#packages('1.0.0')));
    this.write('lib/index.ts', '');
    this.write('lib/gone.ts', '');
    this.write('native/core/x.cpp', '');
    this.write('libtorch/version.py', '');
    this.write(
      'npm/npm-cli.js',
      `const fs = require('fs');
       fs.appendFileSync('log', 'npm ');
       fs.mkdirSync('node_modules/typescript/bin', { recursive: true });
       fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json');
       fs.copyFileSync('tsc.js', 'node_modules/typescript/bin/tsc');
       fs.writeFileSync('node_modules/typescript/package.json', '{}');
       if (!fs.existsSync('node_modules/tar')) fs.symlinkSync(${JSON.stringify(path.join(root, 'node_modules/tar'))}, 'node_modules/tar');`,
    );
    this.write(
      'tsc.js',
      `const fs = require('fs');
       fs.appendFileSync('log', 'tsc ');
       fs.mkdirSync('dist/lib', { recursive: true });
       for (const name of fs.readdirSync('lib')) fs.writeFileSync('dist/lib/' + name.replace('.ts', '.js'), '');
       if (fs.existsSync('type-error')) process.exit(2);`,
    );
    this.write(
      'scripts/build-native.cjs',
      `const fs = require('fs');
       exports.buildNative = async ({ tests }) => {
         fs.appendFileSync('log', tests ? 'native-with-tests ' : 'native ');
         fs.mkdirSync('build/Release', { recursive: true });
         fs.writeFileSync('build/Release/byol.node', '');
         const facts = { libtorch: 'libtorch', torch: '2.13.0', flavour: 'cpu' };
         fs.writeFileSync('build/Release/byol-build.json', JSON.stringify(facts));
         fs.mkdirSync('.cmake/2.13.0-cpu', { recursive: true });
         if (tests) fs.writeFileSync('.cmake/2.13.0-cpu/byol_core_tests', '');
       };`,
    );
  }

  #packages(version: string) {
    return {
      packages: {
        '': {},
        'node_modules/zod': { version },
        'node_modules/other-system': { version: '1.0.0', optional: true },
      },
    };
  }

  at(...names: string[]): string {
    return path.join(this.dir, ...names);
  }

  write(name: string, text: string): void {
    mkdirSync(path.dirname(this.at(name)), { recursive: true });
    writeFileSync(this.at(name), text);
  }

  lock(version: string): void {
    this.write('package-lock.json', JSON.stringify(this.#packages(version)));
  }

  run(env: NodeJS.ProcessEnv = {}, ...args: string[]): Promise<Finished> {
    return runNode(this.dir, ['scripts/setup.cjs', ...args], { npm_execpath: this.at('npm/npm-cli.js'), ...env });
  }

  /** Runs set-up and says what it did. */
  async actions(env: NodeJS.ProcessEnv = {}, ...args: string[]): Promise<string> {
    rmSync(this.at('log'), { force: true });
    const { status, stderr } = await this.run(env, ...args);
    assert.equal(status, 0, stderr);
    return existsSync(this.at('log')) ? readFileSync(this.at('log'), 'utf8').trim() : '';
  }
}

test('set-up does everything once, and afterwards only what changed', async () => {
  await withTempDir(async (dir) => {
    const clone = new Clone(dir);
    assert.equal(await clone.actions(), 'npm native tsc');
    assert.equal(await clone.actions(), '');

    appendFileSync(clone.at('lib/index.ts'), 'export {};');
    assert.equal(await clone.actions(), 'tsc');

    appendFileSync(clone.at('native/core/x.cpp'), '// changed');
    assert.equal(await clone.actions(), 'native');

    rmSync(clone.at('build/Release/byol.node'));
    assert.equal(await clone.actions(), 'native');

    rmSync(clone.at('dist'), { recursive: true });
    assert.equal(await clone.actions(), 'tsc');

    clone.lock('1.0.1');
    assert.equal(await clone.actions(), 'npm native tsc');
    assert.equal(await clone.actions(), '');

    assert.equal(await clone.actions({ BYOL_LIBTORCH: clone.at('libtorch') }), 'native');
  });
});

test('the native unit tests are built when tests are asked for, and not before', async () => {
  await withTempDir(async (dir) => {
    const clone = new Clone(dir);
    assert.equal(await clone.actions(), 'npm native tsc');
    assert.equal(await clone.actions({}, '--tests'), 'native-with-tests');
    assert.equal(await clone.actions({}, '--tests'), '');
    assert.equal(await clone.actions(), '');
  });
});

/** A prebuilt addon that says that it was made of `sources`. */
function prebuilt(dir: string, sources: string): string {
  const facts = { torch: '2.13.0', flavour: 'cpu', sources };
  const files = {
    'byol.node': 'prebuilt',
    'libjpeg.so.62': 'jpeg',
    'README.md': '',
    'byol-build.json': JSON.stringify(facts),
  };
  mkdirSync(dir, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(dir, name), text);
  return dir;
}

test('a prebuilt addon of the same native sources is taken, and no compiler is asked for', async () => {
  await withTempDir(async (dir) => {
    const clone = new Clone(dir);
    const bin = clone.at('no-compiler');
    const env = {
      PATH: `${bin}:/usr/bin:/bin`,
      CXX: '/nowhere/c++',
      BYOL_LIBTORCH: fakeLibTorch(clone.at('some-libtorch'), '2.13.0'),
      BYOL_PREBUILT: prebuilt(clone.at('given'), nativeFingerprint(dir)),
    };
    const first = await clone.run(env);
    assert.equal(first.status, 0, first.stderr);
    assert.match(first.stdout, /^addon: prebuilt, from BYOL_PREBUILT \(.*given\)$/m);
    assert.match(first.stdout, /^LibTorch: 2\.13\.0 \(cpu\) from BYOL_LIBTORCH, .*some-libtorch$/m);
    assert.equal(readFileSync(clone.at('log'), 'utf8').trim(), 'npm tsc');
    assert.equal(readFileSync(clone.at('build/Release/byol.node'), 'utf8'), 'prebuilt');
    assert.deepEqual(readdirSync(clone.at('build/Release')).sort(), ['byol-build.json', 'byol.node', 'libjpeg.so.62']);
    assert.equal(await clone.actions(env), '', 'once');
  });
});

test('what npm installed is taken too; tests are of what is built here', async () => {
  await withTempDir(async (dir) => {
    const clone = new Clone(dir);
    await clone.actions();
    const env = { BYOL_LIBTORCH: fakeLibTorch(clone.at('some-libtorch'), '2.13.0') };
    prebuilt(clone.at('node_modules/@byol-torch', `${process.platform}-${process.arch}`), nativeFingerprint(dir));
    assert.equal(await clone.actions(env), '');
    assert.equal(readFileSync(clone.at('build/Release/byol.node'), 'utf8'), 'prebuilt');
    assert.equal(await clone.actions(env, '--tests'), 'native-with-tests');
    assert.equal(readFileSync(clone.at('build/Release/byol.node'), 'utf8'), '');
  });
});

test('a prebuilt addon of other sources, or none, is passed over with the reason', async () => {
  await withTempDir(async (dir) => {
    const clone = new Clone(dir);
    const other = await clone.run({ BYOL_PREBUILT: prebuilt(clone.at('other'), 'of yesterday') });
    assert.match(other.stdout, /addon: not from BYOL_PREBUILT \(.*other\): it was made of other native sources/);
    assert.equal(readFileSync(clone.at('build/Release/byol.node'), 'utf8'), '', 'built here');
    const none = await clone.run({ BYOL_PREBUILT: clone.at('typo') });
    assert.match(none.stdout, /typo\): there is no byol\.node/);
    writeFileSync(clone.at('broken.tgz'), 'no archive');
    const broken = await clone.run({ BYOL_PREBUILT: clone.at('broken.tgz') });
    assert.match(broken.stderr, /broken\.tgz cannot be used as a packed addon: .*\[ERR_BYOL_SETUP\]/s);
  });
});

test('a packed package is unpacked', async () => {
  await withTempDir(async (dir) => {
    const clone = new Clone(dir);
    prebuilt(clone.at('package'), nativeFingerprint(dir));
    assert.equal(spawnSync('tar', ['-czf', clone.at('addon.tgz'), '-C', dir, 'package']).status, 0);
    const libtorch = fakeLibTorch(clone.at('some-libtorch'), '2.13.0');
    assert.equal(await clone.actions({ BYOL_PREBUILT: clone.at('addon.tgz'), BYOL_LIBTORCH: libtorch }), 'npm tsc');
    assert.equal(readFileSync(clone.at('build/Release/libjpeg.so.62'), 'utf8'), 'jpeg');
  });
});

test('set-up builds again when the LibTorch of the last build is gone', async () => {
  await withTempDir(async (dir) => {
    const clone = new Clone(dir);
    await clone.actions();
    rmSync(clone.at('libtorch'), { recursive: true });
    assert.equal(await clone.actions(), 'native');
  });
});

test('what was compiled from a deleted source does not stay', async () => {
  await withTempDir(async (dir) => {
    const clone = new Clone(dir);
    await clone.actions();
    assert.ok(existsSync(clone.at('dist/lib/gone.js')));
    rmSync(clone.at('lib/gone.ts'));
    assert.equal(await clone.actions(), 'tsc');
    assert.ok(!existsSync(clone.at('dist/lib/gone.js')));
    assert.ok(existsSync(clone.at('dist/lib/index.js')));
  });
});

test('a step that fails ends set-up with an error, and is tried again', async () => {
  await withTempDir(async (dir) => {
    const clone = new Clone(dir);
    clone.write('type-error', '');
    const failed = await clone.run();
    assert.equal(failed.status, 1);
    assert.match(failed.stderr, /The TypeScript compiler failed.*\[ERR_BYOL_SETUP\]/);
    rmSync(clone.at('type-error'));
    assert.equal(await clone.actions(), 'tsc');
  });
});

test('clang is refused with the reason, and passed over where there is a g++', async () => {
  await withTempDir(async (dir) => {
    const clone = new Clone(dir);
    const bin = clone.at('clang-only');
    writeCommand(path.join(bin, 'c++'), '[ "$1" = --version ] && echo "Debian clang version 19.1.7" || echo 19');
    const refused = await clone.run({ PATH: bin, CXX: '' });
    assert.equal(refused.status, 1);
    assert.match(
      refused.stderr,
      /clang version 19\.1\.7, whose OpenMP runtime would run beside LibTorch's.*needed is g\+\+/,
    );

    writeCommand(path.join(bin, 'g++'), '[ "$1" = --version ] && echo "g++ (Debian) 12.2.0" || echo 12');
    const other = await clone.run({ PATH: bin, CXX: '' });
    assert.doesNotMatch(other.stderr, /C\+\+ compiler/);
    assert.match(other.stderr, /CMake: not found/);
    const asked = await clone.run({ PATH: bin, CXX: path.join(bin, 'c++') });
    assert.match(asked.stderr, /C\+\+ compiler: Debian clang/);
  });
});

test('missing tools are named at once, with what brings them', async () => {
  await withTempDir(async (dir) => {
    const clone = new Clone(dir);
    const bin = clone.at('old-tools');
    writeCommand(path.join(bin, 'c++'), '[ "$1" = --version ] && echo "c++ (Debian) 9.4.0" || echo 9');
    const { status, stderr } = await clone.run({ PATH: bin, CXX: '' });
    assert.equal(status, 1);
    assert.match(stderr, /C\+\+ compiler: c\+\+ \(Debian\) 9\.4\.0; needed is g\+\+ 11 or newer/);
    assert.match(stderr, /CMake: not found; needed is 3\.18 or newer/);
    assert.match(stderr, /build tool: not found; needed is ninja or make/);
    assert.match(stderr, /\[ERR_BYOL_TOOLCHAIN\]/);
    assert.ok(!existsSync(clone.at('log')), 'nothing was done before');
  });
});
