import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { root } from '../support/paths.js';

type Floor = Partial<Record<'glibc' | 'glibcxx' | 'cxxabi', string>>;

const needs = createRequire(import.meta.url)(path.join(root, 'scripts/binary-needs.cjs')) as {
  aboveFloor(floor: Floor, name: string): string[];
  compareVersions(a: string, b: string): number;
  foreignLibraries(libraries: readonly string[]): string[];
  highestFloor(all: readonly Floor[]): Floor;
  needsOf(file: string): { libraries: string[]; searched: string[]; floor: Floor };
};

test('versions are compared number by number', () => {
  const sorted = ['2.2.5', '2.3', '2.9', '2.28', '2.34', '3.4', '3.4.9', '3.4.30'];
  assert.deepEqual(sorted.toReversed().sort(needs.compareVersions), sorted);
  assert.equal(needs.compareVersions('2.3', '2.3.0'), 0);
});

test("what a library needs is what binutils' other tool says", {
  skip: spawnSync('objdump', ['--version']).status === 0 ? false : 'objdump cannot be run',
}, () => {
  const addon = path.join(root, 'build/Release/byol.node');
  const { stdout } = spawnSync('objdump', ['-p', addon], { encoding: 'utf8' });
  const values = (name: string) =>
    [...stdout.matchAll(new RegExp(`^  ${name} +(\\S+)$`, 'gm'))].map((match) => String(match[1]));
  const highest = (family: string) =>
    [...stdout.matchAll(new RegExp(` ${family}_(\\d[\\d.]*)$`, 'gm'))]
      .map((match) => String(match[1]).split('.').map(Number))
      .sort(([a = 0, b = 0, c = 0], [d = 0, e = 0, f = 0]) => a - d || b - e || c - f)
      .at(-1)
      ?.join('.');
  const { libraries, searched, floor } = needs.needsOf(addon);
  assert.deepEqual(libraries, values('NEEDED'));
  assert.deepEqual(
    searched,
    values('RUNPATH').flatMap((list) => list.split(':')),
  );
  assert.deepEqual(floor, { glibc: highest('GLIBC'), glibcxx: highest('GLIBCXX'), cxxabi: highest('CXXABI') });
  assert.ok(libraries.includes('libtorch_cpu.so'));
});

test('a floor is kept by what needs at most as much', () => {
  assert.deepEqual(needs.aboveFloor({ glibc: '2.28', glibcxx: '3.4.9', cxxabi: '1.3.11' }, 'manylinux_2_28'), []);
  assert.deepEqual(needs.aboveFloor({ glibc: '2.34', glibcxx: '3.4.30' }, 'manylinux_2_28'), [
    'GLIBC_2.34 (at most 2.28)',
    'GLIBCXX_3.4.30 (at most 3.4.24)',
  ]);
  assert.deepEqual(needs.highestFloor([{ glibc: '2.9', cxxabi: '1.3.9' }, { glibc: '2.14' }]), {
    glibc: '2.14',
    cxxabi: '1.3.9',
  });
});

test("libraries that are neither the system's nor LibTorch's are known", () => {
  const usual = ['libtorch.so', 'libc10.so', 'libstdc++.so.6', 'libgomp.so.1', 'libc.so.6', 'ld-linux-x86-64.so.2'];
  assert.deepEqual(needs.foreignLibraries([...usual, 'ld-linux-aarch64.so.1']), []);
  assert.deepEqual(needs.foreignLibraries([...usual, 'libjpeg.so.62', 'libcrypto.so.3']), [
    'libjpeg.so.62',
    'libcrypto.so.3',
  ]);
});
