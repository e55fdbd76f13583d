'use strict';
// Makes a fresh clone ready: npm packages, LibTorch, the addon, compiled TypeScript. Starts with nothing but Node, and is
// quick when there is nothing to do.
const { spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { Failure, run } = require('./failure.cjs');
const { minimumNode } = require('./versions.cjs');

const root = path.resolve(__dirname, '..');
const stampFile = path.join(root, '.cmake', 'setup.json');

function* filesBelow(...names) {
  for (const name of names) {
    const file = path.join(root, name);
    const stat = fs.statSync(file, { throwIfNoEntry: false });
    if (stat?.isDirectory()) yield* filesBelow(...fs.readdirSync(file).map((child) => path.join(name, child)));
    else if (stat) yield [name, stat];
  }
}

function fingerprint(...names) {
  const sum = crypto.createHash('sha256');
  for (const [name, stat] of filesBelow(...names)) sum.update(`${name} ${stat.size} ${stat.mtimeMs}\n`);
  return sum.digest('hex');
}

const readJson = (file) => {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
};

function command(what, file, args) {
  const child = spawnSync(process.execPath, [file, ...args], { cwd: root, stdio: 'inherit' });
  if (child.status !== 0) throw new Failure('ERR_BYOL_SETUP', `${what} failed; its message stands above.`);
}

function installPackages() {
  console.log('npm packages: installing');
  // npm's own entry point: `npm` on Windows is not an executable, and under npm run it is known.
  const npm = process.env.npm_execpath;
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const child = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: 'inherit' })
    : spawnSync('npm', args, { cwd: root, stdio: 'inherit' });
  if (child.status !== 0) throw new Failure('ERR_BYOL_SETUP', 'npm ci failed; its message stands above.');
}

/** Each step: what it depends on, whether its product is there, what makes it. */
const steps = [
  {
    name: 'packages',
    inputs: ['package.json', 'package-lock.json'],
    done: () => fs.existsSync(path.join(root, 'node_modules', '.package-lock.json')),
    make: installPackages,
  },
  {
    name: 'native',
    inputs: ['CMakeLists.txt', 'cmake', 'native', 'scripts/build-native.cjs'],
    extra: () => process.env.BYOL_LIBTORCH ?? '',
    done: () => {
      const { libtorch } = readJson(path.join(root, 'build', 'Release', 'byol-build.json'));
      return libtorch !== undefined && fs.existsSync(libtorch);
    },
    make: () => require('./build-native.cjs').buildNative({ tests: true }),
  },
  {
    name: 'typescript',
    inputs: ['tsconfig.json', 'lib', 'test', 'bench'],
    done: () => fs.existsSync(path.join(root, 'dist', 'lib', 'index.js')),
    make: () => {
      console.log('TypeScript: compiling');
      fs.rmSync(path.join(root, 'dist'), { recursive: true, force: true }); // no test of a deleted file may linger
      command('The TypeScript compiler', require.resolve('typescript/bin/tsc', { paths: [root] }), ['-p', root]);
    },
  },
];

run(async () => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < minimumNode[0] || (major === minimumNode[0] && minor < minimumNode[1])) {
    throw new Failure('ERR_BYOL_TOOLCHAIN', `Node ${process.version} is too old; ${minimumNode.join('.')} or newer is needed.`);
  }
  const stamps = readJson(stampFile);
  for (const step of steps) {
    const stamp = fingerprint(...step.inputs) + (step.extra?.() ?? '');
    if (stamps[step.name] === stamp && step.done()) continue;
    await step.make();
    stamps[step.name] = stamp;
    fs.mkdirSync(path.dirname(stampFile), { recursive: true });
    fs.writeFileSync(stampFile, JSON.stringify(stamps));
  }
});
