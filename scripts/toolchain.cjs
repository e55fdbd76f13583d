'use strict';
// The tools that a native build needs, what is there of them, and how to get the rest.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { Failure } = require('./failure.cjs');
const { minimumClang, minimumCmake, minimumGcc, minimumNode } = require('./versions.cjs');

function firstLine(command, ...args) {
  const run = spawnSync(command, args, { encoding: 'utf8' });
  return run.status === 0 ? run.stdout.split('\n')[0] : undefined;
}

const numbers = (text) => (text.match(/\d+/g) ?? []).map(Number);
const atLeast = ([major, minor], [wantMajor, wantMinor]) => major > wantMajor || (major === wantMajor && minor >= wantMinor);

function compiler() {
  for (const command of process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++']) {
    const line = firstLine(command, '--version');
    if (line === undefined) continue;
    const version = firstLine(command, '-dumpversion') ?? '';
    const [major = 0] = numbers(version);
    const clang = /clang/i.test(line);
    return { command, line, ok: major >= (clang ? minimumClang : minimumGcc) };
  }
  return undefined;
}

/** [{name, found: string | undefined, ok, need}] in the order in which doctor prints them. */
function inspectTools() {
  const cxx = compiler();
  const cmake = firstLine('cmake', '--version');
  const generator = firstLine('ninja', '--version') ? 'ninja' : firstLine('make', '--version') && 'make';
  return [
    { name: 'Node', found: process.version, ok: atLeast(numbers(process.version), minimumNode), need: `>= ${minimumNode.join('.')}` },
    { name: 'C++ compiler', found: cxx?.line, ok: cxx?.ok ?? false, need: `g++ >= ${minimumGcc} or clang++ >= ${minimumClang} (C++20)` },
    { name: 'CMake', found: cmake, ok: cmake !== undefined && atLeast(numbers(cmake), minimumCmake), need: `>= ${minimumCmake.join('.')}` },
    { name: 'build tool', found: generator, ok: Boolean(generator), need: 'ninja or make' },
  ];
}

function installLine() {
  const has = (file) => fs.existsSync(file);
  if (process.platform === 'darwin') return 'xcode-select --install && brew install cmake ninja';
  if (has('/usr/bin/apt-get')) return 'sudo apt-get install g++ cmake ninja-build';
  if (has('/usr/bin/dnf')) return 'sudo dnf install gcc-c++ cmake ninja-build';
  return 'install a C++20 compiler, CMake and ninja with your package manager';
}

/** Throws ERR_BYOL_TOOLCHAIN naming everything that is missing. */
function requireToolchain() {
  const missing = inspectTools().filter((tool) => !tool.ok);
  if (missing.length === 0) return;
  const lines = missing.map((tool) => `  - ${tool.name} ${tool.need}; ${tool.found ? `found ${tool.found}` : 'not found'}`);
  throw new Failure('ERR_BYOL_TOOLCHAIN', `The native part cannot be built here:\n${lines.join('\n')}\nInstall: ${installLine()}`);
}

module.exports = { inspectTools, requireToolchain };
