import { spawnSync } from 'node:child_process';

export interface Python {
  readonly command: string;
  readonly modules: readonly string[];
}

/**
 * A Python in which `modules` can be imported, for checks against independent code; or the reason why there is none.
 * BYOL_TEST_PYTHON names one, else python3.
 */
export function findPython(...modules: string[]): Python | string {
  const command = process.env.BYOL_TEST_PYTHON ?? 'python3';
  const probe = spawnSync(command, ['-c', modules.map((name) => `import ${name}`).join('\n')], { encoding: 'utf8' });
  if (probe.error) return `${command} cannot be run`;
  if (probe.status !== 0)
    return `${command} cannot import ${modules.join(', ')} (set BYOL_TEST_PYTHON to one that can)`;
  return { command, modules };
}

/** Runs a script of test/python and returns what it printed; throws with its error output. */
export function runPython(python: Python, script: string, ...args: string[]): string {
  const run = spawnSync(python.command, [script, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (run.status !== 0) throw new Error(`${script} failed:\n${run.stderr}`);
  return run.stdout;
}
