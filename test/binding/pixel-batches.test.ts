/** Parts of images that lie in a file as they are, whole images in other sizes, and stores that take over what was decoded. */
import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { loadNative } from '../../lib/binding/load.js';
import type { PixelsInput, ResizeInput, ViewSpec } from '../../lib/binding/native.js';
import { withTempDir } from '../support/paths.js';
import { identityPlan } from '../support/plans.js';

const native = loadNative();

const viewOf = (height: number, width: number): ViewSpec => ({
  height,
  width,
  resampling: 'bicubic',
  antialias: false,
  beyondCrop: false,
  jitter: 'official',
  blurRadius: 1,
  blurBorder: 'zero',
  mean: [0, 0, 0],
  std: [1, 1, 1],
});
const pool = new native.DecodePool(2);
after(() => pool.dispose());

const [HEIGHT, WIDTH, COUNT] = [10, 14, 30];
const bytes = Uint8Array.from({ length: COUNT * HEIGHT * WIDTH * 3 }, (_, i) => (i * i * 7) % 251);

function inputOf(file: string, boxes: ReadonlyArray<readonly number[]>, crops: number): PixelsInput {
  const images = boxes.length / crops;
  return {
    path: Buffer.from(file),
    offsets: Array.from({ length: images }, (_, i) => 100 + (images - 1 - i) * HEIGHT * WIDTH * 3),
    heights: new Int32Array(images).fill(HEIGHT),
    widths: new Int32Array(images).fill(WIDTH),
    crops,
    boxes: Int32Array.from(boxes.flat()),
    batchBytes: 2 ** 24,
  };
}

function withStore(body: (file: string) => Promise<void>): Promise<void> {
  return withTempDir(async (dir) => {
    const file = path.join(dir, 'store');
    writeFileSync(file, Buffer.concat([new Uint8Array(100), bytes]));
    await body(file);
  });
}

describe('readPixels()', () => {
  test('gives the smallest rectangle with both crops of each image', () =>
    withStore(async (file) => {
      const boxes = Array.from({ length: COUNT }, (_, i) => [
        [i % 5, 2, 3, 4 + (i % 3)],
        [4, i % 7, 2, 7],
      ]).flat();
      const { pixels, heights, widths, boxes: inner, failures } = await pool.readPixels(inputOf(file, boxes, 2));
      assert.deepEqual(failures, []);
      let at = 0;
      for (let i = 0; i < COUNT; i += 1) {
        const [a, b] = [boxes[2 * i], boxes[2 * i + 1]] as [number[], number[]];
        const [top, left] = [0, 1].map((side) => Math.min(a[side] as number, b[side] as number)) as [number, number];
        const end = (side: number): number =>
          Math.max(...[a, b].map((box) => (box[side] as number) + (box[side + 2] as number)));
        assert.deepEqual([heights[i], widths[i]], [end(0) - top, end(1) - left]);
        for (let row = top; row < end(0); row += 1) {
          const start = (((COUNT - 1 - i) * HEIGHT + row) * WIDTH + left) * 3;
          const length = (widths[i] as number) * 3;
          assert.deepEqual(
            Buffer.from(pixels.subarray(at, at + length)),
            Buffer.from(bytes.subarray(start, start + length)),
          );
          at += length;
        }
        assert.deepEqual(
          [...inner.subarray(i * 8, i * 8 + 8)],
          [a, b].flatMap(([t = 0, l = 0, h, w]) => [t - top, l - left, h, w]),
        );
      }
      assert.equal(at, pixels.length);
    }));

  test('says where a file ends, and gives what is there', () =>
    withStore(async (file) => {
      truncateSync(file, 100 + 2 * HEIGHT * WIDTH * 3 - 1);
      const whole = [0, 0, HEIGHT, WIDTH];
      const { pixels, failures } = await pool.readPixels(inputOf(file, [whole, whole, whole], 1));
      assert.deepEqual(
        failures.map(({ image, outcome }) => [image, outcome]),
        [
          [0, 'unreadable'],
          [1, 'unreadable'],
        ],
      );
      assert.match(failures[1]?.reason ?? '', /^it cannot be read: it ends at byte 939, within an image$/);
      const size = HEIGHT * WIDTH * 3;
      assert.deepEqual(Buffer.from(pixels.subarray(2 * size)), Buffer.from(bytes.subarray(0, size)));
      assert.ok(pixels.subarray(0, 2 * size).every((value) => value === 0));
    }));

  test('refuses what cannot be meant', () => {
    const good = inputOf('/none', [[0, 0, 1, 1]], 1);
    const refused = (changes: Partial<PixelsInput>, code: string): void =>
      assert.throws(() => pool.readPixels({ ...good, ...changes }), { code });
    refused({ path: Buffer.of() }, 'ERR_BYOL_VALUE');
    refused({ offsets: [-1] }, 'ERR_BYOL_VALUE');
    refused({ offsets: [] }, 'ERR_BYOL_SHAPE');
    refused({ widths: Int32Array.of(1, 2) }, 'ERR_BYOL_SHAPE');
    refused({ boxes: Int32Array.of(0, 0, 11, 1) }, 'ERR_BYOL_VALUE');
    refused({ batchBytes: 2 }, 'ERR_BYOL_VALUE');
    refused(
      { heights: Int32Array.of(), widths: Int32Array.of(), offsets: [], boxes: Int32Array.of() },
      'ERR_BYOL_VALUE',
    );
  });
});

describe('resize()', () => {
  const good: ResizeInput = {
    sources: [{ pixels: new Uint8Array(2 * 4 * 3).fill(9) }],
    heights: Int32Array.of(2),
    widths: Int32Array.of(4),
    orientations: Int32Array.of(1),
    newHeights: Int32Array.of(1),
    newWidths: Int32Array.of(2),
    limits: { pixels: 1e8, memory: 2 ** 29, scans: 100, seconds: 60, fileBytes: 2 ** 26, batchBytes: 2 ** 30 },
  };

  test('gives images of the new sizes', async () => {
    const { pixels, heights, widths, failures } = await pool.resize(good);
    assert.deepEqual([[...pixels], [...heights], [...widths], failures], [[9, 9, 9, 9, 9, 9], [1], [2], []]);
  });

  test('refuses what cannot be meant', () => {
    const refused = (changes: Partial<ResizeInput>, code: string): void =>
      assert.throws(() => pool.resize({ ...good, ...changes }), { code });
    refused({ sources: [{ pixels: new Uint8Array(23) }] }, 'ERR_BYOL_SHAPE');
    refused({ newHeights: Int32Array.of(0) }, 'ERR_BYOL_VALUE');
    refused({ heights: Int32Array.of(-2) }, 'ERR_BYOL_VALUE');
    refused({ newWidths: Int32Array.of(1, 1) }, 'ERR_BYOL_SHAPE');
    refused({ sources: [{} as never] }, 'ERR_BYOL_VALUE');
    refused({ limits: { ...good.limits, batchBytes: 5 } }, 'ERR_BYOL_VALUE');
  });
});

describe('ImageStore.adopt()', () => {
  /** Of the store's only image. */
  async function pixelsOf(
    images: InstanceType<typeof native.ImageStore>,
    height: number,
    width: number,
  ): Promise<number[]> {
    const view = viewOf(height, width);
    const values = await native.executePlan({
      images,
      indices: Int32Array.of(0),
      plan: identityPlan(1, height, width),
      view,
      executor: 'reference',
      dtype: 'float32',
      threads: 1,
      device: 'cpu',
    });
    return Array.from(values, (value) => Math.round(value * 255));
  }

  test('takes over what was decoded, with what was written there since', () =>
    withStore(async (file) => {
      const { pixels } = await pool.readPixels(inputOf(file, [[0, 0, 2, 3]], 1));
      const expected = [...pixels];
      expected[4] = pixels[4] = 77;
      const store = native.ImageStore.adopt(pixels, Int32Array.of(2), Int32Array.of(3), Int32Array.of(5));
      assert.deepEqual([pixels.length, pixels.buffer.byteLength], [0, 0]);
      assert.deepEqual([store.size, store.labelled], [1, true]);
      assert.deepEqual(await pixelsOf(store, 2, 3), expected);
      store.dispose();
      assert.throws(() => native.ImageStore.adopt(pixels, Int32Array.of(2), Int32Array.of(3), null), {
        code: /ERR_BYOL_(VALUE|SHAPE)/,
      });
    }));

  test('takes bytes of any other origin too, all of a buffer', async () => {
    const mine = Uint8Array.of(1, 2, 3, 4, 5, 6);
    assert.throws(() => native.ImageStore.adopt(mine.subarray(3), Int32Array.of(1), Int32Array.of(1), null), {
      code: 'ERR_BYOL_VALUE',
    });
    assert.equal(mine.length, 6);
    using store = native.ImageStore.adopt(mine, Int32Array.of(1), Int32Array.of(2), null);
    assert.equal(mine.length, 0);
    assert.deepEqual(await pixelsOf(store, 1, 2), [1, 2, 3, 4, 5, 6]);
  });

  test('leaves the bytes where a store cannot be made of them', () => {
    const mine = Uint8Array.of(1, 2, 3);
    assert.throws(() => native.ImageStore.adopt(mine, Int32Array.of(1), Int32Array.of(2), null), {
      code: 'ERR_BYOL_SHAPE',
    });
    assert.throws(() => native.ImageStore.adopt(mine, Int32Array.of(1), Int32Array.of(1), Int32Array.of(-2)), {
      code: 'ERR_BYOL_VALUE',
    });
    assert.equal(mine.length, 3);
    const { adopt } = native.ImageStore;
    assert.throws(() => adopt(mine, Int32Array.of(1), Int32Array.of(1), null), { code: 'ERR_BYOL_VALUE' });
  });
});
