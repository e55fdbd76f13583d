'use strict';
// node scripts/check-kernels.cjs [FILE...]: compiles native/kernels (or these files) for all supported cards and prints each
// kernel's registers, stack and shared memory. Fails where one does not compile or spills. Needs no card and no LibTorch.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { Failure, run } = require('./failure.cjs');
const { fetchNvrtc, findNvrtc } = require('./nvrtc.cjs');
const { compilerCommand } = require('./toolchain.cjs');
const { checkedCapabilities } = require('./versions.cjs');

const root = path.resolve(__dirname, '..');
const at = (...names) => path.join(root, ...names);

/** The program that compiles kernels, built where it is not newer than its sources. */
function compilerProgram() {
  const program = at('.cmake', 'compile-kernels');
  const cuda = at('native', 'cuda');
  const sources = ['nvrtc.cpp', 'kernel_compiler.cpp', 'tools/compile_kernels.cpp'].map((name) =>
    path.join(cuda, name),
  );
  const headers = ['nvrtc.h', 'kernel_compiler.h'].map((name) => path.join(cuda, name));
  const time = (file) => fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (time(program) > Math.max(...[...sources, ...headers].map(time))) return program;
  fs.mkdirSync(path.dirname(program), { recursive: true });
  const [compiler, ...flags] = (compilerCommand() ?? 'g++').trim().split(/\s+/);
  const args = [...flags, '-std=c++20', '-O1', '-I', at('native'), ...sources, '-o', `${program}.new`, '-ldl'];
  const built = spawnSync(compiler, args, { encoding: 'utf8' });
  if (built.status !== 0) {
    throw new Failure('ERR_BYOL_BUILD', `compile_kernels does not build:\n${built.error?.message ?? built.stderr}`);
  }
  fs.renameSync(`${program}.new`, program);
  return program;
}

/** All files that define kernels. */
function kernelFiles() {
  const folder = at('native', 'kernels');
  if (!fs.existsSync(folder)) return [];
  const files = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.cuh'));
  return files
    .map((name) => path.join(folder, name))
    .filter((file) => /^BYOL_KERNEL\(/m.test(fs.readFileSync(file, 'utf8')))
    .sort();
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
 * Compiles `files` (all kernels if left out) for `capabilities`, prints a table and returns its rows. Throws
 * ERR_BYOL_BUILD where a kernel does not compile or spills.
 */
function checkKernels({ nvrtc, files = kernelFiles(), capabilities = checkedCapabilities }) {
  if (files.length === 0) throw new Failure('ERR_BYOL_BUILD', 'There are no kernels in native/kernels.');
  const args = [at('native'), capabilities.join(','), ...files];
  const env = { ...process.env, BYOL_NVRTC: nvrtc };
  const child = spawnSync(compilerProgram(), args, { encoding: 'utf8', env, maxBuffer: 2 ** 28 });
  if (child.status !== 0) throw new Failure('ERR_BYOL_CUDA_UNAVAILABLE', child.stderr.trim() || `${child.signal}`);
  const [{ version }, ...results] = child.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  console.log(`NVRTC ${version}, ${nvrtc}`);
  const kernels = results.flatMap(kernelsOf);
  print(kernels, capabilities);
  const faults = [];
  for (const { file, capability, bytes, log } of results) {
    const where = `${path.relative(root, file)} for ${(capability / 10).toFixed(1)}`;
    const words = compilerWords(log).join('\n');
    if (bytes === 0) faults.push(`${where} does not compile:\n${words}`);
    else if (words !== '') console.log(`${where}:\n${words}`);
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
    const files = process.argv.slice(2).filter((word) => !word.startsWith('--'));
    const nvrtc = findNvrtc() ?? fetchNvrtc();
    checkKernels({ nvrtc, ...(files.length > 0 && { files: files.map((file) => path.resolve(file)) }) });
  });
}
