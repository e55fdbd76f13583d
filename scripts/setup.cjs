'use strict';
// Makes a fresh clone ready: npm packages, LibTorch, the addon, compiled TypeScript. Starts with nothing but Node, and takes a fraction
// of a second when there is nothing to do. A prebuilt addon of the same native sources is taken where there is one. With --tests (npm
// test) the addon is always built, and its unit tests with it.
const { spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { Failure, run } = require('./failure.cjs');
const { withLock } = require('./lock.cjs');
const { npmWords } = require('./npm-pack.cjs');
const { prepareLibTorch } = require('./prepare-libtorch.cjs');
const { mayBePrebuilt, takePrebuilt } = require('./prebuilt.cjs');
const { requireToolchain } = require('./toolchain.cjs');
const { compileTypeScript } = require('./typescript.cjs');

const root = path.resolve(__dirname, '..');
const at = (...names) => path.join(root, ...names);
const stampFile = at('.cmake', 'setup.json');
const product = at('build', 'Release');
const withTests = process.argv.includes('--tests');

/** Each step: what it is made from, what it makes (both fingerprinted), how. */
const steps = [
  { name: 'packages', isDone: packagesAreInstalled, make: installPackages },
  {
    name: 'native',
    inputs: ['package-lock.json', 'CMakeLists.txt', 'cmake', 'native', 'scripts'],
    outputs: ['build/Release/byol.node', 'build/Release/byol-build.json'],
    setting: () => [process.env.BYOL_LIBTORCH ?? '', process.env.BYOL_PREBUILT ?? ''].filter(Boolean).join('\n'),
    isDone: nativeIsThere,
    make: makeNative,
  },
  {
    name: 'typescript',
    inputs: ['package-lock.json', 'tsconfig.json', 'lib', 'test', 'bench'],
    outputs: ['dist/lib', 'dist/test', 'dist/bench'],
    make: () => compileTypeScript(root),
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
  runOrFail('npm ci', [...npmWords(), ...args]);
}

// An addon that was built elsewhere names no LibTorch: whether there is one shows when it is loaded.
function nativeIsThere() {
  const { libtorch } = readJson(path.join(product, 'byol-build.json'));
  if (libtorch !== undefined && !fs.existsSync(libtorch)) return false;
  return !withTests || hasNativeTests();
}

const nativeTests = ({ torch, flavour }) => at('.cmake', `${torch}-${flavour}`, 'byol_core_tests');

function hasNativeTests() {
  const facts = readJson(path.join(product, 'byol-build.json'));
  return facts.libtorch !== undefined && fs.existsSync(nativeTests(facts));
}

async function makeNative() {
  if (!withTests && takePrebuilt(root)) {
    await prepareLibTorch({ root, torch: readJson(path.join(product, 'byol-build.json')).torch });
    return;
  }
  await require('./build-native.cjs').buildNative({ tests: withTests });
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
  // Before time is spent on what comes first.
  if (pending.some((step) => step.name === 'native') && (withTests || !mayBePrebuilt(root))) requireToolchain();
  await withLock(at('.cmake', 'setup.lock'), 'set-up: another one is running, waiting', makePending);
});
