'use strict';
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { Failure } = require('./failure.cjs');

/** Compiles the TypeScript of the checkout at `root` into dist/, in which nothing of a source that was deleted stays. */
function compileTypeScript(root) {
  console.log('TypeScript: compiling');
  const compiler = require.resolve('typescript/bin/tsc', { paths: [root] });
  const child = spawnSync(process.execPath, [compiler, '-p', root], { cwd: root, stdio: 'inherit' });
  if (child.status !== 0) {
    const how =
      child.error === undefined ? 'failed; its message stands above' : `cannot be run: ${child.error.message}`;
    throw new Failure('ERR_BYOL_SETUP', `The TypeScript compiler ${how}.`);
  }
  const dist = path.join(root, 'dist');
  for (const entry of fs.readdirSync(dist, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const made = path.join(entry.parentPath, entry.name);
    const source = path.relative(dist, made).replace(/(\.d\.ts|\.js)$/, '.ts');
    if (!fs.existsSync(path.join(root, source))) fs.rmSync(made);
  }
}

module.exports = { compileTypeScript };
