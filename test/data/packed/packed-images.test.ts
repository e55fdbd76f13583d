/** Images of a packed store as steps and evaluations take them. */
import assert from 'node:assert/strict';
import { truncateSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { takeImages } from '../../../lib/augment/take-images.js';
import { loadNative } from '../../../lib/binding/load.js';
import type { ViewSpec } from '../../../lib/binding/native.js';
import type { Dataset, PackedSource } from '../../../lib/data/dataset.js';
import { datasetFromArrays } from '../../../lib/data/from-arrays.js';
import { ImageOpener } from '../../../lib/data/image-opener.js';
import type { Images } from '../../../lib/data/images.js';
import { packImages } from '../../../lib/data/packed/pack.js';
import { openStore } from '../../../lib/data/packed/read-store.js';
import { withTempDir } from '../../support/paths.js';

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
const [COUNT, HEIGHT, WIDTH] = [40, 20, 23];

const arrays = datasetFromArrays({
  pixels: Uint8Array.from({ length: COUNT * HEIGHT * WIDTH * 3 }, (_, i) => (i * 31 + (i >> 7) * 5) % 256),
  height: HEIGHT,
  width: WIDTH,
  labels: Array.from({ length: COUNT }, (_, i) => i % 4),
});

function withStore(body: (store: Dataset<PackedSource>, file: string) => Promise<void>): Promise<void> {
  return withTempDir(async (dir) => {
    const out = path.join(dir, 'p.byol');
    await packImages(native, arrays, { place: dir, out, size: 64, brokenLimit: 0, overwrite: false, threads: 1 });
    await body(await openStore(out), out);
  });
}

/** Crops of every image, each of another size and place. */
function plan(images: Int32Array, view: number): Float32Array {
  return Float32Array.from(
    [...images].flatMap((image, row) => {
      const [height, width] = [3 + ((image + view) % 15), 4 + ((image * 3 + view) % 12)];
      return [
        (row + view) % (HEIGHT - height),
        (image + 2 * view) % (WIDTH - width),
        height,
        width,
        row % 2,
        -1,
        0,
        1,
        1,
        0,
        0,
        0,
        0,
      ];
    }),
  );
}

/** What a network would see of these images. */
async function views(images: Images, asked: Int32Array): Promise<Float32Array[]> {
  const spec = viewOf(8, 8);
  const drawn = [0, 1].map((view) => ({ spec, draw: (of: Int32Array) => plan(of, view) }));
  const taken = await takeImages(images, asked, drawn);
  const all: Float32Array[] = [];
  for (const rows of taken.plans) {
    const { store, indices } = taken;
    const input = { images: store, indices, plan: rows, view: spec };
    all.push(await native.executePlan({ ...input, executor: 'fused', dtype: 'float32', threads: 1, device: 'cpu' }));
  }
  taken.release();
  return all;
}

describe('images of a packed store', () => {
  const asked = Int32Array.from({ length: 50 }, (_, i) => (i * 7) % COUNT);

  test('are those that were packed: of each batch what its crops need, or all at once for a device', () =>
    withStore(async ({ train }) => {
      const memory = new ImageOpener(native, { threads: 1 });
      const expected = await views(memory.open(arrays.train, 'images'), asked);
      memory.dispose();
      const bytes = COUNT * HEIGHT * WIDTH * 3;
      for (const [residentBytes, decoded] of [
        [0, true],
        [bytes - 1, true],
        [bytes, false],
      ] as const) {
        const opener = new ImageOpener(native, { threads: 2, residentBytes });
        const images = opener.open(train, 'images');
        assert.equal(images.decoded, decoded);
        for (let again = 0; again < 2; again += 1) assert.deepEqual(await views(images, asked), expected);
        opener.dispose();
      }
    }));

  test('of several sizes are never all read at once', () =>
    withTempDir(async (dir) => {
      const out = path.join(dir, 'p.byol');
      const mixed = datasetFromArrays({ pixels: new Uint8Array(9 + 12), heights: [1, 2], widths: [3, 2] });
      await packImages(native, mixed, { place: dir, out, size: 64, brokenLimit: 0, overwrite: false, threads: 1 });
      const opener = new ImageOpener(native, { threads: 1, residentBytes: 1e9 });
      assert.equal(opener.open((await openStore(out)).train, 'images').decoded, true);
      opener.dispose();
    }));

  test('that were cut off while they are in use are told, and nothing crashes', () =>
    withStore(async ({ train }, file) => {
      const opener = new ImageOpener(native, { threads: 2 });
      const images = opener.open(train, 'images');
      await views(images, asked);
      truncateSync(file, 4096 + 5 * HEIGHT * WIDTH * 3);
      await views(images, Int32Array.of(0, 1, 2, 3));
      await assert.rejects(views(images, asked), {
        code: 'ERR_BYOL_DATA',
        message: /p\.byol was changed while it was in use: it cannot be read: it ends at byte \d+, within an image/,
      });
      opener.dispose();
    }));
});
