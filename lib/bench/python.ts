import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { packageRoot } from '../binding/package-root.js';
import { Side } from './side.js';
import type { PythonMode, StepSpec } from './step-spec.js';

/** A Python with torch: BYOL_BENCH_PYTHON, else python3; or why there is none. `cuda`: torch has to see the device too. */
export function findTorch(cuda: boolean): { readonly command: string } | { readonly missing: string } {
  const command = process.env.BYOL_BENCH_PYTHON ?? 'python3';
  const code = `import torch${cuda ? '; assert torch.cuda.is_available(), "its torch sees no CUDA device"' : ''}`;
  const probe = spawnSync(command, ['-c', code], { encoding: 'utf8' });
  if (probe.error) return { missing: `${command} cannot be run (BYOL_BENCH_PYTHON names a Python with torch)` };
  if (probe.status === 0) return { command };
  const reason = probe.stderr.trim().split('\n').at(-1) ?? '';
  return { missing: `${command} has no torch to compare with: ${reason} (BYOL_BENCH_PYTHON names another Python)` };
}

/** The modes that are worth a user's while: compiling for a CPU takes minutes and gains little. */
export function pythonModes(device: string): readonly PythonMode[] {
  return device === 'cpu' ? ['eager'] : ['eager', 'default', 'reduce-overhead', 'max-autotune'];
}

/** bench/python/byol_step.py, started. */
export function pythonSide(command: string, spec: StepSpec): Side {
  return new Side(command, [path.join(packageRoot(), 'bench', 'python', 'byol_step.py')], spec);
}
