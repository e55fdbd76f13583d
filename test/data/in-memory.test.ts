import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import type { Dataset, FilesSource } from '../../lib/data/dataset.js';
import { inMemory } from '../../lib/data/in-memory.js';
import { openData, readData } from '../../lib/data/kinds/index.js';
import { jpegHeader, withPhotoFolder, writeFiles } from '../support/photos.js';

const loaded = await import('sharp').catch(() => null);
const sharp = loaded?.default as typeof import('sharp').default;

/** One colour, and a corner of another, by which turns are told. */
async function photo(width: number, height: number, red: number, orientation = 1): Promise<Buffer> {
  const corner = {
    input: { create: { width: 8, height: 8, channels: 3, background: '#00f' } },
    left: 0,
    top: 0,
  } as const;
  return sharp({ create: { width, height, channels: 3, background: { r: red, g: 0, b: 0 } } })
    .composite([corner])
    .withMetadata({ orientation })
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .toBuffer();
}

describe('photos in memory', { skip: loaded === null ? 'needs the package sharp' : false }, () => {
  test('are upright, of their own sizes, in order; broken ones are left out with their labels', () =>
    withPhotoFolder(async (folder) => {
      const whole = await photo(64, 64, 100);
      const cut = whole.subarray(0, whole.length - 60);
      writeFiles(folder, {
        'a/1.jpg': await photo(32, 16, 50),
        'a/2.jpg': cut,
        'a/3.jpg': await photo(32, 16, 200, 6),
        'b/1.png': await sharp({ create: { width: 9, height: 10, channels: 3, background: '#0f0' } })
          .png()
          .toBuffer(),
        'b/2.jpg': jpegHeader(10, 10),
      });
      const steps: Array<readonly [string, number, number | null]> = [];
      const config = { kind: 'folder', path: folder, labels: 'auto', brokenLimit: 0.5 } as const;
      const { train, notes } = await readData(config, {
        onProgress: ({ phase, done, total }) => steps.push([phase, done, total]),
      });
      assert.deepEqual([train.count, train.targets], [3, { kind: 'class', labels: Int32Array.of(0, 0, 1) }]);
      const { widths, heights, pixels } = train.source;
      assert.deepEqual([widths, heights], [Int32Array.of(32, 16, 9), Int32Array.of(16, 32, 10)]);
      assert.equal(pixels.length, (32 * 16 + 16 * 32 + 90) * 3);
      const at = (start: number, x: number, y: number, width: number): number[] =>
        [0, 1, 2].map((channel) => pixels[start + (y * width + x) * 3 + channel] as number);
      const near = (found: readonly number[], expected: readonly number[]): void => {
        for (const [i, value] of expected.entries())
          assert.ok(Math.abs((found[i] as number) - value) <= 4, `${found}: ${expected}`);
      };
      near(at(0, 2, 2, 32), [0, 0, 255]);
      near(at(0, 30, 14, 32), [50, 0, 0]);
      // Turned by 90 degrees: what was at the left end of the first row is at the right of it.
      near(at(32 * 16 * 3, 13, 2, 16), [0, 0, 255]);
      near(at(32 * 16 * 3, 2, 2, 16), [200, 0, 0]);
      near(at(32 * 16 * 3 * 2, 8, 9, 9), [0, 255, 0]);
      assert.equal(notes?.length, 1, notes?.join('\n'));
      assert.match(
        notes?.[0] as string,
        /^2 broken images are left out among 5 in training images: .*2\.jpg \(it cannot be decoded: it is (?:damaged, )?cut off/,
      );
      assert.deepEqual(steps.at(-1), ['training images', 5, 5]);
      await assert.rejects(readData({ ...config, brokenLimit: 0.2 }), {
        code: 'ERR_BYOL_DATA',
        message: /^2 of the first images of 5 in training images are broken, more than data\.brokenLimit/,
      });
    }));

  test('are none where reading is stopped, or where they do not fit', () =>
    withPhotoFolder(async (folder) => {
      writeFiles(folder, { 'a.jpg': await photo(16, 16, 1), 'b.jpg': await photo(16, 16, 1) });
      const data = (await openData({
        kind: 'folder',
        path: folder,
        labels: 'auto',
        brokenLimit: 0,
      })) as Dataset<FilesSource>;
      const controller = new AbortController();
      const stopped = inMemory(data, {
        signal: controller.signal,
        onProgress: () => controller.abort(new Error('enough')),
      });
      await assert.rejects(stopped, /enough/);
      const huge: FilesSource = { ...data.train.source, kind: 'files', widths: 16_384, heights: 16_384 } as FilesSource;
      await assert.rejects(inMemory({ ...data, train: { count: 10_000, source: huge, targets: null } }), {
        code: 'ERR_BYOL_DATA',
        message: /^10,000 photos have 8\.1e\+3 GB|^10,000 photos have 8,?053 GB/,
      });
      assert.ok(readFileSync(path.join(folder, 'a.jpg')).length > 0);
    }));
});
