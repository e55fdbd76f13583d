'use strict';
// Fetches LibTorch into the user's cache, once: the official archive by HTTPS with its pinned SHA-256, or, where that host
// cannot be reached, the same library out of the Python wheel through pip, which honours the user's index and mirrors.
const { spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const path = require('node:path');
const { pipeline } = require('node:stream/promises');
const { Failure } = require('./failure.cjs');
const { cacheDir, fetchedDir, inspect } = require('./libtorch.cjs');
const { withLock } = require('./lock.cjs');
const { archives, fetchedTorch } = require('./versions.cjs');

const connectTimeout = 8000;
const stallTimeout = 30000;

/** Downloads `url` to `file`, going on where an earlier attempt stopped, and checks its SHA-256. */
async function download(url, file, sha256, onProgress = () => {}) {
  const partial = `${file}.part`;
  const have = fs.existsSync(partial) ? fs.statSync(partial).size : 0;
  await receive(url, partial, have, onProgress);
  const actual = await hash(partial);
  if (actual !== sha256) {
    fs.rmSync(partial); // never resumed: it would stay wrong
    throw new Failure('ERR_BYOL_CHECKSUM', `${url} has SHA-256 ${actual}, expected ${sha256}; it was thrown away.`);
  }
  fs.renameSync(partial, file);
}

function receive(url, partial, have, onProgress) {
  const client = url.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const headers = have > 0 ? { Range: `bytes=${have}-` } : {};
    const request = client.get(url, { headers, timeout: connectTimeout });
    request.on('timeout', () => request.destroy(new Error('it does not answer')));
    request.on('error', reject);
    request.on('response', (response) => {
      request.setTimeout(stallTimeout);
      if (response.statusCode === 416) return response.resume(), resolve(); // nothing is missing; the checksum decides
      const resumed = response.statusCode === 206;
      if (!resumed && response.statusCode !== 200) {
        response.resume();
        return reject(new Error(`it answers ${response.statusCode}`));
      }
      const start = resumed ? have : 0;
      const total = start + Number(response.headers['content-length'] ?? 0);
      let received = start;
      response.on('data', (chunk) => onProgress((received += chunk.length), total));
      pipeline(response, fs.createWriteStream(partial, { flags: resumed ? 'a' : 'w' })).then(resolve, reject);
    });
  });
}

async function hash(file) {
  const sum = crypto.createHash('sha256');
  await pipeline(fs.createReadStream(file), sum);
  return sum.digest('hex');
}

/** The part of an archive that a build needs, as a path below the LibTorch folder; undefined for the rest. */
function wanted(entry) {
  const match = /^(?:libtorch|torch)\/((?:lib|include|share)\/.*[^/]|version\.py)$/.exec(entry);
  if (match === null || match[1].split('/').includes('..')) return undefined;
  return match[1].startsWith('share/') && !match[1].startsWith('share/cmake/') ? undefined : match[1];
}

/** Unpacks what is wanted of a zip archive (a wheel is one) into `dir`. */
async function unpack(archive, dir) {
  const yauzl = require('yauzl'); // installed by npm before this runs
  const zip = await yauzl.openPromise(archive);
  try {
    for await (const entry of zip.eachEntry()) {
      const name = wanted(entry.fileName);
      if (name === undefined) continue;
      const target = path.join(dir, name);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      await pipeline(await zip.openReadStreamPromise(entry), fs.createWriteStream(target));
    }
  } finally {
    zip.close();
  }
}

function progressLine() {
  let last = 0;
  return (received, total) => {
    const now = Date.now();
    if (now - last < (process.stdout.isTTY ? 200 : 5000) && received !== total) return;
    last = now;
    const megabytes = (bytes) => (bytes / 1e6).toFixed(0);
    const line = `  ${megabytes(received)}${total > 0 ? ` of ${megabytes(total)}` : ''} MB`;
    process.stdout.write(process.stdout.isTTY ? `\r${line}${received === total ? '\n' : ''}` : `${line}\n`);
  };
}

function pipDownload(dir) {
  const requirement = `torch==${fetchedTorch}+cpu`; // the plain name would bring a CUDA build
  console.log(`LibTorch: asking pip for ${requirement}`);
  const args = ['-m', 'pip', 'download', '--no-deps', '--no-cache-dir', '--quiet', '--disable-pip-version-check', '--dest', dir];
  const run = spawnSync('python3', [...args, requirement], { encoding: 'utf8' });
  if (run.error) return 'python3 cannot be run';
  const wheel = run.status === 0 && fs.readdirSync(dir).find((name) => name.endsWith('.whl'));
  if (wheel) return { file: path.join(dir, wheel) };
  const lines = run.stderr.split('\n').filter((line) => line.startsWith('ERROR'));
  return `pip: ${(lines[0] ?? run.stderr.trim()).slice(0, 300)}`;
}

async function getArchive(scratch) {
  const archive = archives[`${process.platform}-${process.arch}`];
  const problems = [];
  if (archive === undefined) {
    problems.push(`there is no pinned archive for ${process.platform}-${process.arch}`);
  } else {
    // Outside the scratch folder, so that a later attempt can go on with it.
    const file = path.join(cacheDir(), path.basename(decodeURIComponent(archive.url)));
    try {
      console.log(`LibTorch: fetching ${archive.url}`);
      await download(archive.url, file, archive.sha256, progressLine());
      return { file, remove: () => fs.rmSync(file) };
    } catch (error) {
      if (error.code === 'ENOSPC') throw diskFull(error);
      problems.push(`${new URL(archive.url).host}: ${error.message || error.code}`);
      console.log(`LibTorch: not from there (${problems.at(-1)})`);
    }
  }
  const wheel = pipDownload(scratch);
  if (typeof wheel !== 'string') return { ...wheel, remove: () => {} };
  problems.push(wheel);
  throw new Failure(
    'ERR_BYOL_LIBTORCH_NOT_FOUND',
    `LibTorch ${fetchedTorch} cannot be fetched:\n${problems.map((p) => `  - ${p}`).join('\n')}\n` +
      'Install it (pip install torch) or set BYOL_LIBTORCH to a LibTorch folder.',
  );
}

function diskFull(error) {
  return new Failure(
    'ERR_BYOL_IO',
    `No space left on the disk of ${cacheDir()} (LibTorch needs about 1 GB). Free some, or set BYOL_CACHE to another place. (${error.message})`,
  );
}

/** Makes sure that the cache holds LibTorch and returns its folder. What is half done is never used. */
async function fetchLibTorch() {
  const dir = fetchedDir();
  return withLock(`${dir}.lock`, 'LibTorch: another process is fetching it, waiting', async () => {
    if (typeof inspect(dir) !== 'string') return dir;
    const scratch = fs.mkdtempSync(path.join(cacheDir(), 'fetch-'));
    try {
      const archive = await getArchive(scratch);
      console.log('LibTorch: unpacking');
      const unpacked = path.join(scratch, 'libtorch');
      await unpack(archive.file, unpacked);
      const problem = inspect(unpacked);
      if (typeof problem === 'string') throw new Failure('ERR_BYOL_LIBTORCH_NOT_FOUND', `The fetched LibTorch does not do: ${problem}.`);
      fs.rmSync(dir, { recursive: true, force: true });
      fs.renameSync(unpacked, dir);
      archive.remove();
      return dir;
    } catch (error) {
      throw error.code === 'ENOSPC' ? diskFull(error) : error;
    } finally {
      fs.rmSync(scratch, { recursive: true, force: true });
    }
  });
}

module.exports = { download, fetchLibTorch, unpack, wanted };
