import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { script } from '../binding/build-tools.js';
import { findAddon } from '../binding/find-addon.js';
import type { NativeInfo } from '../binding/native.js';
import { packageRoot } from '../binding/package-root.js';
import { type Loaded, loadInChild } from './load-in-child.js';

/** there; not there, and training runs without it; not there, and nothing works before it is. */
type Mark = 'ok' | '--' | 'NO';

function print(mark: Mark, name: string, text: string): void {
  const [first = '', ...rest] = text.split('\n');
  console.log(`${mark}  ${name.padEnd(14)}${first}`);
  for (const line of rest) console.log(`${' '.repeat(18)}${line.trim()}`);
}

// Node's own rule, by hand: packages need not offer their package.json to import.meta.resolve.
function isInstalled(name: string): boolean {
  for (let dir = packageRoot(); ; dir = path.dirname(dir)) {
    if (existsSync(path.join(dir, 'node_modules', name, 'package.json'))) return true;
    if (dir === path.dirname(dir)) return false;
  }
}

function reportPackages(): void {
  const { dependencies } = JSON.parse(readFileSync(path.join(packageRoot(), 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const names = Object.keys(dependencies);
  const missing = names.filter((name) => !isInstalled(name));
  if (missing.length === 0) print('ok', 'npm packages', `all ${names.length} are installed`);
  else print('NO', 'npm packages', `missing: ${missing.join(', ')}. Install them with: npm install`);
}

function reportTools(): void {
  for (const { name, ok, found, need } of script('toolchain').inspectTools()) {
    print(ok ? 'ok' : '--', name, ok ? String(found) : `${found ?? 'not found'}; a build from source needs ${need}`);
  }
}

function reportLibTorchToGet(): void {
  const { found, refused } = script('libtorch').findLibTorch(packageRoot());
  if (found) print('ok', 'LibTorch', `${found.version} (${found.flavour}) from ${found.from}, ${found.dir}`);
  else print('--', 'LibTorch', `none found; npx byol setup fetches it. Looked at:\n${refused.join('\n')}`);
}

function reportNative({ info, library }: Loaded): void {
  const { from, file, facts } = findAddon();
  const how = facts && `built ${facts.built.slice(0, 10)} by ${facts.compiler} for LibTorch ${facts.torch}`;
  print('ok', 'addon', `${from}, ${how ?? `for LibTorch ${info.torchCompiled}`}\n${path.dirname(file)}`);
  const dir = path.resolve(library, '..', '..');
  const flavour = existsSync(path.join(dir, 'lib', 'libtorch_cuda.so')) ? 'cuda' : 'cpu';
  print('ok', 'LibTorch', `${info.torchLoaded || info.torchCompiled} (${flavour}) from ${originOf(dir)}, ${dir}`);
}

/** Where a LibTorch folder comes from, in words. */
function originOf(dir: string): string {
  const { found } = script('libtorch').findLibTorch(packageRoot(), (library) =>
    library.dir === dir ? undefined : 'another',
  );
  return found?.from ?? 'what was loaded before';
}

function reportCuda({ cudaDeviceNames, cudaDriver, cudaProblem }: NativeInfo): void {
  const devices = cudaDeviceNames.map((name, index) => `cuda:${index} is ${name}`).join('\n');
  const there = cudaDriver === '' ? '' : `the driver runs CUDA ${cudaDriver}`;
  const lines = [cudaProblem, there, devices].filter((line) => line !== '');
  print(cudaProblem === '' ? 'ok' : '--', 'CUDA', lines.join('\n'));
}

function reportMachine(info: NativeInfo): void {
  print('ok', 'CPU', `${os.cpus()[0]?.model.trim() || process.arch}, LibTorch uses ${info.cpuCapability}`);
  if (info.cpuBfloat16) print('ok', 'bfloat16', `the CPU has instructions for it: precision 'auto' takes it`);
  else print('--', 'bfloat16', `the CPU has no instructions for it: precision 'auto' takes float32`);
  print('ok', 'threads', String(info.threads));
  reportCuda(info);
  if (info.jpeg !== '') print('ok', 'JPEG', info.jpeg);
  else print('--', 'JPEG', "libjpeg's headers were not there when the addon was built");
}

/** `byol doctor`: what there is here, a line each. Resolves with 0 if training can run, else 1. */
export async function runDoctor(): Promise<number> {
  reportTools();
  reportPackages();
  const loaded = loadInChild();
  const works = typeof loaded !== 'string';
  if (works) {
    reportNative(loaded);
    reportMachine(loaded.info);
  } else {
    print('NO', 'addon', loaded);
    reportLibTorchToGet();
  }
  console.log(works ? 'Training can run here.' : 'Training cannot run here yet.');
  return works ? 0 : 1;
}
