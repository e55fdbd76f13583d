import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildFacts } from '../binding/load.js';
import type { NativeInfo } from '../binding/native.js';
import { packageRoot } from '../binding/package-root.js';

interface Tool {
  readonly name: string;
  readonly found: string | undefined;
  readonly ok: boolean;
  readonly need: string;
}

function print(mark: 'ok' | '--' | 'NO', name: string, text: string): void {
  console.log(`${mark.padEnd(3)} ${name.padEnd(14)} ${text}`);
}

// In a child process: what crashes there is reported here as text.
function nativeInfo(): NativeInfo | string {
  const loader = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'binding', 'load.js');
  const code = `import(process.argv[1]).then((m) => console.log(JSON.stringify(m.loadNative().info())),
    (e) => { console.error(e); process.exitCode = 1; }).catch((e) => { console.error(e.message + (e.hint ? ' ' + e.hint : '')); process.exitCode = 1; })`;
  const run = spawnSync(process.execPath, ['-e', code, loader], { encoding: 'utf8' });
  if (run.status === 0) return JSON.parse(run.stdout) as NativeInfo;
  return run.signal ? `it crashes while loading (${run.signal})` : run.stderr.trim();
}

function reportNative(info: NativeInfo | string): boolean {
  if (typeof info === 'string') {
    print('NO', 'addon', info);
    return false;
  }
  const facts = buildFacts();
  print('ok', 'addon', facts ? `built ${facts.built.slice(0, 10)} for LibTorch ${facts.torch} (${facts.flavour})` : 'prebuilt');
  print('ok', 'LibTorch', `${info.torchLoaded || info.torchCompiled}${facts ? ` in ${facts.libtorch}` : ''}`);
  const bfloat16 = info.cpuBfloat16 ? "bfloat16 instructions: precision 'auto' uses them" : "no bfloat16 instructions: precision 'auto' is float32";
  print('ok', 'CPU', `${os.cpus()[0]?.model.trim() ?? 'unknown'}, ${info.cpuCapability}, ${info.threads} threads; ${bfloat16}`);
  if (info.cudaProblem === '') print('ok', 'CUDA', `${info.cudaDevices} device(s)`);
  else print('--', 'CUDA', `not used: ${info.cudaProblem}`);
  if (info.jpeg === '') print('--', 'JPEG', 'libjpeg headers were not there when the addon was built');
  else print('ok', 'JPEG', info.jpeg);
  return true;
}

/** `byol doctor`: what was found, a line each. Resolves with 0 if training can run here, else 1. */
export async function runDoctor(): Promise<number> {
  const require = createRequire(import.meta.url);
  const { inspectTools } = require(path.join(packageRoot, 'scripts', 'toolchain.cjs')) as { inspectTools(): Tool[] };
  for (const tool of inspectTools()) {
    print(tool.ok ? 'ok' : '--', tool.name, tool.ok ? String(tool.found) : `${tool.found ?? 'not found'} (a build needs ${tool.need})`);
  }
  const works = reportNative(nativeInfo());
  console.log(works ? 'Training can run here.' : 'Training cannot run here yet. Build the native part with: npx byol build');
  return works ? 0 : 1;
}
