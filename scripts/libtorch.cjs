'use strict';
// Finds a LibTorch: a folder with lib/ and include/, of a pip wheel (…/site-packages/torch), the official archive or conda.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { fetchedTorch, supportedTorch } = require('./versions.cjs');

/** Where fetched libraries are kept: BYOL_CACHE, else the user's cache. */
function cacheDir() {
  if (process.env.BYOL_CACHE) return path.resolve(process.env.BYOL_CACHE);
  return path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'byol-torch');
}

/** What is fetched into the cache: of a CUDA build, the folder that holds torch/ and nvidia/ side by side, as site-packages does. */
function fetchedDir(flavour) {
  return path.join(cacheDir(), `libtorch-${fetchedTorch}-${flavour}`);
}

/** The LibTorch folder in fetchedDir(). */
function fetchedLibTorch(flavour) {
  return flavour === 'cuda' ? path.join(fetchedDir('cuda'), 'torch') : fetchedDir('cpu');
}

const minorOf = (version) => version.split('.').slice(0, 2).join('.');

/** Which LibTorch was chosen for a release: found or fetched by `byol setup` or at first use. */
const choiceFile = (release) => path.join(cacheDir(), `libtorch-${release}.json`);

/** Later searches take this one before any that they would have to ask Python about. */
function remember({ dir, version }) {
  const file = choiceFile(minorOf(version));
  fs.mkdirSync(cacheDir(), { recursive: true });
  fs.writeFileSync(`${file}.${process.pid}`, `${JSON.stringify({ dir })}\n`);
  fs.renameSync(`${file}.${process.pid}`, file);
}

function* remembered() {
  for (const release of supportedTorch.toReversed()) {
    const { dir } = readJson(choiceFile(release));
    if (typeof dir === 'string') yield dir;
  }
}

function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

/** {dir, version: '2.13.0', flavour: 'cpu' | 'cuda'}, or words that say why the folder does not do. */
function inspect(dir) {
  if (!fs.existsSync(dir)) return 'there is no such folder';
  for (const file of ['lib/libtorch.so', 'lib/libtorch_cpu.so', 'lib/libc10.so', 'include/ATen/ATen.h']) {
    if (!fs.existsSync(path.join(dir, file))) return `${file} is missing`;
  }
  const version = readVersion(dir);
  if (version === undefined) return 'its version cannot be read';
  if (!supportedTorch.includes(minorOf(version))) return `it is ${version}; supported are ${supportedTorch.join(', ')}`;
  const flavour = fs.existsSync(path.join(dir, 'lib/libtorch_cuda.so')) ? 'cuda' : 'cpu';
  return { dir: fs.realpathSync(dir), version, flavour };
}

function readVersion(dir) {
  for (const header of ['include/torch/headeronly/version.h', 'include/torch/csrc/api/include/torch/version.h']) {
    const file = path.join(dir, header);
    if (!fs.existsSync(file)) continue;
    const text = fs.readFileSync(file, 'utf8');
    const parts = ['MAJOR', 'MINOR', 'PATCH'].map(
      (name) => text.match(new RegExp(`TORCH_VERSION_${name} +(\\d+)`))?.[1],
    );
    if (!parts.includes(undefined)) return parts.join('.');
  }
  return undefined;
}

/** Candidate folders in order of preference, each with where it comes from. Lazy: Python is asked only if needed. */
function* candidates(root, { anew = false } = {}) {
  if (process.env.BYOL_LIBTORCH) {
    yield { from: 'BYOL_LIBTORCH', dir: process.env.BYOL_LIBTORCH };
    return; // an explicit choice is never passed over in silence
  }
  for (const dir of ofLastBuild(root)) yield { from: 'the last build', dir };
  if (!anew) for (const dir of remembered()) yield { from: 'the last choice', dir };
  if (process.env.LIBTORCH) yield { from: 'LIBTORCH', dir: process.env.LIBTORCH };
  for (const name of ['VIRTUAL_ENV', 'CONDA_PREFIX']) {
    if (process.env[name]) for (const dir of inSitePackages(process.env[name])) yield { from: name, dir };
  }
  for (const dir of ofPython()) yield { from: 'python3', dir };
  for (const flavour of ['cpu', 'cuda']) yield { from: 'the cache', dir: fetchedLibTorch(flavour) };
}

function ofLastBuild(root) {
  const { libtorch } = readJson(path.join(root, 'build', 'Release', 'byol-build.json'));
  return typeof libtorch === 'string' ? [libtorch] : [];
}

function inSitePackages(prefix) {
  const lib = path.join(prefix, 'lib');
  if (!fs.existsSync(lib)) return [];
  const pythons = fs.readdirSync(lib).filter((name) => /^python3\.\d+$/.test(name));
  return pythons.map((name) => path.join(lib, name, 'site-packages', 'torch')).filter((dir) => fs.existsSync(dir));
}

// find_spec does not import torch: 20 ms rather than seconds.
function ofPython() {
  const code =
    'import importlib.util as u; s = u.find_spec("torch"); print(s.submodule_search_locations[0] if s else "")';
  const run = spawnSync('python3', ['-c', code], { encoding: 'utf8' });
  const dir = run.status === 0 ? run.stdout.trim() : '';
  return dir === '' ? [] : [dir];
}

// A CUDA build whose nvidia packages are missing has all its files and does not load.
function whyNotLoadable({ dir, flavour }) {
  if (flavour === 'cpu') return undefined;
  const code = `
    const { RTLD_NOW, RTLD_GLOBAL } = require('os').constants.dlopen;
    try { process.dlopen({ exports: {} }, process.argv[1], RTLD_NOW | RTLD_GLOBAL); }
    catch (error) { if (!/self-regist/.test(error.message)) { console.error(error.message); process.exit(1); } }`;
  const run = spawnSync(process.execPath, ['-e', code, path.join(dir, 'lib', 'libtorch_cuda.so')], {
    encoding: 'utf8',
  });
  return run.status === 0 ? undefined : `it does not load: ${run.stderr.trim().split('\n')[0] || run.signal}`;
}

/**
 * {found, refused}: the first usable LibTorch, and what was looked at before it, a line each. `accept` may refuse a
 * library for a reason of its own. With `anew`, what was chosen before counts for nothing.
 */
function findLibTorch(root, accept = () => undefined, { anew = false } = {}) {
  const refused = [];
  for (const { from, dir } of candidates(root, { anew })) {
    const library = inspect(dir);
    const problem = typeof library === 'string' ? library : (accept(library) ?? whyNotLoadable(library));
    if (problem === undefined) return { found: { ...library, from }, refused };
    refused.push(`${dir} (${from}): ${problem}`);
  }
  return { found: undefined, refused };
}

module.exports = { cacheDir, fetchedDir, fetchedLibTorch, findLibTorch, inspect, minorOf, remember };
