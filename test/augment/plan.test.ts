import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { officialViews, type Pipeline } from '../../lib/augment/pipeline.js';
import {
  column,
  type DrawOptions,
  drawPlan,
  drawPlanInSlices,
  evaluationPlan,
  PLAN_WIDTH,
  type PlanColumn,
  planColumns,
} from '../../lib/augment/plan.js';
import { blurRadius } from '../../lib/augment/view-spec.js';
import { root } from '../support/paths.js';

import { assertMean, draw, many, values } from './drawn-numbers.js';

test('the columns are those of plan_row.h, in its order', () => {
  const header = readFileSync(path.join(root, 'native/core/augment/plan_row.h'), 'utf8');
  const body = /enum PlanColumn : int \{(.*?)\};/s.exec(header)?.[1] as string;
  const names = Array.from(body.matchAll(/^\s*k(\w+)/gm), ([, name = '']) => name);
  assert.equal(names.pop(), 'PlanColumns');
  assert.deepEqual(
    planColumns,
    names.map((name) => name[0]?.toLowerCase() + name.slice(1)),
  );
});

describe('replay', () => {
  const options = { heights: 40, widths: 48, epoch: 5 };
  const batch = Int32Array.from([17, 3, 250, 4, 99, 3]);
  const row = (plan: Float32Array, i: number): Float32Array => plan.slice(i * PLAN_WIDTH, (i + 1) * PLAN_WIDTH);

  test('a row does not depend on its batch or place', () => {
    const plan = draw(officialViews[0], { ...options, samples: batch });
    for (const [i, sample] of batch.entries()) {
      assert.deepEqual(row(plan, i), draw(officialViews[0], { ...options, samples: [sample] }));
    }
    assert.deepEqual(row(plan, 1), row(plan, 5));
  });

  test('a row depends on seed, epoch, sample and view', () => {
    const base = { ...options, samples: [3] };
    const plan = draw(officialViews[0], base);
    for (const other of [{ seed: 12 }, { epoch: 6 }, { samples: [4] }, { view: 1 }]) {
      const changed = draw(officialViews[0], { ...base, ...other });
      for (const name of ['brightness', 'contrast', 'saturation', 'hue', 'blurSigma'] as const) {
        if (changed[column[name]] === 0 || plan[column[name]] === 0) continue;
        assert.notEqual(changed[column[name]], plan[column[name]], `${name} under ${JSON.stringify(other)}`);
      }
      assert.notDeepEqual(changed, plan);
    }
  });

  test('samples, views and epochs are uncorrelated', () => {
    const blur: Pipeline = [{ kind: 'blur', p: 1, sigma: [1, 3] }];
    const centered = (changes: Partial<DrawOptions>): number[] =>
      values(draw(blur, changes), 'blurSigma').map((x) => x - 2);
    const base = centered({});
    const next = Int32Array.from({ length: many }, (_, i) => i + 1);
    for (const [what, other] of [
      ['samples', centered({ samples: next })],
      ['views', centered({ view: 1 })],
      ['epochs', centered({ epoch: 1 })],
      ['seeds', centered({ seed: 12 })],
    ] as const) {
      assertMean(
        base.map((x, i) => x * (other[i] as number)),
        0,
        1 / 3,
        what,
      );
    }
  });

  test('an operation keeps its draws when another one goes', () => {
    const all = draw(officialViews[1], options);
    for (const removed of officialViews[1]) {
      const plan = draw(
        officialViews[1].filter((operation) => operation !== removed),
        options,
      );
      const own: Record<string, readonly PlanColumn[]> = {
        randomResizedCrop: ['cropTop', 'cropLeft', 'cropHeight', 'cropWidth'],
        colorJitter: ['jitterOrder', 'brightness', 'contrast', 'saturation', 'hue'],
        blur: ['blurSigma'],
      };
      const changed = own[removed.kind] ?? [removed.kind as PlanColumn];
      for (const name of planColumns) {
        const same = values(plan, name).every((value, i) => value === all[i * PLAN_WIDTH + column[name]]);
        assert.equal(same, !changed.includes(name), `${name} without ${removed.kind}`);
      }
    }
  });

  test('`out` is filled completely and returned', () => {
    const out = new Float32Array(batch.length * PLAN_WIDTH).fill(NaN);
    assert.equal(draw(officialViews[1], { ...options, samples: batch, out }), out);
    assert.deepEqual(out, draw(officialViews[1], { ...options, samples: batch }));
  });
});

describe('images of a size each', () => {
  const heights = Int32Array.of(40, 20, 333, 7);
  const widths = Int32Array.of(48, 30, 500, 9);
  const options = { pipeline: officialViews[1], view: 1, seed: 3, epoch: 2, jitter: 'official' } as const;

  test('every row is drawn as of an image of its size', async () => {
    const samples = Int32Array.of(11, 5, 8, 2);
    const rows = Array.from(samples, (sample, i) =>
      drawPlan({ ...options, samples: [sample], heights: heights[i] as number, widths: widths[i] as number }),
    );
    const expected = Float32Array.from(rows.flatMap((row) => [...row]));
    assert.deepEqual(drawPlan({ ...options, samples, heights, widths }), expected);
    assert.deepEqual(await drawPlanInSlices({ ...options, samples, heights, widths }), expected);
  });

  test('also where a plan is drawn in slices', async () => {
    const samples = Int32Array.from({ length: 150 }, (_, i) => i);
    const sides = samples.map((sample) => 8 + (sample % 40));
    const sizes = { heights: sides, widths: 64 };
    assert.deepEqual(
      await drawPlanInSlices({ ...options, samples, ...sizes }),
      drawPlan({ ...options, samples, ...sizes }),
    );
  });

  test('the central square of each, of its own part', () => {
    const expected = [evaluationPlan(1, 40, 48, 0.5), evaluationPlan(1, 20, 30, 1)].flatMap((row) => [...row]);
    const plan = evaluationPlan(2, heights.subarray(0, 2), widths.subarray(0, 2), ({ height }) =>
      height > 30 ? 0.5 : 1,
    );
    assert.deepEqual([...plan], expected);
  });
});

describe('evaluation', () => {
  test('the official central square: 0.875 of the shorter side', () => {
    const expected = new Float32Array([24, 86, 328, 328, 0, -1, 0, 0, 0, 0, 0, 0, 0]);
    const plan = evaluationPlan(2, 375, 500, 0.875);
    assert.deepEqual(plan, new Float32Array([...expected, ...expected]));
    assert.deepEqual(
      draw([{ kind: 'center', fraction: 0.875 }], { heights: 375, widths: 500, samples: [8] }),
      expected,
    );
  });

  test('whole CIFAR images', () => {
    assert.deepEqual(evaluationPlan(1, 32, 32), new Float32Array([0, 0, 32, 32, 0, -1, 0, 0, 0, 0, 0, 0, 0]));
  });

  test('blur radii of the official code', () => {
    assert.deepEqual([224, 128, 96, 32, 8].map(blurRadius), [11, 6, 4, 1, 0]);
  });
});
