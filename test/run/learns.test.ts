/** Short trainings: better than the random initialisation; the claim that a predictor is what keeps BYOL from collapsing. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { planTable } from '../../lib/tables/plan.js';
import { runTable } from '../../lib/tables/run-table.js';
import type { Table } from '../../lib/tables/table.js';
import { withTempDir } from '../support/paths.js';
import { collapsingConfig, LEAST_SHORT_GAIN, shortConfig } from '../support/short-runs.js';
import { runToEnd } from '../support/tiny.js';

test('a short run on shapes beats its random initialisation', async () => {
  await withTempDir(async (dir) => {
    // Of ten seeds one that gained 20 points or more with every instruction set and precision that was measured.
    const { result } = await runToEnd(shortConfig({ seed: 6 }), { folder: path.join(dir, 'run') });
    const before = result.untrained.knn?.top1 ?? 1;
    const after = result.knn?.top1 ?? 0;
    assert.ok(after > before + LEAST_SHORT_GAIN, `kNN ${before} -> ${after}`);
    assert.equal(result.verdict.state, 'learning');
  });
});

const claims: Table = {
  id: 'collapse',
  title: 'What keeps BYOL from collapsing',
  source: 'BYOL Table 5b',
  columns: ['top-1'],
  rows: [
    { id: 'byol', label: 'BYOL', published: [72.5] },
    { id: 'no-predictor', label: 'no predictor', published: [0.2], settings: { predictor: null } },
  ],
  claims: [
    { says: 'BYOL does not collapse.', kind: 'doesNotCollapse', row: 'byol' },
    { says: 'Without its predictor it does.', kind: 'collapses', row: 'no-predictor' },
  ],
};

test('a claim table, measured: without a predictor BYOL collapses, and says so (paper Table 5b)', async () => {
  await withTempDir(async (out) => {
    // Spreads of 0.03 and 0.04 against 0.68 to 0.77 after 2 epochs with AVX2; 0.08 and 0.09 against 0.74 to 0.78 after one.
    const { report, interrupted } = await runTable(planTable(claims, { epochs: 2 }), { out, jobs: 2 });
    assert.equal(interrupted, false);
    assert.deepEqual(
      report.claims.map(({ verdict, why }) => [verdict, why.replace(/:.*/, '')]),
      [
        ['holds', 'below 0.1 with 0 of 5 seeds, looked at with 5'],
        ['holds', 'below 0.1 with 5 of 5 seeds, looked at with 5'],
      ],
    );
  });
});

test('the verdict on a collapsed run names what is missing', async () => {
  await withTempDir(async (dir) => {
    const { result } = await runToEnd(collapsingConfig(), { folder: path.join(dir, 'run') });
    assert.equal(result.verdict.state, 'collapsed');
    assert.match(result.verdict.text, /no predictor and nothing pushes images apart/);
  });
});
