'use strict';
// Biome for TypeScript and the scripts, clang-format for C++ where it is installed. `--write` formats instead of checking.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..');
const write = process.argv.includes('--write');

const biome = spawnSync(
  process.execPath,
  [require.resolve('@biomejs/biome/bin/biome', { paths: [root] }), 'check', '--error-on-warnings', ...(write ? ['--write'] : []), '.'],
  { cwd: root, stdio: 'inherit' },
);

let clang = { status: 0 };
if (spawnSync('clang-format', ['--version']).status === 0) {
  const sources = fs
    .readdirSync(path.join(root, 'native'), { recursive: true })
    .filter((name) => /\.(h|cpp)$/.test(name))
    .map((name) => path.join('native', name));
  clang = spawnSync('clang-format', [...(write ? ['-i'] : ['--dry-run', '-Werror']), ...sources], { cwd: root, stdio: 'inherit' });
} else {
  console.log('clang-format is not installed: the C++ format was not checked.');
}
process.exitCode = biome.status || clang.status || 0;
