/** Whole JPEG files of a source, as a run reads them into memory, against sharp. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { loadNative } from '../../lib/binding/load.js';
import type { FilesSource } from '../../lib/data/dataset.js';
import { decodeImage } from '../../lib/data/decode-image.js';
import { decodeJpegs } from '../../lib/data/decode-jpegs.js';
import type { ImageFormat } from '../../lib/data/headers/header.js';
import { withTempDir } from '../support/paths.js';

const loaded = await import('sharp').catch(() => null);
const sharp = loaded?.default as typeof import('sharp').default;
const without =
  loaded === null || loadNative().info().jpeg === '' ? 'needs the package sharp and libjpeg-turbo' : false;

interface Photo {
  readonly width: number;
  readonly height: number;
  readonly orientation: number;
  readonly format: ImageFormat;
  readonly path: string;
}

async function write(dir: string, number: number): Promise<Photo> {
  const [width, height, orientation] = [20 + ((number * 7) % 50), 15 + ((number * 11) % 60), 1 + (number % 8)];
  const pixels = Buffer.from({ length: width * height * 3 }).map((_, i) => (i * (number + 3) + (i >> 5)) % 256);
  const file = path.join(dir, `${number}.jpg`);
  const image = sharp(pixels, { raw: { width, height, channels: 3 } }).withMetadata({ orientation });
  const format = number % 10 === 9 ? 'png' : 'jpeg';
  writeFileSync(
    file,
    await (format === 'png' ? image.png() : image.jpeg({ progressive: number % 3 === 0 })).toBuffer(),
  );
  const turned = orientation > 4;
  return { width: turned ? height : width, height: turned ? width : height, orientation, format, path: file };
}

function sourceOf(photos: readonly Photo[]): FilesSource {
  const at = (image: number): Photo => photos[image] as Photo;
  return {
    kind: 'files',
    heights: Int32Array.from(photos, ({ height }) => height),
    widths: Int32Array.from(photos, ({ width }) => width),
    read: () => assert.fail('the addon reads by itself'),
    place: (image) => ({ path: Buffer.from(at(image).path), offset: 0, length: 1e6 }),
    location: (image) => at(image).path,
    format: (image) => at(image).format,
    orientation: (image) => at(image).orientation,
    brokenLimit: 0,
  };
}

async function decode(photos: readonly Photo[], signal?: AbortSignal) {
  const decoded = new Map<number, Buffer>();
  const broken = new Map<number, string>();
  const reader = {
    decoded: (image: number, pixels: Uint8Array): void => void decoded.set(image, Buffer.from(pixels)),
    broken: (image: number, reason: string): void => void broken.set(image, reason),
  };
  const others = await decodeJpegs(sourceOf(photos), photos.length, reader, signal);
  return { decoded, broken, others };
}

describe('JPEG files of a source', { skip: without }, () => {
  test('have the pixels that sharp gives; other formats are left to others', () =>
    withTempDir(async (dir) => {
      // More than two batches, one with a format of its own in it.
      const photos: Photo[] = [];
      for (let number = 0; number < 75; number += 1) photos.push(await write(dir, number));
      const { decoded, broken, others } = await decode(photos);
      assert.deepEqual([broken.size, decoded.size, others], [0, 68, [9, 19, 29, 39, 49, 59, 69]]);
      for (const [image, pixels] of decoded) {
        const photo = photos[image] as Photo;
        const expected = await decodeImage(photo.path, { name: photo.path, maxPixels: 1e5 });
        assert.ok(pixels.equals(expected.pixels), photo.path);
      }
    }));

  test('that are gone, cut off or others by now are named with the reason', () =>
    withTempDir(async (dir) => {
      const photos: Photo[] = [];
      for (let number = 1; number < 6; number += 1) photos.push(await write(dir, number));
      const [gone, empty, replaced, text] = photos as [Photo, Photo, Photo, Photo, Photo];
      rmSync(gone.path);
      writeFileSync(empty.path, '');
      writeFileSync(
        replaced.path,
        await sharp({ create: { width: 7, height: 5, channels: 3, background: '#f00' } })
          .jpeg()
          .toBuffer(),
      );
      writeFileSync(text.path, 'hello');
      const { decoded, broken, others } = await decode(photos);
      assert.deepEqual([[...decoded.keys()], others], [[4], [3]]);
      assert.deepEqual(
        [...broken],
        [
          [0, 'cannot be read: No such file or directory'],
          [1, 'cannot be decoded: it is empty'],
          [
            2,
            `was ${replaced.width} x ${replaced.height} pixels with orientation 4, and is 7 x 5 pixels with orientation 1`,
          ],
        ],
      );
    }));

  test('are given up where somebody says so, and where a reader throws', () =>
    withTempDir(async (dir) => {
      const one = await write(dir, 1);
      const many = Array.from({ length: 200 }, () => one);
      await assert.rejects(decode(many, AbortSignal.abort(new Error('enough'))), /enough/);
      const failing = {
        decoded: (): void => {
          throw new Error('full');
        },
        broken: (): void => {},
      };
      await assert.rejects(decodeJpegs(sourceOf(many), many.length, failing), /full/);
    }));
});
