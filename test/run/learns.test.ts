/** Short trainings: better than the random initialisation; collapsed without a predictor (paper Table 5b). */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import type { TrainEvent } from '../../lib/run/events.js';
import { withTempDir } from '../support/paths.js';
import { collapsingConfig, LEAST_SHORT_GAIN, shortConfig } from '../support/short-runs.js';
import { runToEnd } from '../support/tiny.js';

/** Spread of the projections over the last epoch (see collapse/std): 0 where all are the same. */
function lastSpread(events: readonly TrainEvent[]): number {
  const epoch = events.findLast((event) => event.type === 'epoch');
  return epoch?.metrics['collapse/std'] ?? Number.NaN;
}

test('a short run on shapes beats its random initialisation', async () => {
  await withTempDir(async (dir) => {
    // Of ten seeds one that gained 20 points or more with every instruction set and precision that was measured.
    const { result, events } = await runToEnd(shortConfig({ seed: 6 }), { folder: path.join(dir, 'run') });
    const before = result.untrained.knn?.top1 ?? 1;
    const after = result.knn?.top1 ?? 0;
    assert.ok(after > before + LEAST_SHORT_GAIN, `kNN ${before} -> ${after}`);
    assert.equal(result.verdict.state, 'learning');
    const spread = lastSpread(events);
    assert.ok(spread > 0.3, `spread ${spread}`);
  });
});

test('the verdict on a collapsed run names what is missing', async () => {
  await withTempDir(async (dir) => {
    const { result, events } = await runToEnd(collapsingConfig(), { folder: path.join(dir, 'run') });
    assert.equal(result.verdict.state, 'collapsed');
    const spread = lastSpread(events);
    assert.ok(spread < 0.1, `spread ${spread}`);
    assert.match(result.verdict.text, /no predictor and nothing pushes images apart/);
  });
});
