import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './paths.js';

/** The package's scripts and compiled library in a folder of their own, with no native build beside them. */
export function scratchPackage(dir: string): string {
  for (const part of ['package.json', 'scripts', 'dist/lib']) {
    cpSync(path.join(root, part), path.join(dir, part), { recursive: true });
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(dir, 'node_modules'));
  return dir;
}

/** An executable shell script. */
export function writeCommand(file: string, script: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** A folder that looks like LibTorch, as far as anybody looks before linking. */
export function fakeLibTorch(dir: string, version: string, header = 'include/torch/headeronly/version.h'): string {
  const [major, minor, patch] = version.split('.');
  const files = {
    'lib/libtorch.so': '',
    'lib/libtorch_cpu.so': '',
    'lib/libc10.so': '',
    'include/ATen/ATen.h': '',
    [header]: `#define TORCH_VERSION_MAJOR ${major}\n#define TORCH_VERSION_MINOR ${minor}\n#define TORCH_VERSION_PATCH ${patch}\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    writeFileSync(path.join(dir, name), text);
  }
  return dir;
}

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs Node in a process of its own. Nothing of this machine's LibTorch is found there: python3 is a fake that knows of
 * none, the cache is empty, unless `env` says otherwise.
 */
export async function runNode(dir: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  const bin = path.join(dir, 'fake-bin');
  writeCommand(path.join(bin, 'python3'), 'exit 1');
  const { BYOL_LIBTORCH, LIBTORCH, VIRTUAL_ENV, CONDA_PREFIX, BYOL_CACHE, npm_execpath, ...rest } = process.env;
  const child = spawn(process.execPath, args, {
    cwd: dir,
    env: { ...rest, PATH: `${bin}:${rest.PATH}`, BYOL_CACHE: path.join(dir, 'cache'), ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { status, stdout, stderr };
}
