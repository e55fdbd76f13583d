'use strict';
// Biome for TypeScript and the scripts, clang-format for C++ where it is installed, and whether both sides of the addon's
// surface have the same names. `--write` formats instead of checking.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { differentNames } = require('./native-names.cjs');

const root = path.resolve(__dirname, '..');
const write = process.argv.includes('--write');

const passes = (command, ...args) => spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status === 0;

function biomePasses() {
  const biome = require.resolve('@biomejs/biome/bin/biome', { paths: [root] });
  return passes(process.execPath, biome, 'check', ...(write ? ['--write'] : ['--error-on-warnings']), '.');
}

function clangFormatPasses() {
  if (spawnSync('clang-format', ['--version']).status !== 0) {
    console.log('clang-format is not installed: the format of the C++ files was not checked.');
    return true;
  }
  const sources = fs
    .readdirSync(path.join(root, 'native'), { recursive: true })
    .filter((name) => /\.(h|cpp)$/.test(name))
    .map((name) => path.join('native', name));
  return passes('clang-format', ...(write ? ['-i'] : ['--dry-run', '-Werror']), ...sources);
}

function namesPass() {
  const differences = differentNames(root);
  for (const difference of differences) console.error(`native surface: ${difference}`);
  return differences.length === 0;
}

const results = [biomePasses(), clangFormatPasses(), namesPass()];
process.exitCode = results.includes(false) ? 1 : 0;
