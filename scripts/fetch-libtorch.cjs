'use strict';
// Fetches LibTorch into the user's cache, once: by HTTPS with pinned SHA-256, or, where the CPU build's host cannot be reached,
// the same library out of the Python wheel through pip, which honours the user's index and mirrors.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const archives = require('./archives.cjs');
const { download } = require('./download.cjs');
const { Failure } = require('./failure.cjs');
const { cacheDir, fetchedDir, fetchedLibTorch, inspect } = require('./libtorch.cjs');
const { withLock } = require('./lock.cjs');
const { progressReporter } = require('./progress.cjs');
const { unpack, wanted, wantedOfCuda } = require('./unpack.cjs');
const { fetchedTorch } = require('./versions.cjs');

const platform = `${process.platform}-${process.arch}`;

/** Libraries take about this many times the bytes of their archive, which lies beside them while they are unpacked. */
const unpackedSize = 2.5;

/**
 * Makes sure that the cache holds LibTorch, a 'cpu' or a 'cuda' build, and returns its folder. What is half done is never used;
 * what is downloaded is gone on with. `output` gets what there is to say.
 */
async function fetchLibTorch({ flavour = 'cpu', output = process.stdout } = {}) {
  const say = (line) => output.write(`${line}\n`);
  const whole = fetchedDir(flavour);
  const library = fetchedLibTorch(flavour);
  const fetch = async () => {
    if (typeof inspect(library) !== 'string') return library;
    const prefix = `fetch-${flavour}-`;
    removeLeftovers(prefix);
    const scratch = fs.mkdtempSync(path.join(cacheDir(), prefix));
    try {
      const files = await getArchives(flavour, scratch, { say, output });
      say('LibTorch: unpacking');
      const unpacked = path.join(scratch, 'libtorch');
      const progress = progressReporter((done, all) => `${done} of ${all} files`, { output });
      for (const [index, file] of files.entries()) {
        progress.update(index, files.length);
        await unpack(file, unpacked, flavour === 'cuda' ? wantedOfCuda : wanted);
      }
      progress.end();
      const problem = inspect(path.join(unpacked, path.relative(whole, library)));
      if (typeof problem === 'string') {
        throw new Failure('ERR_BYOL_LIBTORCH_NOT_FOUND', `The LibTorch that was fetched is not usable: ${problem}.`);
      }
      fs.rmSync(whole, { recursive: true, force: true });
      fs.renameSync(unpacked, whole);
      for (const file of files) fs.rmSync(file);
      return library;
    } catch (error) {
      throw error.code === 'ENOSPC' ? diskFull(flavour === 'cuda' ? '9 GB' : '1 GB') : error;
    } finally {
      fs.rmSync(scratch, { recursive: true, force: true });
    }
  };
  return withLock(`${whole}.lock`, 'LibTorch: another process is fetching it, waiting', fetch, say);
}

// A set-up that was killed leaves its scratch folder; the lock says that nobody uses it.
function removeLeftovers(prefix) {
  for (const name of fs.readdirSync(cacheDir())) {
    if (name.startsWith(prefix)) fs.rmSync(path.join(cacheDir(), name), { recursive: true, force: true });
  }
}

/** The paths of zip files that hold LibTorch. */
async function getArchives(flavour, scratch, { say, output }) {
  const problems = [];
  for (const source of flavour === 'cuda' ? [pinnedArchives] : [pinnedArchives, pythonWheel]) {
    try {
      return await source({ flavour, scratch, say, output });
    } catch (error) {
      if (error.code === 'ENOSPC') throw error;
      problems.push(error.message || error.code);
      say(`LibTorch: not from there (${problems.at(-1)})`);
    }
  }
  const name = flavour === 'cuda' ? `The CUDA build of LibTorch ${fetchedTorch}` : `LibTorch ${fetchedTorch}`;
  throw new Failure(
    'ERR_BYOL_LIBTORCH_NOT_FOUND',
    `${name} cannot be fetched:\n${problems.map((p) => `  - ${p}`).join('\n')}\n` +
      `Install it (pip install torch==${fetchedTorch}) or set BYOL_LIBTORCH to a LibTorch folder.`,
  );
}

const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`;

async function pinnedArchives({ flavour, say, output }) {
  const wantedArchives = archives[flavour][platform];
  if (wantedArchives === undefined) throw new Error(`there is no pinned archive for ${platform}`);
  const known = wantedArchives.reduce((sum, { size }) => sum + (size ?? 0), 0);
  requireSpace(known);
  const what = `${wantedArchives.length === 1 ? wantedArchives[0].url : `${wantedArchives.length} files`} into ${cacheDir()}`;
  say(`LibTorch: fetching ${known > 0 ? `${megabytes(known)}, ` : ''}${what}`);
  const files = [];
  let before = 0;
  for (const { url, sha256 } of wantedArchives) {
    // Beside the scratch folder, so that a later attempt can go on with it.
    const file = path.join(cacheDir(), path.basename(decodeURIComponent(new URL(url).pathname)));
    const progress = progressReporter((have, all) => `${megabytes(have)} of ${all > have ? megabytes(all) : '?'}`, {
      output,
    });
    let told = known > 0;
    const update = (have, all) => {
      if (!told && all > have)
        say(`LibTorch: ${megabytes(all)}${have > 1e6 ? `, of which ${megabytes(have)} are there` : ''}`);
      told = true;
      progress.update(before + have, known || all);
    };
    try {
      await download(url, file, sha256, update);
    } catch (error) {
      if (error.code !== 'ENOSPC') error.message = `${new URL(url).host}: ${error.message || error.code}`;
      throw error;
    } finally {
      progress.end();
    }
    before += fs.statSync(file).size;
    files.push(file);
  }
  return files;
}

/** Before hours are spent on what cannot end well; a size that is not known is 0. */
function requireSpace(size) {
  const { bavail, bsize } = fs.statfsSync(cacheDir());
  if (bavail * bsize < size * (1 + unpackedSize))
    throw Object.assign(new Error('too little space'), { code: 'ENOSPC' });
}

async function pythonWheel({ scratch, say, output }) {
  const requirement = `torch==${fetchedTorch}+cpu`; // the plain name would bring a CUDA build
  say(`LibTorch: asking pip for ${requirement}`);
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
    stdio: ['ignore', output.isTTY ? output : 'ignore', 'pipe'],
    // Several hundred megabytes, which a small /tmp does not hold.
    env: { ...process.env, TMPDIR: scratch },
  });
  if (pip.error) throw new Error(`python3 cannot be run (${pip.error.code})`);
  if (/No space left on device/.test(pip.stderr))
    throw Object.assign(new Error('pip: the disk is full'), { code: 'ENOSPC' });
  const wheel = fs.readdirSync(scratch).find((name) => name.endsWith('.whl'));
  if (pip.status === 0 && wheel !== undefined) return [path.join(scratch, wheel)];
  const reason = pip.stderr.split('\n').find((line) => line.startsWith('ERROR')) ?? pip.stderr.trim();
  throw new Error(`pip: ${reason.slice(0, 300)}`);
}

function diskFull(needed) {
  return new Failure(
    'ERR_BYOL_IO',
    `No space is left on the disk of ${cacheDir()}; LibTorch needs about ${needed} there. Free some, or set BYOL_CACHE to another place.`,
  );
}

module.exports = { fetchLibTorch };
