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

function receive(url, partial, have, onProgress) {
  const client = url.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const headers = have > 0 ? { Range: `bytes=${have}-` } : {};
    const request = client.get(url, { headers, timeout: connectTimeout });
    request.on('timeout', () => request.destroy(new Error('it does not answer')));
    request.on('error', reject);
    request.on('response', (response) => {
      request.setTimeout(stallTimeout);
      const { statusCode } = response;
      if (statusCode !== 200 && statusCode !== 206) {
        response.resume();
        if (statusCode === 416)
          resolve(); // nothing is missing; the checksum decides
        else reject(new Error(`it answers ${statusCode}`));
        return;
      }
      let received = statusCode === 206 ? have : 0;
      const total = received + Number(response.headers['content-length'] ?? 0);
      response.on('data', (chunk) => {
        received += chunk.length;
        onProgress(received, total);
      });
      pipeline(response, fs.createWriteStream(partial, { flags: statusCode === 206 ? 'a' : 'w' })).then(
        resolve,
        reject,
      );
    });
  });
}

async function hash(file) {
  const sum = crypto.createHash('sha256');
  await pipeline(fs.createReadStream(file), sum);
  return sum.digest('hex');
}

module.exports = { download };
