'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const { pipeline } = require('node:stream/promises');
const { Failure } = require('./failure.cjs');

const connectTimeout = 8000;
const stallTimeout = 30000;

/**
 * Downloads `url` to `file`, going on where an earlier attempt stopped (`file`.part), and checks its SHA-256.
 * `file` appears only when it is whole and right.
 */
async function download(url, file, sha256, onProgress = () => {}) {
  // Of an attempt that was stopped after it.
  if (fs.existsSync(file) && (await hash(file)) === sha256) return;
  const partial = `${file}.part`;
  for (;;) {
    const have = sizeOf(partial);
    try {
      await receive(url, partial, have, onProgress);
      break;
    } catch (error) {
      // A connection that broke is taken up again as long as every attempt brings something.
      if (error.code === 'ENOSPC' || sizeOf(partial) <= have) throw error;
    }
  }
  const actual = await hash(partial);
  if (actual !== sha256) {
    fs.rmSync(partial); // never resumed: it would stay wrong
    throw new Failure('ERR_BYOL_CHECKSUM', `it has SHA-256 ${actual} instead of ${sha256} and was thrown away`);
  }
  fs.renameSync(partial, file);
}

const sizeOf = (file) => fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** Hosts of releases send their visitors on, some from one to the next. */
const mostRedirects = 5;
const redirects = [301, 302, 303, 307, 308];

async function receive(url, partial, have, onProgress) {
  for (let followed = 0; followed <= mostRedirects; followed += 1) {
    const response = await request(url, have);
    const { statusCode, headers } = response;
    if (!redirects.includes(statusCode)) return store(response, partial, have, onProgress);
    response.resume();
    url = redirected(url, statusCode, headers.location);
  }
  throw new Error(`it redirects more than ${mostRedirects} times`);
}

function redirected(from, statusCode, location) {
  if (location === undefined || !URL.canParse(location, from)) {
    throw new Error(`it answers ${statusCode} without saying where to`);
  }
  const to = new URL(location, from);
  if (to.protocol !== 'https:' && to.protocol !== new URL(from).protocol) {
    throw new Error(`it redirects to ${to.href}, which is not HTTPS`);
  }
  return to.href;
}

function request(url, have) {
  const client = url.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const headers = have > 0 ? { Range: `bytes=${have}-` } : {};
    const asked = client.get(url, { headers, timeout: connectTimeout });
    asked.on('timeout', () => asked.destroy(new Error('it does not answer')));
    asked.on('error', reject);
    asked.on('response', (response) => {
      asked.setTimeout(stallTimeout);
      resolve(response);
    });
  });
}

async function store(response, partial, have, onProgress) {
  const { statusCode, headers } = response;
  if (statusCode !== 200 && statusCode !== 206) {
    response.resume();
    if (statusCode === 416) return; // nothing is missing; the checksum decides
    throw new Error(`it answers ${statusCode}`);
  }
  let received = statusCode === 206 ? have : 0;
  const total = received + Number(headers['content-length'] ?? 0);
  response.on('data', (chunk) => {
    received += chunk.length;
    onProgress(received, total);
  });
  // At its place, not at the end: what an attempt that broke had still to write then comes to lie where it belongs.
  const at = statusCode === 206 ? { flags: 'r+', start: have } : { flags: 'w' };
  await pipeline(response, fs.createWriteStream(partial, at));
}

async function hash(file) {
  const sum = crypto.createHash('sha256');
  await pipeline(fs.createReadStream(file), sum);
  return sum.digest('hex');
}

module.exports = { download };
