'use strict';
// node scripts/check-kernels.cjs [NAME...]: compiles native/kernels (or the files with this in their name) for all supported cards and prints each
// kernel's registers, stack and shared memory. Fails where one does not compile or spills. Needs no card and no LibTorch.
// With --if-possible, a machine that has no NVRTC and cannot fetch one is no failure.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { Failure, run } = require('./failure.cjs');
const { fetchNvrtc, findNvrtc } = require('./nvrtc.cjs');
const { compilerCommand } = require('./toolchain.cjs');
const { checkedCapabilities } = require('./versions.cjs');

const root = path.resolve(__dirname, '..');
const at = (...names) => path.join(root, ...names);

const folder = at('.cmake', 'check-kernels');
const time = (file) => fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function runTool(what, [command, ...args]) {
  const done = spawnSync(command, args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Failure('ERR_BYOL_BUILD', `${what}:\n${done.error?.message ?? done.stderr}`);
}

/** The program that compiles kernels, with the texts that byol_cuda.so has; what is not older than its source stays. */
function compilerProgram() {
  fs.mkdirSync(folder, { recursive: true });
  const texts = path.join(folder, 'kernel_texts.cpp');
  runTool('The kernels cannot be read', ['cmake', `-DOUT=${texts}`, '-P', at('cmake', 'EmbedKernels.cmake')]);
  const compiler = [...(compilerCommand() ?? 'g++').trim().split(/\s+/), '-std=c++20', '-O1', '-I', at('native')];
  const cuda = (name) => at('native', 'cuda', name);
  const newestHeader = Math.max(...['nvrtc.h', 'kernel_compiler.h', 'kernel_texts.h'].map((name) => time(cuda(name))));
  const sources = [...['nvrtc.cpp', 'kernel_compiler.cpp', 'tools/compile_kernels.cpp'].map(cuda), texts];
  const objects = sources.map((source) => {
    const object = path.join(folder, `${path.basename(source, '.cpp')}.o`);
    if (time(object) <= Math.max(time(source), newestHeader))
      runTool(`${source} does not compile`, [...compiler, '-c', source, '-o', object]);
    return object;
  });
  const program = path.join(folder, 'compile-kernels');
  if (time(program) <= Math.max(...objects.map(time)))
    runTool('compile_kernels cannot be linked', [...compiler, ...objects, '-o', program, '-ldl']);
  return program;
}

/** What ptxas says of each kernel, from the compiler's log. */
function kernelsOf({ file, capability, log }) {
  const kernels = [];
  for (const line of log.split('\n')) {
    const name = /Compiling entry function '(\w+)'/.exec(line)?.[1];
    if (name !== undefined) kernels.push({ file, capability, name, registers: 0, stack: 0, spills: 0, shared: 0 });
    const kernel = kernels.at(-1);
    if (kernel === undefined) continue;
    const frame = /(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads/.exec(line);
    if (frame !== null) {
      kernel.stack = Number(frame[1]);
      kernel.spills = Number(frame[2]) + Number(frame[3]);
    }
    kernel.registers = Number(/Used (\d+) registers/.exec(line)?.[1] ?? kernel.registers);
    kernel.shared = Number(/(\d+) bytes smem/.exec(line)?.[1] ?? kernel.shared);
  }
  return kernels;
}

const compilerWords = (log) => log.split('\n').filter((line) => !/^(ptxas (info| {2})|\s*$)/.test(line));

function print(kernels, capabilities) {
  const names = [...new Set(kernels.map(({ name }) => name))];
  const width = Math.max(...names.map((name) => name.length), 6);
  const columns = capabilities.map((capability) => (capability / 10).toFixed(1).padStart(16));
  console.log(`${'kernel'.padEnd(width)}${columns.join('')}`);
  for (const name of names) {
    const cells = capabilities.map((capability) => {
      const kernel = kernels.find((other) => other.name === name && other.capability === capability);
      if (kernel === undefined) return '-'.padStart(16);
      const { registers, stack, shared, spills } = kernel;
      return `${registers}r ${stack}s ${shared}m${spills > 0 ? '!' : ''}`.padStart(16);
    });
    console.log(`${name.padEnd(width)}${cells.join('')}`);
  }
  console.log(
    'r: registers per thread; s: bytes of stack; m: bytes of static shared memory; !: registers spill to memory',
  );
}

/**
 * Compiles the files of kernels with one of `names` in their name (all if left out) for `capabilities`, prints a table and
 * returns its rows. Throws ERR_BYOL_BUILD where a kernel does not compile or spills.
 */
function checkKernels({ nvrtc, names = [], capabilities = checkedCapabilities }) {
  const env = { ...process.env, BYOL_NVRTC: nvrtc };
  const args = [capabilities.join(','), ...names];
  const child = spawnSync(compilerProgram(), args, { encoding: 'utf8', env, maxBuffer: 2 ** 28 });
  if (child.status !== 0) throw new Failure('ERR_BYOL_CUDA_UNAVAILABLE', child.stderr.trim() || `${child.signal}`);
  const [{ version }, ...results] = child.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  console.log(`NVRTC ${version}, ${nvrtc}`);
  if (results.length === 0)
    throw new Failure(
      'ERR_BYOL_BUILD',
      `There are no kernels in native/kernels${names.length > 0 ? ` with ${names.join(' or ')} in their file's name` : ''}.`,
    );
  const kernels = results.flatMap(kernelsOf);
  print(kernels, capabilities);
  const faults = [];
  const told = new Set(); // the same words for six capabilities are told once
  for (const { file, capability, bytes, log } of results) {
    const words = compilerWords(log).join('\n');
    if (words === '' || told.has(file)) continue;
    told.add(file);
    const where = `${file} for ${(capability / 10).toFixed(1)}`;
    if (bytes === 0) faults.push(`${where} does not compile:\n${words}`);
    else console.log(`${where}:\n${words}`);
  }
  for (const { name, capability, spills } of kernels.filter((kernel) => kernel.spills > 0)) {
    faults.push(`${name} spills ${spills} bytes for ${(capability / 10).toFixed(1)}`);
  }
  if (faults.length > 0) throw new Failure('ERR_BYOL_BUILD', faults.join('\n'));
  return kernels;
}

module.exports = { checkKernels };

if (require.main === module) {
  run(() => {
    const words = process.argv.slice(2);
    const names = words.filter((word) => !word.startsWith('--')).map((name) => path.basename(name));
    let nvrtc;
    try {
      nvrtc = findNvrtc() ?? fetchNvrtc();
    } catch (error) {
      if (!words.includes('--if-possible')) throw error;
      console.log(`kernels: not compiled, since there is no NVRTC here and none could be fetched: ${error.message}`);
      return;
    }
    checkKernels({ nvrtc, names });
  });
}
