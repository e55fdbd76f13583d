/** One training of bench/learning.ts, in a process of its own: instruction sets are chosen when LibTorch is loaded. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Config } from '../lib/config/schema.js';
import { train } from '../lib/run/train.js';
import type { Outcome } from './learning.js';

const out = mkdtempSync(path.join(os.tmpdir(), 'byol-learning-'));
try {
  const result = await train(JSON.parse(process.argv[2] as string) as Config, { folder: out }).result;
  const outcome: Outcome = {
    untrained: result.untrained.knn?.top1 ?? Number.NaN,
    trained: result.knn?.top1 ?? Number.NaN,
    collapseStd: result.metrics?.['collapse/std'] ?? Number.NaN,
    verdict: result.verdict.state,
  };
  console.log(JSON.stringify(outcome));
} finally {
  rmSync(out, { recursive: true });
}
