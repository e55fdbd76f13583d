'use strict';
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { Failure } = require('./failure.cjs');

/** The words that run npm: the one that runs us, if it is npm. */
function npmWords() {
  const npm = process.env.npm_execpath;
  return npm && /^npm-cli\.c?js$/.test(path.basename(npm)) ? [process.execPath, npm] : ['npm'];
}

function npm(args, cwd) {
  const [command, ...words] = npmWords();
  const child = spawnSync(command, [...words, ...args], { cwd, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (child.status === 0) return child.stdout;
  throw new Failure(
    'ERR_BYOL_BUILD',
    `npm ${args[0]} failed in ${cwd}: ${child.stderr?.trim() ?? child.error?.message}`,
  );
}

/** Packs the package in `folder` into `to`, without running its scripts: {file, size in bytes}. */
function npmPack(folder, to) {
  fs.mkdirSync(to, { recursive: true });
  const [{ filename, size }] = JSON.parse(
    npm(['pack', '--json', '--ignore-scripts', '--pack-destination', to], folder),
  );
  return { file: path.join(to, filename.replace(/^@/, '').replace('/', '-')), size };
}

/** The names, with '/', of what npm would put into the package in `folder`. */
function packedFiles(folder) {
  const [{ files }] = JSON.parse(npm(['pack', '--json', '--dry-run', '--ignore-scripts'], folder));
  return files.map(({ path: name }) => name);
}

module.exports = { npmPack, npmWords, packedFiles };
