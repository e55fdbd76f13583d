'use strict';
// Runs the native unit tests, then the compiled tests one file at a time (they train, and two at once would fight for the
// cores). Arguments pick files by a part of their path: node scripts/test.cjs augment
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..');
const wanted = process.argv.slice(2);

function testFiles(dir) {
  return fs.readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(dir, entry.name);
    if (entry.isDirectory()) return testFiles(file);
    return file.endsWith('.test.js') ? [file] : [];
  });
}

function nativeTests() {
  const { torch, flavour } = JSON.parse(fs.readFileSync(path.join(root, 'build', 'Release', 'byol-build.json'), 'utf8'));
  const build = path.join(root, '.cmake', `${torch}-${flavour}`);
  const child = spawnSync('ctest', ['--output-on-failure', '--build-config', 'Release'], { cwd: build, stdio: 'inherit' });
  return child.status ?? 1;
}

const native = wanted.length === 0 || wanted.includes('native') ? nativeTests() : 0;
const files = testFiles(path.join(root, 'dist', 'test')).filter(
  (file) => wanted.length === 0 || wanted.some((part) => path.relative(root, file).includes(part)),
);
const tests = files.length
  ? spawnSync(process.execPath, ['--test', '--test-concurrency=1', ...files], { cwd: root, stdio: 'inherit' }).status
  : 0;
process.exitCode = native || tests || 0;
