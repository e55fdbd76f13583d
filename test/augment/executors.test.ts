/** Both executors against float64 (oracle.ts), against each other, and what a batch's result must not depend on. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { officialViews, type Pipeline } from '../../lib/augment/pipeline.js';
import { column, evaluationPlan, PLAN_WIDTH } from '../../lib/augment/plan.js';
import { loadNative } from '../../lib/binding/load.js';
import type { ViewSpec } from '../../lib/binding/native.js';
import { sharedData } from '../support/paths.js';
import { expectedView } from './oracle.js';
import {
  type Batch,
  batchOf,
  execute,
  type Images,
  imagesOf,
  largestDifference,
  syntheticImages,
  viewOf,
} from './support.js';

const native = loadNative();

function cifarImages(count: number): Images | undefined {
  const folder = sharedData('cifar-10-batches-bin');
  if (folder === undefined) return undefined;
  const file = readFileSync(path.join(folder, 'test_batch.bin'));
  const data = new Uint8Array(count * 3072);
  for (let n = 0; n < count; n += 1) {
    for (let i = 0; i < 3072; i += 1)
      data[n * 3072 + (i % 1024) * 3 + Math.floor(i / 1024)] = file[n * 3073 + 1 + i] as number;
  }
  return imagesOf(native, data, count, 32, 32);
}

function expectedViews({ images, indices, plan, view }: Batch): Float64Array {
  const bytes = images.height * images.width * 3;
  const size = view.height * view.width * 3;
  const result = new Float64Array(indices.length * size);
  for (const [i, index] of indices.entries()) {
    const image = { ...images, data: images.data.subarray(index * bytes, (index + 1) * bytes) };
    result.set(expectedView(image, plan.subarray(i * PLAN_WIDTH, (i + 1) * PLAN_WIDTH), view), i * size);
  }
  return result;
}

/** Float32 rounding over some twenty operations on values in [0, 1]. */
const TOLERANCE = 5e-6;

async function assertExact(batch: Batch): Promise<void> {
  const expected = expectedViews(batch);
  const scale = 1 / Math.min(...batch.view.std);
  for (const executor of ['reference', 'fused'] as const) {
    const difference = largestDifference(await execute(native, batch, { executor }), expected);
    assert.ok(difference < TOLERANCE * scale, `${executor} is ${difference} away from float64`);
  }
}

const crop = officialViews[0][0] as Pipeline[number];

describe('each operation, both executors against float64', () => {
  const images = syntheticImages(native, 8, 32, 36);
  const rows = 16;
  const jitterOf = (strengths: object): Pipeline => [
    { kind: 'colorJitter', p: 1, brightness: 0, contrast: 0, saturation: 0, hue: 0, ...strengths },
  ];
  const cases: [string, Pipeline, Partial<ViewSpec>[]][] = [
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
    ['centre crop', [{ kind: 'center', fraction: 0.875 }], [{}]],
    ['flip', [{ kind: 'flip', p: 0.5 }], [{}]],
    ['brightness', jitterOf({ brightness: 0.8 }), [{}, { jitter: 'torchvision' }]],
    ['contrast', jitterOf({ contrast: 0.8 }), [{}, { jitter: 'torchvision' }]],
    ['saturation', jitterOf({ saturation: 1 }), [{}, { jitter: 'torchvision' }]],
    ['hue', jitterOf({ hue: 0.5 }), [{}, { jitter: 'torchvision' }]],
    ['grayscale', [{ kind: 'grayscale', p: 0.5 }], [{}]],
    [
      'blur',
      [{ kind: 'blur', p: 0.9, sigma: [0.1, 3] }],
      [{}, { blurRadius: 4 }, { blurBorder: 'reflect' }, { blurRadius: 7, blurBorder: 'reflect', width: 25 }],
    ],
    ['solarize', [{ kind: 'solarize', p: 0.5 }], [{}]],
    ['normalisation', [], [{ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }]],
  ];
  for (const [name, pipeline, views] of cases) {
    for (const changes of views) {
      test(`${name} ${JSON.stringify(changes)}`, () =>
        assertExact(batchOf(images, rows, pipeline, viewOf(20, changes))));
    }
  }

  test('all orders of the colour jitter', async () => {
    for (const jitter of ['official', 'torchvision'] as const) {
      const batch = batchOf(
        images,
        24,
        jitterOf({ brightness: 0.4, contrast: 0.4, saturation: 0.2, hue: 0.1 }),
        viewOf(16, { jitter }),
      );
      for (let order = 0; order < 24; order += 1) batch.plan[order * PLAN_WIDTH + column.jitterOrder] = order;
      await assertExact(batch);
    }
  });
});

describe('whole pipelines', () => {
  const statistics = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
  const synthetic = syntheticImages(native, 10, 40, 33);
  for (const [number, pipeline] of officialViews.entries()) {
    for (const jitter of ['official', 'torchvision'] as const) {
      test(`view ${number + 1}, ${jitter} jitter: both executors against float64`, () =>
        assertExact(batchOf(synthetic, 40, pipeline, viewOf(32, { jitter, ...statistics }), { view: number })));
    }
  }

  const cifar = cifarImages(32);
  test('real CIFAR-10 images', { skip: cifar ? false : 'no ../shared/data/cifar-10-batches-bin' }, async () => {
    for (const [number, pipeline] of officialViews.entries()) {
      await assertExact(batchOf(cifar as Images, 64, pipeline, viewOf(32, statistics), { view: number }));
    }
  });

  test('larger views: the fused executor against the reference', async () => {
    const photos = syntheticImages(native, 3, 150, 190);
    for (const antialias of [false, true]) {
      for (const [number, pipeline] of officialViews.entries()) {
        const batch = batchOf(photos, 12, pipeline, viewOf(96, { antialias }), { view: number });
        const difference = largestDifference(
          await execute(native, batch),
          await execute(native, batch, { executor: 'reference' }),
        );
        assert.ok(difference < TOLERANCE, `${difference}`);
      }
    }
  });

  test("whole images of the view's size are the pixels / 255, exactly", async () => {
    const images = syntheticImages(native, 4, 24, 24);
    const indices = Int32Array.from([2, 0, 3]);
    const batch = { images, indices, plan: evaluationPlan(3, 24, 24), view: viewOf(24) };
    const pixels = Array.from(indices, (index) =>
      Array.from(images.data.subarray(index * 1728, (index + 1) * 1728)),
    ).flat();
    for (const executor of ['reference', 'fused'] as const) {
      assert.deepEqual(
        await execute(native, batch, { executor }),
        Float32Array.from(pixels, (pixel) => pixel / 255),
      );
    }
  });
});

describe('the result does not depend on', () => {
  const images = syntheticImages(native, 16, 32, 32);
  const batch = batchOf(images, 61, officialViews[1], viewOf(32), { view: 1 });

  test('the number of threads', async () => {
    const before = native.info().threads;
    native.setThreads(4);
    const one = await execute(native, batch, { threads: 1 });
    for (const threads of [0, 2, 3, 16]) assert.deepEqual(await execute(native, batch, { threads }), one);
    native.setThreads(before);
  });

  test('the batch: any part of it can be replayed alone', async () => {
    const whole = await execute(native, batch);
    const size = 32 * 32 * 3;
    const rows = [60, 7, 7, 31];
    const part = {
      ...batch,
      indices: Int32Array.from(rows, (row) => batch.indices[row] as number),
      plan: Float32Array.from(
        rows.flatMap((row) => Array.from(batch.plan.subarray(row * PLAN_WIDTH, (row + 1) * PLAN_WIDTH))),
      ),
    };
    const replayed = await execute(native, part);
    for (const [i, row] of rows.entries()) {
      assert.deepEqual(replayed.subarray(i * size, (i + 1) * size), whole.subarray(row * size, (row + 1) * size));
    }
  });
});

test('bfloat16 views are the float32 ones, rounded to nearest even', async () => {
  const batch = batchOf(
    syntheticImages(native, 8, 32, 32),
    32,
    officialViews[0],
    viewOf(32, { mean: [0.5, 0.5, 0.5], std: [0.2, 0.3, 0.4] }),
  );
  const rounded = Float32Array.from(await execute(native, batch), (value) => {
    // Eight significant bits: one unit in the last place is 2^(exponent - 7).
    if (value === 0) return value;
    const unit = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 7);
    const units = value / unit;
    const floor = Math.floor(units);
    const up = units - floor > 0.5 || (units - floor === 0.5 && floor % 2 !== 0);
    return (floor + (up ? 1 : 0)) * unit;
  });
  assert.deepEqual(await execute(native, batch, { dtype: 'bfloat16' }), rounded);
});

describe('bad input', () => {
  const images = syntheticImages(native, 2, 16, 16);
  const good = batchOf(images, 2, [], viewOf(16));
  const refuses = (batch: Batch, code: string, message: RegExp): Promise<void> =>
    assert.rejects(execute(native, batch), { code, message });

  test('a crop outside the image', async () => {
    const plan = good.plan.slice();
    plan[PLAN_WIDTH + column.cropLeft] = 1;
    await refuses({ ...good, plan }, 'ERR_BYOL_VALUE', /row 1: cropLeft is 1, must be/);
  });
  test('a value that is not a number', async () => {
    const plan = good.plan.slice();
    plan[column.blurSigma] = NaN;
    await refuses({ ...good, plan }, 'ERR_BYOL_VALUE', /row 0: blurSigma is nan/);
  });
  test('an image that does not exist', async () => {
    await refuses({ ...good, indices: Int32Array.from([0, 2]) }, 'ERR_BYOL_SHAPE', /no image 2 in a store of 2/);
  });
});
