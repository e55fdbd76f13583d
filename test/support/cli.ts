import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { root } from './paths.js';

export const cliPath = path.join(root, 'dist', 'lib', 'cli', 'main.js');

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `byol` in a process of its own. */
export function runCli(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): CliResult {
  return runNode([cliPath, ...args], options);
}

/** Runs Node in a process of its own. */
export function runNode(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): CliResult {
  const { cwd = root, env = {} } = options;
  const child = spawnSync(process.execPath, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  return { code: child.status, stdout: child.stdout, stderr: child.stderr };
}
