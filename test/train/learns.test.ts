/** One short training: better than its random initialisation; without a predictor it collapses. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { presets } from '../../lib/config/presets/index.js';
import type { Config } from '../../lib/config/schema.js';
import { withTempDir } from '../support/paths.js';
import { runToEnd } from '../support/tiny.js';

/** The preset `shapes`, with a third of its images and half of its epochs. */
function shortConfig(changes: Partial<Config>): Config {
  const { shapes } = presets;
  return structuredClone({
    ...shapes,
    data: { kind: 'shapes', trainImages: 2048, testImages: 1000, size: 32, seed: 0 },
    epochs: 8,
    evaluation: { ...shapes.evaluation, linear: { ...shapes.evaluation.linear, atEnd: false } },
    ...changes,
  } as Config);
}

test('a short run on shapes beats its random initialisation', async () => {
  await withTempDir(async (dir) => {
    const { result } = await runToEnd(shortConfig({}), { out: path.join(dir, 'run') });
    const before = result.untrained.knn?.top1 ?? 1;
    const after = result.knn?.top1 ?? 0;
    assert.ok(after > before + 0.05, `kNN ${before} -> ${after}`);
    assert.equal(result.verdict.state, 'learning');
  });
});

test('without a predictor it collapses, and says so (paper Table 5b)', async () => {
  await withTempDir(async (dir) => {
    const { result } = await runToEnd(shortConfig({ predictor: null, epochs: 6 }), { out: path.join(dir, 'run') });
    assert.equal(result.verdict.state, 'collapsed');
    assert.match(result.verdict.text, /[Ww]ithout a predictor/);
  });
});
