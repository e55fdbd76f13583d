'use strict';
// CUDA's run-time compiler, for checks on machines without a card: finds one, or fetches its Python package (90 MB).
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { Failure } = require('./failure.cjs');
const { cacheDir } = require('./libtorch.cjs');
const { fetchedNvrtc } = require('./versions.cjs');

const fetchedDir = () => path.join(cacheDir(), `nvrtc-${fetchedNvrtc}`);

/** Below a folder of Python packages: the layouts of CUDA 13 and of CUDA 12. */
function inPackages(dir) {
  const files = [
    ['nvidia', 'cu13', 'lib', 'libnvrtc.so.13'],
    ['nvidia', 'cuda_nvrtc', 'lib', 'libnvrtc.so.12'],
  ];
  return files.map((parts) => path.join(dir, ...parts)).find((file) => fs.existsSync(file));
}

function pythonPackages() {
  const code = 'import sysconfig as s; print(s.get_paths()["platlib"])';
  const run = spawnSync('python3', ['-c', code], { encoding: 'utf8' });
  return run.status === 0 ? [run.stdout.trim()] : [];
}

/** The file of an NVRTC: BYOL_NVRTC, that of LibTorch's Python packages, the fetched one; else undefined. */
function findNvrtc() {
  if (process.env.BYOL_NVRTC) {
    if (fs.existsSync(process.env.BYOL_NVRTC)) return process.env.BYOL_NVRTC;
    throw new Failure('ERR_BYOL_CUDA_UNAVAILABLE', `BYOL_NVRTC: there is no file ${process.env.BYOL_NVRTC}.`);
  }
  const beside = process.env.BYOL_LIBTORCH ? nvrtcBeside(path.resolve(process.env.BYOL_LIBTORCH)) : undefined;
  return beside ?? [fetchedDir(), ...pythonPackages()].map(inPackages).find((file) => file !== undefined);
}

/** That of the Python packages which a LibTorch in the folder `torch` came with, or undefined. */
function nvrtcBeside(torch) {
  return inPackages(path.dirname(torch));
}

/** Installs the package into the user's cache by pip, which honours the user's index. Returns the file. */
function fetchNvrtc() {
  const requirement = `nvidia-cuda-nvrtc==${fetchedNvrtc}`;
  console.log(`NVRTC: asking pip for ${requirement}`);
  const scratch = `${fetchedDir()}.${process.pid}`;
  fs.mkdirSync(cacheDir(), { recursive: true });
  const args = ['-m', 'pip', 'install', '--no-deps', '--no-cache-dir', '--disable-pip-version-check', '--quiet'];
  const pip = spawnSync('python3', [...args, '--target', scratch, requirement], { encoding: 'utf8' });
  if (pip.status !== 0) {
    fs.rmSync(scratch, { recursive: true, force: true });
    const said = pip.error ? `python3 cannot be run (${pip.error.code})` : pip.stderr;
    const reason = said.split('\n').find((line) => line.startsWith('ERROR')) ?? said.trim();
    throw new Failure('ERR_BYOL_CUDA_UNAVAILABLE', `pip did not bring ${requirement}: ${reason.slice(0, 300)}`);
  }
  fs.rmSync(fetchedDir(), { recursive: true, force: true });
  fs.renameSync(scratch, fetchedDir());
  return inPackages(fetchedDir());
}

module.exports = { fetchNvrtc, findNvrtc, nvrtcBeside };
