import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { root } from '../support/paths.js';

export interface ScenarioResult {
  /** null: it was killed, or took longer than it may. */
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of scenarios.ts in a process of its own, for a minute at most. */
export function runScenario(
  name: string,
  options: { readonly argument?: string; readonly seconds?: number } = {},
): ScenarioResult {
  const script = path.join(root, 'dist', 'test', 'binding', 'scenarios.js');
  const args = ['--expose-gc', script, name, ...(options.argument === undefined ? [] : [options.argument])];
  const timeout = (options.seconds ?? 60) * 1000;
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout });
  return { status, signal, stdout, stderr };
}
