import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { script } from '../binding/build-tools.js';
import { buildFacts } from '../binding/load.js';
import type { NativeInfo } from '../binding/native.js';
import { packageRoot } from '../binding/package-root.js';

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
    print(ok ? 'ok' : '--', name, ok ? String(found) : `${found ?? 'not found'}; a build needs ${need}`);
  }
}

interface Loaded {
  readonly info: NativeInfo;
  /** The libtorch_cpu.so that is really in use, whatever was recorded or set. */
  readonly library: string;
}

/** In a process of its own: what crashes there is text here. */
function loadInChild(): Loaded | string {
  const code = `
    import { readFileSync } from 'node:fs';
    const { loadNative } = await import(process.argv[1]);
    try {
      const info = loadNative().info();
      const library = /\\/.*libtorch_cpu\\.so/.exec(readFileSync('/proc/self/maps', 'utf8'))?.[0] ?? '';
      console.log(JSON.stringify({ info, library }));
    } catch (error) {
      console.error([error.message, error.hint ?? ''].join('\\n'));
      process.exitCode = 1;
    }`;
  const loader = new URL('../binding/load.js', import.meta.url).href;
  const child = spawnSync(process.execPath, ['--input-type=module', '--eval', code, loader], { encoding: 'utf8' });
  if (child.status === 0) return JSON.parse(child.stdout) as Loaded;
  return child.signal === null ? child.stderr.trim() : `it crashes while it is loaded (${child.signal})`;
}

function reportLibTorchToBuildWith(): void {
  const { found, refused } = script('libtorch').findLibTorch(packageRoot());
  if (found) print('ok', 'LibTorch', `${found.version} (${found.flavour}) from ${found.from}, ${found.dir}`);
  else print('--', 'LibTorch', `none found; a build fetches it. Looked at:\n${refused.join('\n')}`);
}

function reportNative({ info, library }: Loaded): void {
  const facts = buildFacts();
  const built = facts && `built ${facts.built.slice(0, 10)} by ${facts.compiler} for LibTorch ${facts.torch}`;
  print('ok', 'addon', built ?? `prebuilt for LibTorch ${info.torchCompiled}`);
  const flavour = existsSync(path.join(path.dirname(library), 'libtorch_cuda.so')) ? 'cuda' : 'cpu';
  print(
    'ok',
    'LibTorch',
    `${info.torchLoaded || info.torchCompiled} (${flavour}), ${path.resolve(library, '..', '..')}`,
  );
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
    reportLibTorchToBuildWith();
  }
  console.log(works ? 'Training can run here.' : 'Training cannot run here yet.');
  return works ? 0 : 1;
}
