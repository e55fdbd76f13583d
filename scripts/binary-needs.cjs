'use strict';
// What a shared library needs of the system that it is loaded on, read from its dynamic section by binutils' readelf.
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { Failure } = require('./failure.cjs');
const { floors } = require('./versions.cjs');

/** Symbol versions that grow with the system: the newest one that a library uses is what it needs. */
const families = { glibc: 'GLIBC', glibcxx: 'GLIBCXX', cxxabi: 'CXXABI' };

function readelf(flag, file) {
  const child = spawnSync('readelf', ['--wide', flag, file], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (child.status === 0) return child.stdout;
  const why = child.error === undefined ? child.stderr.trim() : `readelf (binutils) cannot be run: ${child.error.code}`;
  throw new Failure('ERR_BYOL_BUILD', `What ${file} needs cannot be read: ${why}.`);
}

/** {libraries: ['libc.so.6', ...], searched: ['$ORIGIN', ...], floor: {glibc: '2.34', glibcxx: '3.4.30', cxxabi: '1.3.11'}}. */
function needsOf(file) {
  const dynamic = readelf('--dynamic', file);
  const names = (kind) => [...dynamic.matchAll(new RegExp(`\\(${kind}\\).*\\[(.*)\\]`, 'g'))].map((match) => match[1]);
  // What is defined stands in a section of its own; a library of ours defines no versions.
  const versions = readelf('--version-info', file).split("Version needs section '")[1] ?? '';
  const floor = {};
  for (const [name, family] of Object.entries(families)) {
    const used = [...versions.matchAll(new RegExp(`Name: ${family}_(\\d[\\d.]*)`, 'g'))].map((match) => match[1]);
    if (used.length > 0) floor[name] = newest(used);
  }
  const searched = [...names('RPATH'), ...names('RUNPATH')].flatMap((list) => list.split(':'));
  return { libraries: names('NEEDED'), searched, floor };
}

/** <0, 0, >0 as for sort(): '2.9' is older than '2.34'. */
function compareVersions(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const newest = (versions) => versions.toSorted(compareVersions).at(-1);

/** What several libraries need together. */
function highestFloor(all) {
  const floor = {};
  for (const name of Object.keys(families)) {
    const used = all.map((each) => each[name]).filter((version) => version !== undefined);
    if (used.length > 0) floor[name] = newest(used);
  }
  return floor;
}

/** What of `floor` is above the floor of that name, as in 'GLIBC_2.34 (at most 2.28)'; empty: it is kept. */
function aboveFloor(floor, name) {
  const stated = floors[name];
  return Object.entries(families)
    .filter(([key]) => floor[key] !== undefined && compareVersions(floor[key], stated[key]) > 0)
    .map(([key, family]) => `${family}_${floor[key]} (at most ${stated[key]})`);
}

/** Of the names of libraries that a library needs, those that are neither the system's nor LibTorch's. */
function foreignLibraries(libraries) {
  return libraries.filter((name) => !expected.test(path.basename(name)));
}

/** glibc's and GCC's, which the floor is about; LibTorch's, with the OpenMP runtime that it brings. */
const expected =
  /^(?:ld-linux[-\w]*\.so\.\d+|lib(?:c|m|dl|rt|pthread|stdc\+\+|gcc_s|gomp)\.so\.\d+|lib(?:torch|torch_cpu|torch_cuda|c10|c10_cuda)\.so)$/;

module.exports = { aboveFloor, compareVersions, foreignLibraries, highestFloor, needsOf };
