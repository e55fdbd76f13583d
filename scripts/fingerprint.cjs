'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

/** What the addon is made of. Its unit tests (native/test) and the tools of its kernels are not in it. */
const sources = ['CMakeLists.txt', 'cmake', 'native/core', 'native/cuda', 'native/kernels', 'native/napi'];
const leftOut = 'native/cuda/tools';

/** SHA-256 of the native sources below `root`, in hex: equal where the same addon is made, whatever the dates of the files. */
function nativeFingerprint(root) {
  const sum = crypto.createHash('sha256');
  for (const name of sources.flatMap((source) => filesOf(root, source)).sort()) {
    const bytes = fs.readFileSync(path.join(root, name));
    sum.update(`${name} ${bytes.length}\n`).update(bytes);
  }
  return sum.digest('hex');
}

/** Names of files, relative to `root`, with '/'. */
function filesOf(root, name) {
  if (name === leftOut) return [];
  const stat = fs.statSync(path.join(root, name), { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (!stat.isDirectory()) return [name];
  return fs.readdirSync(path.join(root, name)).flatMap((child) => filesOf(root, `${name}/${child}`));
}

module.exports = { nativeFingerprint };
