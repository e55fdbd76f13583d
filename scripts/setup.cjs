'use strict';
// Makes a fresh clone ready: npm packages, LibTorch, the addon with its unit tests, compiled TypeScript. Starts with nothing
// but Node, and takes a fraction of a second when there is nothing to do.
const { spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { Failure, run } = require('./failure.cjs');
const { withLock } = require('./lock.cjs');
const { requireToolchain } = require('./toolchain.cjs');

const root = path.resolve(__dirname, '..');
const at = (...names) => path.join(root, ...names);
const stampFile = at('.cmake', 'setup.json');

/** Each step: what it is made from, what it makes (both fingerprinted), how. */
const steps = [
  { name: 'packages', isDone: packagesAreInstalled, make: installPackages },
  {
    name: 'native',
    inputs: ['package-lock.json', 'CMakeLists.txt', 'cmake', 'native', 'scripts'],
    outputs: ['build/Release/byol.node', 'build/Release/byol-build.json'],
    setting: () => process.env.BYOL_LIBTORCH ?? '',
    isDone: () => fs.existsSync(readJson(at('build', 'Release', 'byol-build.json')).libtorch ?? ''),
    make: () => require('./build-native.cjs').buildNative({ tests: true }),
  },
  {
    name: 'typescript',
    inputs: ['package-lock.json', 'tsconfig.json', 'lib', 'test', 'bench'],
    outputs: ['dist/lib', 'dist/test', 'dist/bench'],
    make: compileTypeScript,
  },
];

const isPending = (step, stamps) =>
  (step.inputs !== undefined && stamps[step.name] !== stampOf(step)) || step.isDone?.() === false;

function stampOf({ inputs, outputs, setting }) {
  const sum = crypto.createHash('sha256').update(setting?.() ?? '');
  for (const [name, stat] of filesBelow(...inputs, ...outputs)) sum.update(`${name} ${stat.size} ${stat.mtimeMs}\n`);
  return sum.digest('hex');
}

function* filesBelow(...names) {
  for (const name of names) {
    const stat = fs.statSync(at(name), { throwIfNoEntry: false });
    if (stat?.isDirectory()) yield* filesBelow(...fs.readdirSync(at(name)).map((child) => path.join(name, child)));
    else if (stat !== undefined) yield [name, stat];
  }
}

function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

// What npm says it installed against what the lock wants; packages for other platforms are optional.
function packagesAreInstalled() {
  const wanted = readJson(at('package-lock.json')).packages ?? {};
  const installed = readJson(at('node_modules', '.package-lock.json')).packages ?? {};
  return Object.entries(wanted).every(
    ([name, { version, optional }]) => name === '' || optional || installed[name]?.version === version,
  );
}

function installPackages() {
  console.log('npm packages: installing');
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  // The npm that runs us, if it is npm.
  const npm = process.env.npm_execpath;
  const words = npm && /^npm-cli\.c?js$/.test(path.basename(npm)) ? [process.execPath, npm] : ['npm'];
  runOrFail('npm ci', [...words, ...args]);
}

function compileTypeScript() {
  console.log('TypeScript: compiling');
  runOrFail('The TypeScript compiler', [
    process.execPath,
    require.resolve('typescript/bin/tsc', { paths: [root] }),
    '-p',
    root,
  ]);
  // No test of a source that was deleted may linger.
  for (const [name] of filesBelow('dist')) {
    const source = path.relative('dist', name).replace(/(\.d\.ts|\.js)$/, '.ts');
    if (!fs.existsSync(at(source))) fs.rmSync(at(name));
  }
}

function runOrFail(what, [command, ...args]) {
  const child = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (child.error) throw new Failure('ERR_BYOL_SETUP', `${what} cannot be run: ${child.error.message}.`);
  if (child.status !== 0) throw new Failure('ERR_BYOL_SETUP', `${what} failed; its message stands above.`);
}

async function makePending() {
  for (const step of steps) {
    const stamps = readJson(stampFile);
    if (!isPending(step, stamps)) continue;
    await step.make();
    if (step.inputs === undefined) continue;
    fs.writeFileSync(`${stampFile}.new`, JSON.stringify({ ...stamps, [step.name]: stampOf(step) }));
    fs.renameSync(`${stampFile}.new`, stampFile);
  }
}

run(async () => {
  const stamps = readJson(stampFile);
  const pending = steps.filter((step) => isPending(step, stamps));
  if (pending.length === 0) return;
  if (pending.some((step) => step.name === 'native')) requireToolchain(); // before time is spent on what comes first
  await withLock(at('.cmake', 'setup.lock'), 'set-up: another one is running, waiting', makePending);
});
