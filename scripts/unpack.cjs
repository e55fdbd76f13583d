'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { pipeline } = require('node:stream/promises');

/**
 * Where an entry of an archive (libtorch/…) or of a Python wheel (torch/…) belongs below the LibTorch folder; undefined
 * for what a native build does not need.
 */
function wanted(entry) {
  const match = /^(?:libtorch|torch)\/((?:lib|include|share)\/.*[^/]|version\.py)$/.exec(entry);
  if (match === null || match[1].split('/').includes('..')) return undefined;
  return match[1] === 'lib/libtorch_python.so' ? undefined : match[1];
}

/**
 * The same of a CUDA build, below the folder that stands for site-packages: PyTorch's libraries find CUDA's beside their own
 * package, by the names that the wheels give them.
 */
function wantedOfCuda(entry) {
  if (entry.startsWith('torch/')) return wanted(entry) && entry;
  const isPart = /^nvidia\/[^/]+\/(?:lib|include)\/.*[^/]$/.test(entry) && !entry.split('/').includes('..');
  return isPart && !entry.endsWith('.a') ? entry : undefined;
}

/** Unpacks what is wanted of a zip file into `dir`. */
async function unpack(archive, dir, want = wanted) {
  const yauzl = require('yauzl'); // installed by npm before this runs
  const zip = await yauzl.openPromise(archive);
  try {
    for await (const entry of zip.eachEntry()) {
      const name = want(entry.fileName);
      if (name === undefined) continue;
      const target = path.join(dir, name);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      await pipeline(await zip.openReadStreamPromise(entry), fs.createWriteStream(target));
    }
  } finally {
    zip.close();
  }
}

module.exports = { unpack, wanted, wantedOfCuda };
