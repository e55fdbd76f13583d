'use strict';
// Brings CUDA builds of LibTorch for checks: pip installs the Python package torch with all that it needs (5 GB) into the user's cache.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { cacheDir, inspect } = require('./libtorch.cjs');
const { supportedTorch } = require('./versions.cjs');

const quiet = ['--quiet', '--disable-pip-version-check'];

/** What pip printed, or why it did not do it. */
function pip(...args) {
  const child = spawnSync('python3', ['-m', 'pip', 'install', ...quiet, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (child.error) return { why: `python3 cannot be run (${child.error.code})` };
  if (child.status === 0) return { printed: child.stdout };
  const errors = child.stderr.split('\n').filter((line) => line.startsWith('ERROR:'));
  return { why: (errors[0] ?? child.stderr).replace('ERROR:', '').trim().slice(0, 300) };
}

/** {version} of a release (2.13) that pip offers here, without what names its build: 2.13.0 of 2.13.0+cpu; or {why} there is none. */
function offered(release) {
  const { printed, why } = pip('--dry-run', '--no-deps', '--ignore-installed', '--report', '-', `torch==${release}.*`);
  if (why !== undefined) return { why };
  return { version: JSON.parse(printed).install[0].metadata.version.split('+')[0] };
}

/** {torch}: the folder of a CUDA build of this release, from the cache or by pip; or {why} there is none. */
function bring(release) {
  const folder = path.join(cacheDir(), `cuda-torch-${release}`);
  const torch = path.join(folder, 'torch');
  if (fs.existsSync(torch)) return { torch };
  const { version, why } = offered(release);
  if (why !== undefined) return { why };
  // Of the plain name, `==` takes any build, and `===` the one that has no name, which is that for CUDA.
  const requirement = `torch===${version}`;
  console.log(`LibTorch: asking pip for ${requirement} and what it needs (5 GB)`);
  const scratch = `${folder}.${process.pid}`;
  try {
    const installed = pip('--no-cache-dir', '--target', scratch, requirement);
    if (installed.why !== undefined) return { why: installed.why };
    const library = inspect(path.join(scratch, 'torch'));
    if (typeof library === 'string') return { why: library };
    if (library.flavour !== 'cuda') return { why: `${requirement} is a CPU build here` };
    fs.renameSync(scratch, folder);
    return { torch };
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** {torch} of the first of `releases` that there is, or {why}, a line for each; says which ones it passes over. */
function firstOf(releases) {
  const reasons = [];
  for (const release of releases) {
    const { torch, why } = bring(release);
    if (torch !== undefined) return { torch };
    reasons.push(`LibTorch ${release}: not by pip (${why})`);
    console.log(reasons.at(-1));
  }
  return { why: reasons.join('\n') };
}

/** See firstOf(). */
const bringOldest = () => firstOf(supportedTorch.slice(0, 1));
/** The newest supported one that pip has. */
const bringNewest = () => firstOf(supportedTorch.toReversed());

module.exports = { bringNewest, bringOldest };
