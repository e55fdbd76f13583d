'use strict';
// npm run check:cuda: the addon against CUDA builds of LibTorch, on any machine. For the oldest and the newest supported release that pip
// brings (or those in BYOL_CUDA_LIBTORCH, separated by colons; --newest for that one alone) it builds into a folder of its own, loads
// what was built, has every state of a driver told apart by a driver that is none, trains a few steps on the CPU, and compiles
// all kernels by that release's NVRTC. Where pip brings none of a kind, it says so; where it brings none at all, it fails.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { buildNative } = require('./build-native.cjs');
const { checkKernels } = require('./check-kernels.cjs');
const { bringNewest, bringOldest } = require('./cuda-libtorch.cjs');
const { Failure, run } = require('./failure.cjs');
const { inspect } = require('./libtorch.cjs');
const { nvrtcBeside } = require('./nvrtc.cjs');
const { compilerCommand } = require('./toolchain.cjs');

const root = path.resolve(__dirname, '..');
const at = (...names) => path.join(root, ...names);

/** A package of its own around the build, since a package finds its addon below itself. */
function scratchPackage(name) {
  const dir = at('.cmake', 'check-cuda', name);
  fs.rmSync(dir, { recursive: true, force: true });
  fs.mkdirSync(dir, { recursive: true });
  for (const part of ['package.json', 'scripts', 'dist/lib'])
    fs.cpSync(at(part), path.join(dir, part), { recursive: true });
  fs.symlinkSync(at('node_modules'), path.join(dir, 'node_modules'));
  return dir;
}

function expect(what, condition, said) {
  if (!condition) throw new Failure('ERR_BYOL_BUILD', `${what}. It was:\n${said}`);
}

/** The folder of a libcuda.so.1 that answers what FAKE_CUDA_* in the environment say. */
function buildFakeDriver() {
  const folder = at('.cmake', 'check-cuda', 'fake-driver');
  fs.mkdirSync(folder, { recursive: true });
  const [compiler, ...flags] = (compilerCommand() ?? 'g++').trim().split(/\s+/);
  const library = path.join(folder, 'libcuda.so.1');
  const args = [...flags, '-shared', '-fPIC', at('native/test/cuda/fake_driver.cpp'), '-o', library];
  const built = spawnSync(compiler, args, { encoding: 'utf8' });
  expect('The driver of no card is built', built.status === 0, built.error?.message ?? built.stderr);
  return folder;
}

/** Each state of a machine, told by a driver that answers so, and what doctor has to say of it. */
const states = [
  ['no driver', { FAKE: '' }, /there is no NVIDIA driver/],
  [
    'driver too old',
    { FAKE_CUDA_VERSION: '11080' },
    /driver is too old: it runs CUDA up to 11\.8, and LibTorch is built for/,
  ],
  ['driver broken', { FAKE_CUDA_INIT: '803' }, /driver does not start: system has unsupported display driver/],
  ['no device', { FAKE_CUDA_DEVICES: '0' }, /driver shows no device/],
  ['old card', { FAKE_CUDA_CAPABILITY: '75' }, /has compute capability 7\.5, and the kernels need 8\.0/],
  [
    'a card',
    { FAKE_CUDA_CAPABILITY: '90' },
    /^ok {2}CUDA +the driver runs CUDA \d+\.\d+\n +cuda:0 is Fake card 0 \(9\.0\)/m,
  ],
];

function checkStates(dir, torch, fakeDriver) {
  const cli = (args, env) => {
    const options = { encoding: 'utf8', env: { ...process.env, BYOL_LIBTORCH: torch, ...env }, cwd: dir };
    return spawnSync(process.execPath, [path.join(dir, 'dist/lib/cli/main.js'), ...args], options);
  };
  const hasDriver = fs.existsSync('/proc/driver/nvidia');
  for (const [name, { FAKE, ...answers }, words] of states) {
    if (FAKE === '' && hasDriver) continue;
    const CUDA_VERSION = { FAKE_CUDA_VERSION: '99000', ...answers };
    const env = FAKE === '' ? {} : { LD_LIBRARY_PATH: fakeDriver, ...CUDA_VERSION };
    const { stdout, stderr, status } = cli(['doctor'], env);
    expect(`doctor with ${name}: expected ${words}`, status === 0 && words.test(stdout), stdout + stderr);
    console.log(`  ${name}: ${/(?:ok|--) {2}CUDA +(.*)/.exec(stdout)[1]}`);
  }
  const out = path.join(dir, 'run');
  const train = ['train', '--preset', 'shapes', '--out', out, '--overwrite', '--quiet'];
  const few = ['--set', 'epochs=1', '--set', 'data.trainImages=256', '--set', 'data.testImages=64'];
  if (!hasDriver) {
    const cuda = cli([...train, ...few, '--device', 'cuda']);
    const refused = cuda.status === 1 && /device 'cuda' cannot be used: there is no NVIDIA driver/.test(cuda.stderr);
    expect('--device cuda without a card is refused in words', refused, cuda.stdout + cuda.stderr);
    console.log(`  --device cuda: ${cuda.stderr.trim().split('\n')[0]}`);
  }
  const cpu = cli([...train, ...few, '--device', 'cpu']);
  expect('Training on the CPU works with this build', cpu.status === 0, cpu.stdout + cpu.stderr);
  console.log(`  trains on the CPU: ${/^Done.*/m.exec(cpu.stdout)?.[0]}`);
}

async function checkRelease(torch) {
  const library = inspect(torch);
  if (typeof library === 'string') throw new Failure('ERR_BYOL_LIBTORCH_NOT_FOUND', `${torch}: ${library}`);
  if (library.flavour !== 'cuda') throw new Failure('ERR_BYOL_LIBTORCH_NOT_FOUND', `${torch} is a CPU build`);
  console.log(`\nLibTorch ${library.version}, ${torch}`);
  const started = Date.now();
  const dir = scratchPackage(library.version);
  process.env.BYOL_LIBTORCH = torch;
  await buildNative({ product: path.join(dir, 'build', 'Release') });
  const seconds = Math.round((Date.now() - started) / 1000);
  const files = fs.readdirSync(path.join(dir, 'build/Release'));
  expect('byol_cuda.so is built', files.includes('byol_cuda.so'), files.join(', '));
  checkStates(dir, torch, buildFakeDriver());
  const nvrtc = nvrtcBeside(torch);
  expect('this LibTorch has an NVRTC', nvrtc !== undefined, torch);
  const kernels = checkKernels({ nvrtc });
  return { release: library.version, 'build, s': seconds, kernels: new Set(kernels.map((kernel) => kernel.name)).size };
}

async function checkCuda(bringers) {
  const given = process.env.BYOL_CUDA_LIBTORCH;
  const found = given
    ? given.split(':').map((torch) => path.resolve(torch))
    : bringers.map((bring) => bring().torch).filter((torch) => torch !== undefined);
  if (found.length === 0)
    throw new Failure(
      'ERR_BYOL_LIBTORCH_NOT_FOUND',
      'There is no CUDA build to check; name one in BYOL_CUDA_LIBTORCH.',
    );
  const rows = [];
  // Not the same one twice.
  for (const torch of new Set(found)) rows.push(await checkRelease(torch));
  console.log('');
  console.table(rows);
}

run(() => checkCuda(process.argv.includes('--newest') ? [bringNewest] : [bringOldest, bringNewest]));
