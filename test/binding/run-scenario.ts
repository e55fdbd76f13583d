import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { root } from '../support/paths.js';

export interface ScenarioResult {
  /** null: it was killed, or hung for a minute. */
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of scenarios.ts in a process of its own. */
export function runScenario(name: string, options: { readonly argument?: string } = {}): ScenarioResult {
  const script = path.join(root, 'dist', 'test', 'binding', 'scenarios.js');
  const args = ['--expose-gc', script, name, ...(options.argument === undefined ? [] : [options.argument])];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
  return { status, signal, stdout, stderr };
}
