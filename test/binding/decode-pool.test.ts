/** JPEG files decoded by the addon's threads, against sharp and Pillow, which decode them by other builds of libjpeg. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { loadNative } from '../../lib/binding/load.js';
import type { DecodedImages, DecodeInput } from '../../lib/binding/native.js';
import { decodeImage } from '../../lib/data/decode-image.js';
import { root, sharedData, withTempDir } from '../support/paths.js';
import { findPython, type Python, runPython } from '../support/python.js';

const native = loadNative();
const without = native.info().jpeg.includes('turbo') ? false : 'the addon was built without libjpeg-turbo';
const pool = new native.DecodePool(2);
after(() => pool.dispose());

interface Photo {
  readonly path: string;
  readonly height: number;
  readonly width: number;
  readonly orientation?: number;
  /** Top, left, height, width; the whole image if it is left out. */
  readonly boxes?: readonly (readonly [number, number, number, number])[];
}

function inputOf(photos: readonly Photo[], changes: Partial<DecodeInput> = {}): DecodeInput {
  const boxes = photos.map(({ height, width, boxes = [[0, 0, height, width] as const] }) => boxes);
  return {
    places: photos.map((photo) => ({ path: Buffer.from(photo.path), offset: 0, length: 1e9 })),
    heights: Int32Array.from(photos, ({ height }) => height),
    widths: Int32Array.from(photos, ({ width }) => width),
    orientations: Int32Array.from(photos, ({ orientation = 1 }) => orientation),
    crops: boxes[0]?.length ?? 1,
    boxes: Int32Array.from(boxes.flat(2)),
    viewHeight: 8,
    viewWidth: 8,
    leastRatio: null,
    limits: { pixels: 1e8, memory: 2 ** 29, scans: 100, seconds: 60, fileBytes: 2 ** 26, batchBytes: 2 ** 30 },
    ...changes,
  };
}

/** The pixels of image `index`. */
function region({ pixels, heights, widths }: DecodedImages, index: number): Uint8Array {
  const bytes = Array.from(heights, (height, i) => height * (widths[i] as number) * 3);
  const start = bytes.slice(0, index).reduce((sum, length) => sum + length, 0);
  return pixels.subarray(start, start + (bytes[index] as number));
}

const onlyOf = async (photo: Photo): Promise<DecodedImages> => pool.decode(inputOf([photo]));

const odd = sharedData('odd-images');
describe('odd files of other projects', { skip: odd === undefined ? 'no ../shared/data/odd-images' : without }, () => {
  const file = (name: string): string => path.join(odd as string, name);
  /** Width, height and orientation as they are to be seen. */
  const whole: Readonly<Record<string, readonly [number, number, number]>> = {
    'exif-dpi-zerodivision.jpg': [200, 200, 1],
    'hopper_gray.jpg': [128, 128, 1],
    'hopper_orientation_2.jpg': [128, 128, 2],
    'hopper_orientation_3.jpg': [128, 128, 3],
    'hopper_orientation_6.jpg': [128, 128, 6],
    'hopper_orientation_8.jpg': [128, 128, 8],
    'ir-cat.jpg': [320, 240, 1],
    'jpg-size-1x1.jpg': [1, 1, 1],
    'pil-rgb.jpg': [100, 100, 1],
    'pil_sample_cmyk.jpg': [100, 100, 1],
    'restarts.jpg': [33, 33, 1],
  };
  const photos = Object.entries(whole).map(
    ([name, [width, height, orientation]]): Photo => ({ path: file(name), width, height, orientation }),
  );
  const isInk = (photo: Photo): boolean => photo.path.includes('cmyk');

  test('are decoded or refused, each with its reason', async () => {
    const refused: Readonly<Record<string, readonly [number, number, string, RegExp]>> = {
      'max_size.jpg': [65535, 65535, 'too-large', /dimension|pixels/],
      'missing-sos.jpg': [8, 8, 'broken', /./],
      'truncated.jpg': [290, 442, 'broken', /^it is cut off after about \d+ of 442 rows$/],
    };
    for (const [name, [width, height, outcome, reason]] of Object.entries(refused)) {
      const box = [0, 0, Math.min(height, 442), Math.min(width, 290)] as const;
      const { failures, pixels } = await onlyOf({ path: file(name), width, height, boxes: [box] });
      assert.deepEqual([failures.length, failures[0]?.image, failures[0]?.outcome], [1, 0, outcome], name);
      assert.match(failures[0]?.reason ?? '', reason);
      assert.ok(pixels.every((value) => value === 0));
    }
    for (const name of readdirSync(odd as string).filter((other) => other.endsWith('.png'))) {
      const { failures } = await onlyOf({ path: file(name), width: 8, height: 8 });
      assert.equal(failures[0]?.outcome, 'not-jpeg', name);
    }
    const { failures } = await pool.decode(inputOf(photos));
    assert.deepEqual(failures, []);
    const jpegs = readdirSync(odd as string).filter((name) => name.endsWith('.jpg'));
    assert.equal(photos.length + Object.keys(refused).length, jpegs.length);
  });

  test('rows that were not cut off are there', async () => {
    const photo = { path: file('truncated.jpg'), width: 290, height: 442, boxes: [[0, 0, 60, 290] as const] };
    const { failures, pixels } = await onlyOf(photo);
    assert.deepEqual(failures, []);
    assert.ok(pixels.some((value) => value > 0));
  });

  test('have the pixels that sharp gives', async () => {
    const batch = await pool.decode(inputOf(photos));
    for (const [i, photo] of photos.entries()) {
      const { pixels, width, height } = await decodeImage(photo.path, { name: photo.path, maxPixels: 1e6 });
      assert.deepEqual([batch.heights[i], batch.widths[i]], [height, width], photo.path);
      if (isInk(photo)) continue; // sharp goes by colour profiles
      assert.ok(Buffer.from(region(batch, i)).equals(pixels), photo.path);
    }
  });

  const python = findPython('PIL');
  test('have the pixels that Pillow gives', { skip: typeof python === 'string' ? python : false }, async () => {
    const script = path.join(root, 'test/python/decode_images.py');
    const printed = runPython(python as Python, script, ...photos.map((photo) => photo.path));
    const theirs = JSON.parse(printed) as Readonly<Record<string, readonly [number, number, string] | null>>;
    const batch = await pool.decode(inputOf(photos));
    for (const [i, photo] of photos.entries()) {
      const [width, height, pixels] = theirs[photo.path] ?? [0, 0, ''];
      assert.deepEqual([batch.widths[i], batch.heights[i]], [width, height], photo.path);
      assert.ok(Buffer.from(pixels, 'base64').equals(region(batch, i)), photo.path);
    }
  });

  test('two crops lie in the smallest rectangle with both, with any number of threads', async () => {
    const boxes = [
      [10, 20, 30, 9],
      [25, 5, 40, 20],
    ] as const;
    const crops = photos.filter(({ height }) => height >= 100).map((photo) => ({ ...photo, boxes }));
    const whole = await pool.decode(inputOf(crops.map(({ boxes: _, ...photo }) => photo)));
    const batch = await pool.decode(inputOf(crops));
    for (const [i, { width }] of crops.entries()) {
      assert.deepEqual([batch.heights[i], batch.widths[i], batch.scales[i]], [55, 24, 8]);
      assert.deepEqual([...batch.boxes.subarray(8 * i, 8 * i + 8)], [0, 15, 30, 9, 15, 0, 40, 20]);
      const rows = Array.from({ length: 55 }, (_, y) => {
        const start = 3 * ((10 + y) * width + 5);
        return region(whole, i).subarray(start, start + 3 * 24);
      });
      assert.ok(Buffer.concat(rows).equals(region(batch, i)), crops[i]?.path);
    }
    for (const threads of [1, 5]) {
      const other = new native.DecodePool(threads);
      const again = await other.decode(inputOf(crops));
      other.dispose();
      assert.ok(Buffer.from(again.pixels).equals(batch.pixels), `${threads} threads`);
    }
  });

  test('a file that has changed is told from what was said of it', async () => {
    const photo = { path: file('hopper_orientation_6.jpg'), width: 128, height: 128, orientation: 1 };
    const { failures } = await onlyOf(photo);
    assert.equal(failures[0]?.outcome, 'changed');
    assert.equal(
      failures[0]?.reason,
      'it was 128 x 128 pixels with orientation 1, and is 128 x 128 pixels with orientation 6',
    );
  });

  test('a disposed pool rejects what is on its way, and takes no more', async () => {
    const other = new native.DecodePool(1);
    const many = inputOf(Array.from({ length: 400 }, () => photos[6] as Photo));
    const promises = Array.from({ length: 4 }, () => other.decode(many));
    other.dispose();
    other.dispose();
    const settled = await Promise.allSettled(promises);
    for (const outcome of settled) {
      assert.equal(outcome.status, 'rejected');
      assert.equal(outcome.reason.code, 'ERR_BYOL_DISPOSED');
    }
    assert.throws(() => other.decode(many), { code: 'ERR_BYOL_DISPOSED' });
  });

  test('pixels outlive their pool, and become a store', async () => {
    const other = new native.DecodePool(1);
    const { pixels, heights, widths } = await other.decode(inputOf(photos));
    other.dispose();
    using store = new native.ImageStore(pixels, heights, widths, null);
    assert.equal(store.size, photos.length);
  });
});

test('files that cannot be read are named by number, with the reason', { skip: without }, async () => {
  await withTempDir(async (dir) => {
    const named = (name: string): string => path.join(dir, name);
    mkdirSync(named('folder.jpg'));
    writeFileSync(named('empty.jpg'), '');
    writeFileSync(named('text.jpg'), 'hello');
    const photo = (name: string): Photo => ({ path: named(name), width: 8, height: 8 });
    const photos = ['none.jpg', 'folder.jpg', 'empty.jpg', 'text.jpg'].map(photo);
    const { failures } = await pool.decode(inputOf(photos));
    assert.deepEqual(
      failures.map(({ image, outcome, reason }) => [image, outcome, reason]),
      [
        [0, 'unreadable', 'it cannot be read: No such file or directory'],
        [1, 'unreadable', 'it cannot be read: it is a folder'],
        [2, 'broken', 'it is empty'],
        [3, 'not-jpeg', 'libjpeg says: Not a JPEG file: starts with 0x68 0x65'],
      ],
    );
  });
});

test('what cannot be meant is refused at the call', () => {
  const good = inputOf([{ path: '/a.jpg', width: 8, height: 8 }]);
  const refused = (changes: Partial<DecodeInput>, code: string): void =>
    assert.throws(() => pool.decode({ ...good, ...changes }), { code });
  refused({ places: [] }, 'ERR_BYOL_SHAPE');
  const place = { path: Buffer.from('/a.jpg'), offset: 0, length: 1 };
  refused({ places: [{ ...place, path: Buffer.of() }] }, 'ERR_BYOL_VALUE');
  refused({ places: [{ ...place, path: Buffer.from('/a\0.jpg') }] }, 'ERR_BYOL_VALUE');
  refused({ places: [{ ...place, offset: -1 }] }, 'ERR_BYOL_VALUE');
  refused({ heights: Int32Array.of(8, 8) }, 'ERR_BYOL_SHAPE');
  refused({ crops: 3 }, 'ERR_BYOL_VALUE');
  refused({ boxes: Int32Array.of(0, 0, 9, 8) }, 'ERR_BYOL_VALUE');
  refused({ orientations: Int32Array.of(9) }, 'ERR_BYOL_VALUE');
  refused({ leastRatio: 0 }, 'ERR_BYOL_VALUE');
  refused({ limits: { ...good.limits, batchBytes: 100 } }, 'ERR_BYOL_VALUE');
  assert.throws(() => new native.DecodePool(0), { code: 'ERR_BYOL_VALUE' });
});
