'use strict';
// Fetches LibTorch into the user's cache, once: the official archive by HTTPS with its pinned SHA-256, or, where that host
// cannot be reached, the same library out of the Python wheel through pip, which honours the user's index and mirrors.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { download } = require('./download.cjs');
const { Failure } = require('./failure.cjs');
const { cacheDir, fetchedDir, inspect } = require('./libtorch.cjs');
const { withLock } = require('./lock.cjs');
const { progressReporter } = require('./progress.cjs');
const { unpack } = require('./unpack.cjs');
const { archives, fetchedTorch } = require('./versions.cjs');

/** Makes sure that the cache holds LibTorch and returns its folder. What is half done is never used. */
async function fetchLibTorch() {
  const dir = fetchedDir();
  return withLock(`${dir}.lock`, 'LibTorch: another process is fetching it, waiting', async () => {
    if (typeof inspect(dir) !== 'string') return dir;
    removeLeftovers();
    const scratch = fs.mkdtempSync(path.join(cacheDir(), 'fetch-'));
    try {
      const archive = await getArchive(scratch);
      console.log('LibTorch: unpacking');
      const unpacked = path.join(scratch, 'libtorch');
      await unpack(archive, unpacked);
      const problem = inspect(unpacked);
      if (typeof problem === 'string') {
        throw new Failure('ERR_BYOL_LIBTORCH_NOT_FOUND', `The LibTorch that was fetched is not usable: ${problem}.`);
      }
      fs.rmSync(dir, { recursive: true, force: true });
      fs.renameSync(unpacked, dir);
      fs.rmSync(archive);
      return dir;
    } catch (error) {
      throw error.code === 'ENOSPC' ? diskFull() : error;
    } finally {
      fs.rmSync(scratch, { recursive: true, force: true });
    }
  });
}

// A set-up that was killed leaves its scratch folder; the lock says that nobody uses it.
function removeLeftovers() {
  for (const name of fs.readdirSync(cacheDir())) {
    if (name.startsWith('fetch-')) fs.rmSync(path.join(cacheDir(), name), { recursive: true, force: true });
  }
}

/** The path of a zip file that holds LibTorch. */
async function getArchive(scratch) {
  const problems = [];
  for (const source of [officialArchive, pythonWheel]) {
    try {
      return await source(scratch);
    } catch (error) {
      if (error.code === 'ENOSPC') throw error;
      problems.push(error.message || error.code);
      console.log(`LibTorch: not from there (${problems.at(-1)})`);
    }
  }
  throw new Failure(
    'ERR_BYOL_LIBTORCH_NOT_FOUND',
    `LibTorch ${fetchedTorch} cannot be fetched:\n${problems.map((p) => `  - ${p}`).join('\n')}\n` +
      'Install it (pip install torch) or set BYOL_LIBTORCH to a LibTorch folder.',
  );
}

async function officialArchive() {
  const platform = `${process.platform}-${process.arch}`;
  const archive = archives[platform];
  if (archive === undefined) throw new Error(`there is no pinned archive for ${platform}`);
  console.log(`LibTorch: fetching ${archive.url}`);
  // Beside the scratch folder, so that a later attempt can go on with it.
  const file = path.join(cacheDir(), path.basename(decodeURIComponent(archive.url)));
  const megabytes = (bytes) => Math.round(bytes / 1e6);
  const progress = progressReporter((have, all) => `${megabytes(have)} of ${all > have ? megabytes(all) : '?'} MB`);
  try {
    await download(archive.url, file, archive.sha256, progress.update);
  } catch (error) {
    if (error.code !== 'ENOSPC') error.message = `${new URL(archive.url).host}: ${error.message || error.code}`;
    throw error;
  } finally {
    progress.end();
  }
  return file;
}

async function pythonWheel(scratch) {
  const requirement = `torch==${fetchedTorch}+cpu`; // the plain name would bring a CUDA build
  console.log(`LibTorch: asking pip for ${requirement}`);
  const args = [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--no-cache-dir',
    '--disable-pip-version-check',
    '--dest',
    scratch,
  ];
  const pip = spawnSync('python3', [...args, requirement], {
    encoding: 'utf8',
    // pip has a progress bar of its own; elsewhere its many lines say no more than ours.
    stdio: ['ignore', process.stdout.isTTY ? 'inherit' : 'ignore', 'pipe'],
    // Several hundred megabytes, which a small /tmp does not hold.
    env: { ...process.env, TMPDIR: scratch },
  });
  if (pip.error) throw new Error(`python3 cannot be run (${pip.error.code})`);
  if (/No space left on device/.test(pip.stderr))
    throw Object.assign(new Error('pip: the disk is full'), { code: 'ENOSPC' });
  const wheel = fs.readdirSync(scratch).find((name) => name.endsWith('.whl'));
  if (pip.status === 0 && wheel !== undefined) return path.join(scratch, wheel);
  const reason = pip.stderr.split('\n').find((line) => line.startsWith('ERROR')) ?? pip.stderr.trim();
  throw new Error(`pip: ${reason.slice(0, 300)}`);
}

function diskFull() {
  return new Failure(
    'ERR_BYOL_IO',
    `No space is left on the disk of ${cacheDir()}; LibTorch needs about 1 GB there. Free some, or set BYOL_CACHE to another place.`,
  );
}

module.exports = { fetchLibTorch };
