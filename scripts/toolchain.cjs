'use strict';
// The tools that a native build needs, what is there of them, and how to get the rest.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { Failure } = require('./failure.cjs');
const { minimumCmake, minimumGcc, minimumNode } = require('./versions.cjs');

function firstLine(command, ...args) {
  const run = spawnSync(command, args, { encoding: 'utf8' });
  return run.status === 0 ? run.stdout.split('\n')[0] : undefined;
}

const numbers = (text) => (text.match(/\d+/g) ?? []).map(Number);
const atLeast = ([major = 0, minor = 0], [wantMajor, wantMinor]) =>
  major > wantMajor || (major === wantMajor && minor >= wantMinor);

// CXX (which may carry a launcher and flags), else the first usable of these, else what is wrong with the first there is.
function inspectCompiler() {
  if (process.env.CXX) {
    return inspectCommand(process.env.CXX) ?? { found: `${process.env.CXX} (CXX), which cannot be run`, ok: false };
  }
  const found = ['c++', 'g++'].map(inspectCommand).filter((compiler) => compiler !== undefined);
  return found.find(({ ok }) => ok) ?? found[0] ?? { found: undefined, ok: false };
}

function inspectCommand(command) {
  const words = command.trim().split(/\s+/);
  const line = firstLine(...words, '--version');
  if (line === undefined) return undefined;
  if (/clang/i.test(line)) {
    const why = "whose OpenMP runtime would run beside LibTorch's, with threads that nothing limits";
    return { command, found: `${line}, ${why}`, ok: false };
  }
  const [major = 0] = numbers(firstLine(...words, '-dumpversion') ?? '');
  return { command, found: line, ok: major >= minimumGcc };
}

function inspectCmake() {
  const found = firstLine('cmake', '--version');
  return { found, ok: found !== undefined && atLeast(numbers(found), minimumCmake) };
}

function inspectBuildTool() {
  const ninja = firstLine('ninja', '--version');
  const found = ninja === undefined ? firstLine('make', '--version') : `ninja ${ninja}`;
  return { found, ok: found !== undefined };
}

// There is no LibTorch for musl, and the build has only been tried on Linux.
function inspectPlatform() {
  process.report.excludeNetwork = true; // it would look up the names of all interfaces
  const libc = process.platform === 'linux' && process.report.getReport().header.glibcVersionRuntime;
  const found = `${process.platform}-${process.arch}${libc ? `, glibc ${libc}` : ''}`;
  return { found, ok: Boolean(libc) && ['x64', 'arm64'].includes(process.arch) };
}

/** [{name, found: string | undefined, ok, need}] in the order in which doctor prints them. */
function inspectTools() {
  const node = { found: process.version, ok: atLeast(numbers(process.version), minimumNode) };
  return [
    { name: 'platform', need: 'Linux with glibc on x64 or arm64', ...inspectPlatform() },
    { name: 'Node', need: `${minimumNode.join('.')} or newer`, ...node },
    {
      name: 'C++ compiler',
      need: `g++ ${minimumGcc} or newer (C++20)`,
      ...inspectCompiler(),
    },
    { name: 'CMake', need: `${minimumCmake.join('.')} or newer`, ...inspectCmake() },
    { name: 'build tool', need: 'ninja or make', ...inspectBuildTool() },
  ];
}

function installLine() {
  const packages = [
    ['/usr/bin/apt-get', 'sudo apt-get install g++ cmake ninja-build'],
    ['/usr/bin/dnf', 'sudo dnf install gcc-c++ cmake ninja-build'],
    ['/usr/bin/zypper', 'sudo zypper install gcc-c++ cmake ninja'],
    ['/usr/bin/pacman', 'sudo pacman -S gcc cmake ninja'],
  ];
  return packages.find(([manager]) => fs.existsSync(manager))?.[1];
}

/** Throws ERR_BYOL_TOOLCHAIN naming everything that is missing. */
function requireToolchain() {
  const missing = inspectTools().filter((tool) => !tool.ok);
  if (missing.length === 0) return;
  const lines = missing.map(({ name, found, need }) => `  - ${name}: ${found ?? 'not found'}; needed is ${need}`);
  const install = installLine();
  throw new Failure(
    'ERR_BYOL_TOOLCHAIN',
    `The native part cannot be built here:\n${lines.join('\n')}${install ? `\nThe tools come with: ${install}` : ''}`,
  );
}

/** The compiler that was inspected, as CXX takes it. */
function compilerCommand() {
  return process.env.CXX || inspectCompiler().command;
}

module.exports = { compilerCommand, inspectTools, requireToolchain };
