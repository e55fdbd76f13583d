'use strict';
// Runs cmake-js: configure, then build, with the progress that ninja or make print.
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Failure } = require('./failure.cjs');
const { progressReporter } = require('./progress.cjs');
const { compilerCommand } = require('./toolchain.cjs');

/** One compiler takes up to 1.5 GB with LibTorch's headers. */
const bytesPerJob = 2e9;

function childEnvironment() {
  // make's own variables would reach the inner build when gyp runs it.
  const { MAKEFLAGS, MFLAGS, MAKELEVEL, ...rest } = process.env;
  const jobs = Math.max(1, Math.min(os.availableParallelism(), Math.floor(os.totalmem() / bytesPerJob)));
  // CMake takes c++ even where that is clang and g++ is there too.
  const CXX = compilerCommand();
  return { CMAKE_BUILD_PARALLEL_LEVEL: String(jobs), ...(CXX && { CXX }), ...rest };
}

function cmakeJs(root, args, onOutput) {
  const cli = require.resolve('cmake-js/bin/cmake-js', { paths: [root] });
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...args], {
      cwd: root,
      env: childEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', onOutput);
    child.on('error', reject);
    child.on('close', (status) => resolve(status === 0));
  });
}

/** Throws ERR_BYOL_TOOLCHAIN where npm packages that only a build needs are missing: users of a prebuilt addon have no use for them. */
function requireBuildPackages(root) {
  const { peerDependencies } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  const missing = Object.keys(peerDependencies).filter((name) => !isInstalled(root, name));
  if (missing.length === 0) return;
  const wanted = missing.map((name) => `"${name}@${peerDependencies[name]}"`).join(' ');
  throw new Failure(
    'ERR_BYOL_TOOLCHAIN',
    `The native part is built with npm packages that are not installed here. Install them: npm install --save-dev ${wanted}`,
  );
}

function isInstalled(root, name) {
  try {
    require.resolve(`${name}/package.json`, { paths: [root] });
    return true;
  } catch {
    return false;
  }
}

/** Configures and builds the CMake project at `root` into `out`; returns the compiler's warnings about our own files. */
async function buildWithCmake(root, out, definitions) {
  let log = '';
  const progress = progressReporter((done, total) => `${done} of ${total}`, { secondsBetweenLines: 20 });
  const onOutput = (text) => {
    log += text;
    // ninja: [3/84], make: [  4%]
    const [, done, total] = /.*\[ *(\d+)(?:\/(\d+)|%)\]/s.exec(text) ?? [];
    if (done !== undefined) progress.update(done, total ?? '100 %');
  };
  const common = ['--out', out, '--config', 'Release', '--log-level', 'error'];
  const configure = () => cmakeJs(root, ['configure', ...common, ...definitions.map((d) => `--CD${d}`)], onOutput);
  let ok = await configure();
  if (!ok && fs.existsSync(path.join(out, 'CMakeCache.txt'))) {
    // Moved, or made by another generator or compiler: what is there cannot be used any more.
    fs.rmSync(out, { recursive: true });
    log = '';
    ok = await configure();
  }
  ok &&= await cmakeJs(root, ['build', ...common], onOutput);
  progress.end();
  if (ok) return log.split('\n').filter((line) => line.startsWith(root) && line.includes(' warning: '));
  const file = path.join(path.dirname(out), 'build.log');
  fs.writeFileSync(file, log);
  throw new Failure('ERR_BYOL_BUILD', `The native build failed; the whole log is in ${file}.\n${firstErrors(log)}`);
}

function firstErrors(log) {
  const lines = log.split('\n');
  // cmake-js's own line only says that there were some.
  const isError = (line) => /\berror\b|undefined reference|Killed/i.test(line) && !line.startsWith('ERROR OMG');
  const errors = lines.filter(isError);
  return (errors.length > 0 ? errors.slice(0, 10) : lines.slice(-10)).join('\n');
}

module.exports = { buildWithCmake, requireBuildPackages };
