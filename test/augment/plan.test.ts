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

const many = 20_000;

/** Standard deviations that an honest generator exceeds about once in 400,000 checks. */
const SIGMAS = 4.7;

function draw(pipeline: Pipeline, options: Partial<DrawOptions> = {}): Float32Array {
  return drawPlan({
    pipeline,
    view: 0,
    seed: 11,
    epoch: 0,
    samples: Int32Array.from({ length: many }, (_, i) => i),
    heights: 32,
    widths: 32,
    jitter: 'official',
    ...options,
  });
}

function values(plan: Float32Array, name: PlanColumn): number[] {
  return Array.from({ length: plan.length / PLAN_WIDTH }, (_, i) => plan[i * PLAN_WIDTH + column[name]] as number);
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

function assertMean(numbers: readonly number[], expected: number, deviation: number, what: string): void {
  const error = Math.abs(mean(numbers) - expected) / (deviation / Math.sqrt(numbers.length));
  assert.ok(error < SIGMAS, `${what}: mean ${mean(numbers)}, expected ${expected}, ${error.toFixed(1)} sigmas apart`);
}

/** Mean, standard deviation and ends of a uniform distribution. */
function assertUniform(numbers: readonly number[], low: number, high: number, what: string, slack = 1e-6): void {
  const width = high - low;
  assertMean(numbers, (low + high) / 2, width / Math.sqrt(12), what);
  const center = (low + high) / 2;
  assertMean(
    numbers.map((x) => (x - center) ** 2),
    width ** 2 / 12,
    (width ** 2 / 12) * Math.sqrt(0.8),
    `${what} (spread)`,
  );
  assert.ok(
    Math.min(...numbers) >= low - slack && Math.max(...numbers) <= high + slack,
    `${what}: outside ${low}..${high}`,
  );
}

function assertProbability(numbers: readonly number[], p: number, what: string): void {
  assertMean(numbers, p, Math.sqrt(p * (1 - p)) || 1e-12, what);
}

test('the columns are those of plan.h, in its order', () => {
  const header = readFileSync(path.join(root, 'native/core/augment/plan.h'), 'utf8');
  const body = /enum PlanColumn : int \{(.*?)\};/s.exec(header)?.[1] as string;
  const names = Array.from(body.matchAll(/^\s*k(\w+)/gm), ([, name = '']) => name);
  assert.equal(names.pop(), 'PlanColumns');
  assert.deepEqual(
    planColumns,
    names.map((name) => name[0]?.toLowerCase() + name.slice(1)),
  );
});

describe('probabilities', () => {
  const [first, second] = officialViews;
  for (const [name, pipeline, view, blur, solarize] of [
    ['view 1', first, 0, 1, 0],
    ['view 2', second, 1, 0.1, 0.2],
  ] as const) {
    test(name, () => {
      const plan = draw(pipeline, { view });
      const jittered = values(plan, 'jitterOrder').map((order) => (order >= 0 ? 1 : 0));
      const gray = values(plan, 'grayscale');
      assertProbability(values(plan, 'flip'), 0.5, 'flip');
      assertProbability(jittered, 0.8, 'jitter');
      assertProbability(gray, 0.2, 'grayscale');
      assertProbability(
        jittered.map((x, i) => x * (gray[i] as number)),
        0.16,
        'jitter and grayscale, independent coins',
      );
      assertProbability(
        values(plan, 'blurSigma').map((sigma) => (sigma > 0 ? 1 : 0)),
        blur,
        'blur',
      );
      assertProbability(values(plan, 'solarize'), solarize, 'solarize');
      assertUniform(
        values(plan, 'blurSigma').filter((sigma) => sigma > 0),
        0.1,
        2,
        'sigma',
      );
    });
  }
});

describe('random crop', () => {
  const crop = (options: object): Pipeline => [
    { kind: 'randomResizedCrop', area: [0.08, 1], aspect: [3 / 4, 4 / 3], sampling: 'official', ...options },
  ];
  const sizes = { heights: 375, widths: 500 };

  function boxes(plan: Float32Array): { top: number; left: number; height: number; width: number }[] {
    const [top, left, height, width] = (['cropTop', 'cropLeft', 'cropHeight', 'cropWidth'] as const).map((name) =>
      values(plan, name),
    ) as [number[], number[], number[], number[]];
    return top.map((_, i) => ({
      top: top[i] as number,
      left: left[i] as number,
      height: height[i] as number,
      width: width[i] as number,
    }));
  }

  for (const sampling of ['official', 'torchvision'] as const) {
    test(`${sampling}: boxes of whole pixels inside the image, at any place`, () => {
      const drawn = boxes(draw(crop({ sampling }), sizes));
      for (const { top, left, height, width } of drawn) {
        assert.ok([top, left, height, width].every(Number.isInteger));
        assert.ok(top >= 0 && left >= 0 && height >= 1 && width >= 1 && top + height <= 375 && left + width <= 500);
      }
      // Offsets are uniform integers over 0..room.
      const places = drawn
        .filter(({ height }) => height < 375)
        .map(({ top, height }) => (top + 0.5) / (375 - height + 1));
      assertUniform(places, 0, 1, 'top');
      const across = drawn
        .filter(({ width }) => width < 500)
        .map(({ left, width }) => (left + 0.5) / (500 - width + 1));
      assertUniform(across, 0, 1, 'left');
      assert.ok(drawn.some(({ top, height }) => top + height === 375) && drawn.some(({ left }) => left === 0));
    });

    test(`${sampling}: area uniform, aspect log-uniform where the image does not limit them`, () => {
      const side = 10_000;
      const drawn = boxes(draw(crop({ sampling, area: [0.08, 0.5] }), { heights: side, widths: side }));
      const rounding = 1e-3;
      assertUniform(
        drawn.map(({ height, width }) => (height * width) / side ** 2),
        0.08,
        0.5,
        'area',
        rounding,
      );
      const limit = Math.log(4 / 3);
      assertUniform(
        drawn.map(({ height, width }) => Math.log(width / height)),
        -limit,
        limit,
        'log aspect',
        rounding,
      );
    });
  }

  test('official: one draw, sides cut to the image', () => {
    // The mean area by integrating over the two uniform numbers instead of drawing them.
    let expected = 0;
    let square = 0;
    const steps = 400;
    for (let i = 0; i < steps; i += 1) {
      for (let j = 0; j < steps; j += 1) {
        const area = (0.08 + (0.92 * (i + 0.5)) / steps) * 375 * 500;
        const aspect = (3 / 4) ** (1 - (2 * (j + 0.5)) / steps);
        const part = (Math.min(500, Math.sqrt(area * aspect)) * Math.min(375, Math.sqrt(area / aspect))) / (375 * 500);
        expected += part / steps ** 2;
        square += part ** 2 / steps ** 2;
      }
    }
    const drawn = boxes(draw(crop({}), sizes)).map(({ height, width }) => (height * width) / (375 * 500));
    assertMean(drawn, expected, Math.sqrt(square - expected ** 2), 'area');
    const wide = boxes(draw(crop({ area: [1, 1], aspect: [4, 4] }), sizes));
    assert.ok(wide.every(({ height, width, left }) => height === 217 && width === 500 && left === 0));
  });

  test('torchvision: the aspect ratio stays in its range', () => {
    for (const { height, width } of boxes(draw(crop({ sampling: 'torchvision' }), sizes))) {
      const slack = 1 / Math.min(height, width);
      assert.ok(width / height < 4 / 3 + 2 * slack && width / height > 3 / 4 - 2 * slack);
    }
  });

  test('torchvision: the central crop where no draw fits', () => {
    const pipeline = crop({ sampling: 'torchvision', area: [0.9, 1] });
    const expected = (height: number, width: number, box: object): void => {
      const options = { heights: height, widths: width, samples: [1, 2, 3] };
      for (const drawn of boxes(draw(pipeline, options))) assert.deepEqual(drawn, box);
    };
    expected(10, 1000, { top: 0, left: 493, height: 10, width: 13 });
    expected(1000, 10, { top: 493, left: 0, height: 13, width: 10 });
  });

  test('tiny images', () => {
    const drawn = boxes(draw(crop({}), { heights: 1, widths: 2 }));
    assert.ok(drawn.every(({ height, width }) => height === 1 && (width === 1 || width === 2)));
    assert.equal(new Set(drawn.map(({ left, width }) => `${left} ${width}`)).size, 3);
  });
});

describe('colour jitter', () => {
  const jitter: Pipeline = [{ kind: 'colorJitter', p: 1, brightness: 0.4, contrast: 0.3, saturation: 0.2, hue: 0.1 }];

  test('official: brightness is an offset, the others as in the paper', () => {
    const plan = draw(jitter);
    assertUniform(values(plan, 'brightness'), -0.4, 0.4, 'brightness');
    assertUniform(values(plan, 'contrast'), 0.7, 1.3, 'contrast');
    assertUniform(values(plan, 'saturation'), 0.8, 1.2, 'saturation');
    assertUniform(values(plan, 'hue'), -0.1, 0.1, 'hue');
  });

  test('torchvision: brightness is a factor, made of the same draw', () => {
    const official = draw(jitter);
    const torchvision = draw(jitter, { jitter: 'torchvision' });
    const offsets = values(official, 'brightness');
    for (const [i, factor] of values(torchvision, 'brightness').entries()) {
      assert.ok(Math.abs(factor - 1 - (offsets[i] as number)) < 1e-6);
    }
    assert.deepEqual(values(torchvision, 'hue'), values(official, 'hue'));
  });

  test('all 24 orders are equally likely', () => {
    const counts = new Array<number>(24).fill(0);
    for (const order of values(draw(jitter), 'jitterOrder')) counts[order] = (counts[order] as number) + 1;
    for (const count of counts) {
      const sigma = Math.sqrt((many / 24) * (23 / 24));
      assert.ok(Math.abs(count - many / 24) < SIGMAS * sigma, `${counts}`);
    }
  });
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
