import assert from 'node:assert/strict';
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { root, withTempDir } from '../support/paths.js';
import { type Finished, runNode, writeCommand } from '../support/scratch-package.js';

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
       fs.writeFileSync('node_modules/typescript/package.json', '{}');`,
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
         fs.appendFileSync('log', tests ? 'native ' : 'native-without-tests ');
         fs.mkdirSync('build/Release', { recursive: true });
         fs.writeFileSync('build/Release/byol.node', '');
         fs.writeFileSync('build/Release/byol-build.json', JSON.stringify({ libtorch: 'libtorch' }));
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

  run(env: NodeJS.ProcessEnv = {}): Promise<Finished> {
    return runNode(this.dir, ['scripts/setup.cjs'], { npm_execpath: this.at('npm/npm-cli.js'), ...env });
  }

  /** Runs set-up and says what it did. */
  async actions(env: NodeJS.ProcessEnv = {}): Promise<string> {
    rmSync(this.at('log'), { force: true });
    const { status, stderr } = await this.run(env);
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
