/** Photos in one file: their pixels, what is known of them, and what becomes of an unfinished or damaged file. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { loadNative } from '../../../lib/binding/load.js';
import { classLabels, type Dataset, type PackedSource, sizeOf } from '../../../lib/data/dataset.js';
import { decodeImage } from '../../../lib/data/decode-image.js';
import { datasetFromArrays } from '../../../lib/data/from-arrays.js';
import { inferData } from '../../../lib/data/infer.js';
import { readData } from '../../../lib/data/kinds/index.js';
import { type PackOptions, type PackResult, packImages } from '../../../lib/data/packed/pack.js';
import { packedSize } from '../../../lib/data/packed/plan.js';
import { verifyStore } from '../../../lib/data/packed/verify.js';
import { paintedPixels, writePaintedPhotos } from '../../support/painted-photos.js';
import { withPhotoFolder, writeFiles } from '../../support/photos.js';

const native = loadNative();

async function pack(folder: string, out: string, more: Partial<PackOptions> = {}): Promise<PackResult> {
  const { config } = await inferData(folder);
  const data = await readData({ ...config, ...('brokenLimit' in config && { brokenLimit: more.brokenLimit ?? 0.05 }) });
  return packImages(native, data, options(folder, out, more));
}

function options(place: string, out: string, more: Partial<PackOptions>): PackOptions {
  return { place, out, size: 24, brokenLimit: 0.05, overwrite: false, threads: 2, ...more };
}

async function open(file: string): Promise<Dataset<PackedSource>> {
  const { config } = await inferData(file);
  assert.equal(config.kind, 'packed');
  return (await readData(config)) as Dataset<PackedSource>;
}

const hash = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
const near = (a: Uint8Array, b: Uint8Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);

/** Keys' cubic kernel, widened where the image becomes smaller, in float64 over the whole image. */
function resized(
  pixels: Uint8Array,
  from: { height: number; width: number },
  to: { height: number; width: number },
): Uint8Array {
  const keys = (s: number): number =>
    s <= 1 ? 1.5 * s ** 3 - 2.5 * s ** 2 + 1 : s < 2 ? -0.5 * s ** 3 + 2.5 * s ** 2 - 4 * s + 2 : 0;
  const weights = (length: number, other: number): number[][] =>
    Array.from({ length: other }, (_, i) => {
      const ratio = length / other;
      const all = Array.from({ length }, (_, j) => keys(Math.abs((j + 0.5 - (i + 0.5) * ratio) / Math.max(1, ratio))));
      const sum = all.reduce((a, b) => a + b, 0);
      return all.map((weight) => weight / sum);
    });
  const [rows, columns] = [weights(from.height, to.height), weights(from.width, to.width)];
  const out = new Uint8Array(to.height * to.width * 3);
  for (let y = 0; y < to.height; y += 1) {
    for (let x = 0; x < to.width; x += 1) {
      for (let channel = 0; channel < 3; channel += 1) {
        let sum = 0;
        for (const [r, row] of (rows[y] as number[]).entries()) {
          if (row === 0) continue;
          for (const [c, column] of (columns[x] as number[]).entries())
            sum += row * column * (pixels[(r * from.width + c) * 3 + channel] as number);
        }
        out[(y * to.width + x) * 3 + channel] = Math.round(Math.min(255, Math.max(0, sum)));
      }
    }
  }
  return out;
}

describe('a packed store', () => {
  test('has all images upright and smaller, with names, labels and splits', () =>
    withPhotoFolder(async (folder) => {
      await writePaintedPhotos(folder, 20);
      const out = path.join(folder, '../p.byol');
      const { images, outcome, broken } = await pack(folder, out);
      assert.deepEqual([images, outcome, broken], [25, 'packed', []]);
      assert.deepEqual(
        readdirSync(path.dirname(out)).filter((name) => name.startsWith('p.')),
        ['p.byol'],
      );

      const files = await readData((await inferData(folder)).config);
      const store = await open(out);
      assert.deepEqual(store.classNames, ['even', 'odd']);
      for (const split of ['train', 'test'] as const) {
        const [from, to] = [files[split], store[split]];
        assert.ok(from?.source.kind === 'files' && to !== undefined);
        assert.equal(to.count, from.count);
        assert.deepEqual(classLabels(to.targets), classLabels(from.targets));
        for (let i = 0; i < to.count; i += 1) {
          const location: string = from.source.location(i);
          assert.equal(path.join(folder, to.source.location(i)), location);
          const whole = await decodeImage(readFileSync(location), { name: location, maxPixels: 1e6 });
          const size = packedSize(whole, 24);
          assert.deepEqual(sizeOf(to.source, i), size);
          // Another build of libjpeg may round otherwise by one, before and after.
          const made = await to.source.read(i);
          const difference = near(made, resized(whole.pixels, whole, size));
          assert.ok(difference <= 2, `${location}: ${difference}`);
        }
      }
    }));

  test('is a file as its description says', () =>
    withPhotoFolder(async (folder) => {
      await writePaintedPhotos(folder, 4);
      const out = path.join(folder, '../p.byol');
      await pack(folder, out);
      const bytes = readFileSync(out);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const large = (at: number): number => Number(view.getBigUint64(at, true));
      assert.equal(bytes.toString('latin1', 0, 8), 'BYOLPACK');
      assert.deepEqual([view.getUint32(8, true), view.getUint32(12, true)], [1, 5]);
      const [fileBytes, pixelOffset, pixelBytes, indexOffset, indexBytes, directoryBytes] = [
        16, 24, 32, 40, 48, 56,
      ].map(large) as number[];
      assert.deepEqual([fileBytes, pixelOffset], [bytes.length, 4096]);
      assert.equal(view.getUint32(4092, true), crc32(bytes.subarray(0, 4092)));
      const index = bytes.subarray(indexOffset);
      assert.deepEqual([index.length, view.getUint32(64, true)], [indexBytes, crc32(index)]);
      const directory = JSON.parse(index.subarray(index.length - (directoryBytes as number)).toString('utf8'));
      assert.deepEqual(directory.splits, {
        train: { images: 4, targets: 'class' },
        test: { images: 1, targets: 'class' },
      });
      let end = pixelOffset as number;
      for (let i = 0; i < 5; i += 1) {
        const at = (name: string, each: number): number =>
          (indexOffset as number) + directory.columns[name][0] + i * each;
        assert.equal(large(at('offsets', 8)), end);
        const [height, width] = [view.getUint32(at('heights', 4), true), view.getUint32(at('widths', 4), true)];
        const pixels = bytes.subarray(end, end + height * width * 3);
        assert.equal(view.getUint32(at('sums', 4), true), crc32(pixels));
        end += pixels.length;
      }
      assert.equal(end - (pixelOffset as number), pixelBytes);
    }));

  test('holds images of memory and of another store, of any number of labels', () =>
    withPhotoFolder(async (folder) => {
      const arrays = datasetFromArrays({
        pixels: Buffer.concat(Array.from({ length: 6 }, (_, i) => paintedPixels(i, 30 + i, 28))),
        heights: new Int32Array(6).fill(28),
        widths: Int32Array.from({ length: 6 }, (_, i) => 30 + i),
        labels: [[0, 1], [], [1], [], [], [0]],
      });
      const [first, second] = ['1.byol', '2.byol'].map((name) => path.join(folder, name)) as [string, string];
      await packImages(native, arrays, options(folder, first, { size: 64 }));
      const store = await open(first);
      assert.deepEqual(store.train.targets, arrays.train.targets);
      for (let i = 0; i < 6; i += 1) {
        assert.deepEqual(Buffer.from(await store.train.source.read(i)), Buffer.from(paintedPixels(i, 30 + i, 28)));
      }
      await packImages(native, store, options(folder, second, { size: 14 }));
      const small = await open(second);
      assert.deepEqual([small.train.source.heights, small.train.targets], [14, arrays.train.targets]);
      assert.equal(small.train.source.location(5), store.train.source.location(5));
      const size = sizeOf(small.train.source, 3);
      const expected = resized(paintedPixels(3, 33, 28), { height: 28, width: 33 }, size);
      assert.ok(near(await small.train.source.read(3), expected) <= 1);
    }));

  test('leaves out and names what is broken, up to the limit', () =>
    withPhotoFolder(async (folder) => {
      await writePaintedPhotos(folder, 20);
      const out = path.join(folder, '../p.byol');
      const files = ['train/odd/003.jpeg', 'train/odd/009.png', 'val/even/020.jpeg'];
      for (const name of files) {
        const file = path.join(folder, name);
        truncateSync(file, Math.floor(statSync(file).size * 0.6));
      }
      await assert.rejects(pack(folder, out), {
        code: 'ERR_BYOL_DATA',
        message: /more than data\.brokenLimit \(0\.05 of all\) allows: train\/odd\/00/,
      });
      const { images, broken } = await pack(folder, out, { brokenLimit: 0.2 });
      assert.equal(images, 22);
      assert.deepEqual(broken.map(({ location }) => location).sort(), files);
      const store = await open(out);
      assert.deepEqual([store.train.count, store.test?.count], [18, 4]);
      assert.match((store.notes ?? []).join(' '), /Left out when the images were packed.*: 3, train\/odd\/003\.jpeg/);
      assert.equal(store.train.source.location(store.train.count - 1), 'train/odd/019.png');
      assert.deepEqual((await verifyStore(out)).damaged, []);
    }));

  test('is not written twice, nor over something else', () =>
    withPhotoFolder(async (folder) => {
      await writePaintedPhotos(folder, 4);
      const out = path.join(folder, '../p.byol');
      await pack(folder, out);
      const before = [hash(out), statSync(out).mtimeMs];
      assert.equal((await pack(folder, out)).outcome, 'there');
      assert.deepEqual([hash(out), statSync(out).mtimeMs], before);
      await assert.rejects(pack(folder, out, { size: 20 }), {
        code: 'ERR_BYOL_IO',
        message: /a store of other images, or of other sizes/,
      });
      assert.deepEqual(hash(out), before[0]);
      assert.equal((await pack(folder, out, { size: 20, overwrite: true })).outcome, 'packed');
      assert.notEqual(hash(out), before[0]);
      // A damaged one is replaced only where that was said.
      truncateSync(out, 5000);
      await assert.rejects(pack(folder, out), { code: 'ERR_BYOL_DATA', message: /it was cut off/ });
      assert.equal((await pack(folder, out, { overwrite: true })).outcome, 'packed');
      assert.equal(hash(out), before[0]);
      const other = path.join(folder, '../notes.txt');
      writeFileSync(other, 'mine');
      await assert.rejects(pack(folder, other, { overwrite: true }), {
        code: 'ERR_BYOL_IO',
        message: /something else than a packed store/,
      });
      assert.equal(readFileSync(other, 'utf8'), 'mine');
      await assert.rejects(pack(folder, path.join(folder, 'no/such/folder.byol')), { code: 'ERR_BYOL_IO' });
    }));

  test('is gone on with after it was stopped, to the same bytes; other images are begun anew', () =>
    withPhotoFolder(async (folder) => {
      await writePaintedPhotos(folder, 200);
      // Among the first, so that it is known before the stop.
      truncateSync(path.join(folder, 'train/even/004.jpeg'), 900);
      const [whole, out] = ['whole.byol', 'p.byol'].map((name) => path.join(folder, '..', name)) as [string, string];
      await pack(folder, whole);
      const stop = async (): Promise<number> => {
        const abort = new AbortController();
        let seen = 0;
        await assert.rejects(
          pack(folder, out, {
            signal: abort.signal,
            onProgress: ({ done }) => {
              seen = done;
              abort.abort();
            },
          }),
          { name: 'AbortError' },
        );
        assert.ok(!existsSync(out));
        return seen;
      };
      const seen = await stop();
      assert.ok(seen > 0 && seen < 250, String(seen));
      const { before } = await pack(folder, out);
      assert.ok(before >= seen && before < 250, `${before} of ${seen}`);
      assert.equal(hash(out), hash(whole));

      // A journal that says more than there is, and one that is cut within a line.
      renameSync(out, `${out}.1`);
      await stop();
      truncateSync(`${out}.partial`, 4096);
      assert.equal((await pack(folder, out)).before, 0);
      assert.equal(hash(out), hash(whole));
      renameSync(out, `${out}.2`);
      await stop();
      appendFileSync(`${out}.journal`, '12345678 {"images":10,"sums":[');
      assert.ok((await pack(folder, out)).before > 0);
      assert.equal(hash(out), hash(whole));

      renameSync(out, `${out}.3`);
      await stop();
      writeFiles(folder, { 'train/odd/zzz.jpeg': readFileSync(path.join(folder, 'train/odd/001.jpeg')) });
      assert.equal((await pack(folder, out)).before, 0);
      assert.equal((await open(out)).train.count, 200);
    }));

  test('is told to be damaged: cut off, changed anywhere, of another version', () =>
    withPhotoFolder(async (folder) => {
      await writePaintedPhotos(folder, 8);
      const out = path.join(folder, '../p.byol');
      await pack(folder, out);
      const good = readFileSync(out);
      const refused = async (bytes: Uint8Array, message: RegExp): Promise<void> => {
        writeFileSync(out, bytes);
        await assert.rejects(async () => readData({ kind: 'packed', path: out }), { code: 'ERR_BYOL_DATA', message });
      };
      const changed = (at: number): Buffer => {
        const bytes = Buffer.from(good);
        bytes[at] = (bytes[at] as number) ^ 4;
        return bytes;
      };
      for (const length of [10, 4095, 4096, 9000, good.length - 1]) {
        await refused(good.subarray(0, length), /ends within its header|it was cut off/);
      }
      await refused(Buffer.concat([good, Buffer.from('x')]), /something was appended/);
      await refused(changed(20), /damaged header/);
      await refused(changed(3000), /damaged header/);
      await refused(changed(8), /is of version 5, .*a newer byol-torch/);
      await refused(changed(good.length - 3), /damaged index/);
      await refused(changed(Number(good.readBigUInt64LE(40)) + 1), /damaged index/);
      await refused(Buffer.from('something else'), /is no packed store/);

      // Of pixels only what looks at them all can tell.
      writeFileSync(out, good);
      const store = await open(out);
      const { source } = store.train;
      const file = openSync(out, 'r+');
      writeSync(file, Buffer.from([(good[source.offset(3)] as number) ^ 1]), 0, 1, source.offset(3));
      closeSync(file);
      assert.deepEqual((await verifyStore(out)).damaged, [source.location(3)]);
      await source.read(2);
      await assert.rejects(source.read(3), { code: 'ERR_BYOL_IMAGE', message: /its pixels are damaged/ });
    }));
});
