/** With torchvision's definitions and an antialiased resize, the executors are torchvision, up to rounding. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { officialViews } from '../../lib/augment/pipeline.js';
import { PLAN_WIDTH, planColumns } from '../../lib/augment/plan.js';
import { loadNative } from '../../lib/binding/load.js';
import { root, withTempDir } from '../support/paths.js';
import { findPython, runPython } from '../support/python.js';
import { type Batch, batchOf, execute, largestDifference, syntheticImages, viewOf } from './support.js';

const python = findPython('torch', 'torchvision');

function caseOf({ images, indices, plan, view }: Batch): object {
  const rows = Array.from(indices, (_, i) =>
    Object.fromEntries(planColumns.map((name, c) => [name, plan[i * PLAN_WIDTH + c]])),
  );
  const { height, width } = images;
  return { pixels: Array.from(images.data), height, width, indices: Array.from(indices), rows, view };
}

test('whole pipelines agree with torchvision', { skip: typeof python === 'string' ? python : false }, async () => {
  if (typeof python === 'string') return;
  const native = loadNative();
  const images = syntheticImages(native, 6, 40, 48);
  const batches = (['bicubic', 'bilinear'] as const).flatMap((resampling) => {
    const view = viewOf(32, {
      resampling,
      antialias: true,
      jitter: 'torchvision',
      blurRadius: 3,
      blurBorder: 'reflect',
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    });
    return officialViews.map((pipeline, number) => batchOf(images, 24, pipeline, view, { view: number }));
  });
  const expected = await withTempDir((dir) => {
    const file = path.join(dir, 'cases.json');
    writeFileSync(file, JSON.stringify(batches.map(caseOf)));
    return JSON.parse(runPython(python, path.join(root, 'test/python/torchvision_views.py'), file)) as number[][];
  });
  for (const [i, batch] of batches.entries()) {
    for (const executor of ['reference', 'fused'] as const) {
      const difference = largestDifference(await execute(native, batch, { executor }), expected[i] as number[]);
      assert.ok(difference < 2.5e-5, `${executor}, case ${i}: ${difference}`);
    }
  }
});
