/**
 * The device's executor of plans beside the CPU's two: the reference, which test/augment holds against float64, and the fused one.
 * BYOL_GPU_TEST_DEVICE=cpu has the fused one in the device's place.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { officialViews, type Pipeline } from '../../lib/augment/pipeline.js';
import { evaluationPlan, PLAN_WIDTH } from '../../lib/augment/plan.js';
import { loadNative } from '../../lib/binding/load.js';
import type { ViewSpec } from '../../lib/binding/native.js';
import { type Batch, batchOf, execute, largestDifference, syntheticImages, viewOf } from '../augment/support.js';
import { device, skip } from './device.js';

const native = loadNative();
const small = syntheticImages(native, 10, 40, 33);
const large = syntheticImages(native, 3, 150, 190);

const statistics = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
/** Float32 rounding over some twenty operations on values in [0, 1], and of the exponential and the sine that each library has of its own. */
const TOLERANCE = 1e-5;

async function check(batch: Batch): Promise<void> {
  const scale = 1 / Math.min(...batch.view.std);
  const made = await execute(native, batch, { device });
  for (const executor of ['reference', 'fused'] as const) {
    const difference = largestDifference(made, await execute(native, batch, { executor }));
    assert.ok(difference < TOLERANCE * scale, `${difference} away from the CPU's ${executor} executor`);
  }
}

const jitterOf = (strengths: object): Pipeline => [
  { kind: 'colorJitter', p: 1, brightness: 0, contrast: 0, saturation: 0, hue: 0, ...strengths },
];
const [crop] = officialViews[0] as [Pipeline[number]];

const operations: ReadonlyArray<readonly [string, Pipeline, ReadonlyArray<Partial<ViewSpec>>]> = [
  [
    'crop and resize',
    [crop],
    [{}, { antialias: true }, { resampling: 'bilinear' }, { resampling: 'bilinear', antialias: true }],
  ],
  [
    'crop and shrink',
    [crop],
    [
      { height: 9, width: 11 },
      { height: 9, width: 11, antialias: true },
    ],
  ],
  ['flip', [{ kind: 'flip', p: 0.5 }], [{}]],
  ['jitter', jitterOf({ brightness: 0.8, contrast: 0.8, saturation: 1, hue: 0.5 }), [{}, { jitter: 'torchvision' }]],
  ['grayscale', [{ kind: 'grayscale', p: 0.5 }], [{}]],
  [
    'blur',
    [{ kind: 'blur', p: 0.9, sigma: [0.1, 3] }],
    [{}, { blurRadius: 4 }, { blurRadius: 7, blurBorder: 'reflect', width: 25 }],
  ],
  ['solarize', [{ kind: 'solarize', p: 0.5 }], [{}]],
];

describe("a device's views are the CPU's", { skip }, () => {
  for (const [name, pipeline, views] of operations) {
    for (const changes of views) {
      test(`${name} ${JSON.stringify(changes)}`, () => check(batchOf(small, 16, pipeline, viewOf(20, changes))));
    }
  }

  // In a block's memory as a whole, and in tiles of which the last ones are smaller.
  for (const [images, size] of [
    [small, 32],
    [large, 97],
    [large, 224],
  ] as const) {
    for (const [number, pipeline] of officialViews.entries()) {
      for (const jitter of ['official', 'torchvision'] as const) {
        test(`view ${number + 1} of ${size} pixels, ${jitter} jitter`, () =>
          check(batchOf(images, 13, pipeline, viewOf(size, { jitter, ...statistics }), { view: number })));
      }
    }
  }

  test("whole images of the view's size are the pixels / 255, exactly", async () => {
    const indices = Int32Array.from([2, 0, 3]);
    const images = syntheticImages(native, 4, 24, 24);
    const made = await execute(
      native,
      { images, indices, plan: evaluationPlan(3, 24, 24), view: viewOf(24) },
      { device },
    );
    const pixels = Array.from(indices, (index) => [...images.data.subarray(index * 1728, (index + 1) * 1728)]).flat();
    assert.deepEqual(
      made,
      Float32Array.from(pixels, (pixel) => pixel / 255),
    );
  });

  test('bfloat16 views are rounded once', async () => {
    const batch = batchOf(small, 24, officialViews[0], viewOf(32, statistics));
    const expected = await execute(native, batch, { executor: 'reference' });
    const made = await execute(native, batch, { device, dtype: 'bfloat16' });
    // Half of a bfloat16's last place, 8 bits of a significand.
    for (const [i, value] of expected.entries()) {
      const away = Math.abs((made[i] as number) - value);
      assert.ok(away <= Math.abs(value) * 2 ** -8 + TOLERANCE / statistics.std[0], `${made[i]} for ${value}`);
    }
  });

  test('a row does not depend on its batch', async () => {
    const batch = batchOf(large, 11, officialViews[1], viewOf(97), { view: 1 });
    const whole = await execute(native, batch, { device });
    const row = 7;
    const alone = await execute(
      native,
      {
        ...batch,
        indices: batch.indices.subarray(row, row + 1),
        plan: batch.plan.subarray(row * PLAN_WIDTH, (row + 1) * PLAN_WIDTH),
      },
      { device },
    );
    const size = 97 * 97 * 3;
    assert.deepEqual(alone, whole.subarray(row * size, (row + 1) * size));
  });
});
