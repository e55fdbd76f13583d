import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { torture } from '../../bench/torture/kill-runs.js';
import { withTempDir } from '../support/paths.js';

test('runs that are killed at random moments end as one that nothing disturbed, bit for bit', async () => {
  await withTempDir(async (dir) => {
    const folder = path.join(dir, 'runs');
    mkdirSync(folder);
    const { runs, where } = await torture({ folder, kills: 3, seed: 1 });
    assert.ok(runs >= 1);
    assert.equal(
      where.reduce((sum, [, count]) => sum + count, 0),
      3,
    );
  });
});
