'use strict';
// The one build routine of the addon. `npx byol build`, setup.cjs and binding.gyp all end here; CMakeLists.txt is the truth.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Failure, run } = require('./failure.cjs');
const { fetchLibTorch } = require('./fetch-libtorch.cjs');
const { findLibTorch, inspect } = require('./libtorch.cjs');
const { withLock } = require('./lock.cjs');
const { requireToolchain } = require('./toolchain.cjs');

const root = path.resolve(__dirname, '..');

// make's own variables would reach the inner build when gyp runs it.
function childEnvironment() {
  const { MAKEFLAGS, MFLAGS, MAKELEVEL, ...rest } = process.env;
  return { ...rest, CMAKE_BUILD_PARALLEL_LEVEL: rest.CMAKE_BUILD_PARALLEL_LEVEL ?? String(os.availableParallelism()) };
}

async function locate() {
  const { found, refused } = findLibTorch(root);
  if (found) return found;
  for (const line of refused) console.log(`LibTorch: not ${line}`);
  if (process.env.BYOL_LIBTORCH) {
    throw new Failure('ERR_BYOL_LIBTORCH_NOT_FOUND', `BYOL_LIBTORCH does not name a usable LibTorch: ${refused.join('; ')}.`);
  }
  return { ...inspect(await fetchLibTorch()), from: 'the cache' };
}

function cmakeJs(out, libtorch, target) {
  const cli = require.resolve('cmake-js/bin/cmake-js', { paths: [root] });
  // Outside build/: node-gyp deletes that folder, and CMake would overwrite gyp's own Makefile in it.
  const args = [cli, 'build', '--out', out, '--config', 'Release', `--CDLIBTORCH_DIR=${libtorch.dir}`, '--log-level', 'error'];
  if (target) args.push('--target', target);
  const child = spawnSync(process.execPath, args, { cwd: root, env: childEnvironment(), encoding: 'utf8', maxBuffer: 1 << 28 });
  if (child.status === 0) return;
  const log = path.join(root, '.cmake', 'build.log');
  fs.writeFileSync(log, `${child.stdout}\n${child.stderr}`);
  const errors = `${child.stdout}\n${child.stderr}`.split('\n').filter((line) => /error|Error/.test(line)).slice(0, 15);
  throw new Failure('ERR_BYOL_BUILD', `The native build failed; the whole log is in ${log}.\n${errors.join('\n')}`);
}

function install(out, libtorch, product) {
  fs.mkdirSync(product, { recursive: true });
  const built = ['byol.node', 'Release/byol.node'].map((file) => path.join(out, file)).find((file) => fs.existsSync(file));
  if (built === undefined) throw new Failure('ERR_BYOL_BUILD', `The native build left no byol.node in ${out}.`);
  const marker = path.join(product, 'byol-build.json');
  const module = path.join(product, 'byol.node');
  fs.rmSync(marker, { force: true });
  // Renamed into place: a process that has the old one loaded keeps it.
  fs.copyFileSync(built, `${module}.new`);
  fs.renameSync(`${module}.new`, module);
  const facts = { libtorch: libtorch.dir, torch: libtorch.version, flavour: libtorch.flavour, napi: 9, built: new Date().toISOString() };
  // Last: without it a module is not taken for finished.
  fs.writeFileSync(marker, `${JSON.stringify(facts, null, 2)}\n`);
}

/** Builds the addon into `product` (default build/Release), and the native unit tests if asked to. */
async function buildNative({ product = path.join(root, 'build', 'Release'), tests = false } = {}) {
  requireToolchain();
  const libtorch = await locate();
  console.log(`LibTorch: ${libtorch.version} (${libtorch.flavour}) from ${libtorch.from}, ${libtorch.dir}`);
  const out = path.join(root, '.cmake', `${libtorch.version}-${libtorch.flavour}`);
  await withLock(path.join(root, '.cmake', 'lock'), 'addon: another build is running, waiting', () => {
    console.log('addon: building (some minutes the first time, seconds after)');
    cmakeJs(out, libtorch, 'byol');
    if (tests) cmakeJs(out, libtorch, 'byol_core_tests');
    install(out, libtorch, product);
  });
  return { libtorch, out };
}

module.exports = { buildNative };

if (require.main === module) {
  run(async () => {
    const option = (name) => {
      const index = process.argv.indexOf(name);
      return index < 0 ? undefined : process.argv[index + 1];
    };
    const product = option('--product-dir');
    await buildNative({ ...(product && { product: path.resolve(product) }), tests: process.argv.includes('--tests') });
  });
}
