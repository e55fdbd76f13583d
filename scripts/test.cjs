'use strict';
// Runs the native unit tests, two parts of them at once, then the compiled tests one file at a time (they train, and two
// at once would fight for the cores). Arguments pick by a part of the path: npm test augment eval/knn, npm test native
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..');
const parts = process.argv.slice(2);
const picked = (name) => parts.length === 0 || parts.some((part) => name.includes(part));

// On tiny networks a second thread gains nothing, and beside other work on the machine every operation would wait for it.
// Tests that are about several threads ask for them.
const env = { OMP_NUM_THREADS: '1', ...process.env };

// A process that was killed has no status.
const passes = (command, args, cwd) => spawnSync(command, args, { cwd, env, stdio: 'inherit' }).status === 0;

function nativeTestsPass() {
  const { torch, flavour } = JSON.parse(
    fs.readFileSync(path.join(root, 'build', 'Release', 'byol-build.json'), 'utf8'),
  );
  const build = path.join(root, '.cmake', `${torch}-${flavour}`);
  const options = ['--output-on-failure', '--no-tests=error', '--build-config', 'Release', '--parallel', '2'];
  return passes('ctest', options, build);
}

// This reporter repeats at the end what failed: of a long log the end is what is read, and what CI keeps.
const nodeTest = ['--test', '--test-concurrency=1', '--test-reporter=spec'];

const compiled = path.join('dist', 'test');
const files = fs
  .readdirSync(path.join(root, compiled), { recursive: true })
  .filter((name) => name.endsWith('.test.js') && picked(name))
  .sort()
  .map((name) => path.join(compiled, name));

if (files.length === 0 && !picked('native')) {
  console.error(`No test file has ${parts.map((part) => `'${part}'`).join(' or ')} in its path.`);
  process.exitCode = 1;
} else {
  const results = [
    !picked('native') || nativeTestsPass(),
    files.length === 0 || passes(process.execPath, [...nodeTest, ...files], root),
  ];
  process.exitCode = results.includes(false) ? 1 : 0;
}
