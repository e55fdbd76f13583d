'use strict';
// The one build routine of the addon: `npx byol build`, setup.cjs and prebuild.cjs all end here. What is built, and how, is
// in CMakeLists.txt.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { buildWithCmake, requireBuildPackages } = require('./cmake.cjs');
const { Failure, run } = require('./failure.cjs');
const { fetchLibTorch } = require('./fetch-libtorch.cjs');
const { nativeFingerprint } = require('./fingerprint.cjs');
const { findLibTorch, inspect } = require('./libtorch.cjs');
const { withLock } = require('./lock.cjs');
const { inspectTools, requireToolchain } = require('./toolchain.cjs');

const root = path.resolve(__dirname, '..');

const product = path.join(root, 'build', 'Release');

/**
 * Builds the addon into build/Release, and the native unit tests if asked to. Resolves with {tree, facts}: the folder in which
 * CMake works, and byol-build.json.
 */
async function buildNative({ tests = false } = {}) {
  requireToolchain();
  requireBuildPackages(root);
  const libtorch = await locate();
  console.log(`LibTorch: ${libtorch.version} (${libtorch.flavour}) from ${libtorch.from}, ${libtorch.dir}`);
  const tree = path.join(root, '.cmake', `${libtorch.version}-${libtorch.flavour}`);
  return withLock(path.join(root, '.cmake', 'lock'), 'addon: another build is running, waiting', async () => {
    const sources = nativeFingerprint(root); // before: what changes meanwhile is not in it
    console.log('addon: building (some minutes the first time, seconds after that)');
    // Never switched off again: the next set-up would compile the tests anew.
    const definitions = [`LIBTORCH_DIR=${libtorch.dir}`, ...(tests ? ['BYOL_TESTS=ON'] : [])];
    for (const warning of await buildWithCmake(root, tree, definitions)) console.log(warning);
    const built = path.join(tree, 'Release');
    requireLoadable(path.join(built, 'byol.node'));
    return { tree, facts: install(built, libtorch, sources) };
  });
}

async function locate() {
  const { found, refused } = findLibTorch(root);
  if (found) return found;
  const reasons = refused.filter((line) => !line.endsWith('there is no such folder'));
  if (process.env.BYOL_LIBTORCH) {
    throw new Failure('ERR_BYOL_LIBTORCH_NOT_FOUND', `BYOL_LIBTORCH is not a usable LibTorch: ${refused.join('; ')}.`);
  }
  for (const reason of reasons) console.log(`LibTorch: not ${reason}`);
  return { ...inspect(await fetchLibTorch()), from: 'the cache' };
}

// In a process of its own: what crashes there is a message here.
function requireLoadable(module) {
  const code = 'process.dlopen({ exports: {} }, process.argv[1], require("os").constants.dlopen.RTLD_NOW)';
  const child = spawnSync(process.execPath, ['-e', code, module], { encoding: 'utf8' });
  if (child.status === 0) return;
  const reason = child.signal ?? child.stderr.split('\n').find((line) => /^\w*Error/.test(line)) ?? child.stderr;
  throw new Failure('ERR_BYOL_BUILD', `The addon was built but does not load: ${reason}`);
}

function install(built, libtorch, sources) {
  const marker = path.join(product, 'byol-build.json');
  const cuda = fs.existsSync(path.join(built, 'byol_cuda.so'));
  const facts = {
    libtorch: libtorch.dir,
    torch: libtorch.version,
    flavour: libtorch.flavour,
    cuda,
    napi: 9,
    sources,
    compiler: inspectTools().find((tool) => tool.name === 'C++ compiler').found,
    built: new Date().toISOString(),
  };
  fs.mkdirSync(product, { recursive: true });
  fs.rmSync(marker, { force: true });
  // What a prebuilt addon brought, which lay here before.
  for (const name of fs.readdirSync(product)) if (/\.so\.\d+$/.test(name)) fs.rmSync(path.join(product, name));
  const library = path.join(product, 'byol_cuda.so');
  if (cuda) replace(path.join(built, 'byol_cuda.so'), library);
  else fs.rmSync(library, { force: true });
  replace(path.join(built, 'byol.node'), path.join(product, 'byol.node'));
  // Last: without it a build is not taken for finished.
  fs.writeFileSync(`${marker}.new`, `${JSON.stringify(facts, null, 2)}\n`);
  fs.renameSync(`${marker}.new`, marker);
  return facts;
}

// Renamed into place: a process that has the old one loaded keeps it.
function replace(from, to) {
  fs.copyFileSync(from, `${to}.new`);
  fs.renameSync(`${to}.new`, to);
}

module.exports = { buildNative };

if (require.main === module) run(() => buildNative({ tests: process.argv.includes('--tests') }));
