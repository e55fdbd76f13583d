import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { loadNative } from '../../lib/binding/load.js';
import type { Dataset, FilesSource, ImageSource, ImageSplit } from '../../lib/data/dataset.js';
import { classesOf, sizeOf } from '../../lib/data/dataset.js';
import { datasetFromArrays } from '../../lib/data/from-arrays.js';
import { readData, registerDataKind } from '../../lib/data/kinds/index.js';
import { limited } from '../../lib/data/limit.js';
import { packImages } from '../../lib/data/packed/pack.js';
import { openStore } from '../../lib/data/packed/read-store.js';
import { subset } from '../../lib/data/subset.js';
import { resolveConfig } from '../../lib/methods/resolve.js';
import { labelsOf, memorySplit } from '../support/datasets.js';
import { withTempDir } from '../support/paths.js';
import { jpegHeader, withPhotoFolder, writeFiles } from '../support/photos.js';

/** Images of one pixel, whose red is the number of the image. */
function numbered(labels: readonly number[] | null, count = labels?.length ?? 0): ImageSplit {
  const pixels = new Uint8Array(3 * count);
  for (let i = 0; i < count; i += 1) pixels[3 * i] = i;
  return memorySplit(count, 1, 1, pixels, labels && Int32Array.from(labels));
}

const numbersOf = ({ source, count }: ImageSplit): number[] =>
  Array.from({ length: count }, (_, i) => source.pixels[3 * i] as number);

const limitedMemory = async (data: Dataset, limit: number): Promise<Dataset> => (await limited(data, limit)) as Dataset;

describe('data.limit', () => {
  test('takes of each class its share, in their order and always the same; smaller splits stay as they are', async () => {
    // 60 of class 0, 30 of class 1, 10 of class 2.
    const labels = Array.from({ length: 100 }, (_, i) => (i % 10 < 6 ? 0 : i % 10 < 9 ? 1 : 2));
    const data: Dataset = { train: numbered(labels), test: numbered([0, 1, 2]), classNames: ['a', 'b', 'c'] };
    const { train, test, notes } = await limitedMemory(data, 20);
    const kept = numbersOf(train);
    assert.equal(train.count, 20);
    assert.deepEqual(
      kept,
      [...new Set(kept)].sort((a, b) => a - b),
    );
    assert.deepEqual(
      [...labelsOf(train)],
      kept.map((image) => labels[image]),
    );
    for (const [label, count] of [12, 6, 2].entries())
      assert.equal(labelsOf(train).filter((each) => each === label).length, count);
    // Not the first ones.
    assert.ok(Math.max(...kept) > 50);
    assert.equal(test, data.test);
    assert.deepEqual(notes, [
      'With data.limit, 20 of the 100 training images are used: results are not those of the whole set.',
    ]);
    assert.deepEqual(numbersOf((await limitedMemory(data, 20)).train), kept);
    assert.equal(await limited(data, 100), data);
  });

  test('limits that do not divide evenly are kept to the image, also with fewer images than classes', async () => {
    const labels = Array.from({ length: 97 }, (_, i) => i % 7);
    const data: Dataset = { train: numbered(labels), classNames: [...'abcdefg'] };
    for (const limit of [1, 3, 7, 8, 50, 96]) {
      const { train } = await limitedMemory(data, limit);
      assert.equal(train.count, limit);
      const sizes = [...'abcdefg'].map((_, label) => labelsOf(train).filter((each) => each === label).length);
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `${sizes}`);
    }
  });

  test('images without labels are a class of their own; without any label they are drawn alike', async () => {
    const some = Array.from({ length: 90 }, (_, i) => (i < 60 ? -1 : 0));
    const { train } = await limitedMemory({ train: numbered(some), classNames: ['a'] }, 30);
    assert.equal(labelsOf(train).filter((label) => label === -1).length, 20);
    const none = await limitedMemory({ train: numbered(null, 90), classNames: [] }, 30);
    assert.equal(none.train.targets, null);
    assert.ok(Math.max(...numbersOf(none.train)) > 60);
    // Where none of the images that are left has one, there are no targets.
    const rare = [0, ...Array.from({ length: 199 }, () => -1)];
    assert.equal((await limitedMemory({ train: numbered(rare), classNames: ['a'] }, 10)).train.targets, null);
  });

  test('a subset has images of several sizes and several labels each', () => {
    const heights = Int32Array.from([1, 2, 1]);
    const widths = Int32Array.from([2, 1, 3]);
    const split: ImageSplit = {
      count: 3,
      source: { kind: 'memory', pixels: Uint8Array.from({ length: 21 }, (_, i) => i), heights, widths },
      targets: { kind: 'labels', labels: Int32Array.from([4, 5, 6]), offsets: Int32Array.from([0, 2, 2, 3]) },
    };
    const part = subset(split, Int32Array.from([2, 0]));
    assert.deepEqual([...part.source.pixels], [12, 13, 14, 15, 16, 17, 18, 19, 20, 0, 1, 2, 3, 4, 5]);
    assert.deepEqual(
      [sizeOf(part.source, 0), sizeOf(part.source, 1)],
      [sizeOf(split.source, 2), sizeOf(split.source, 0)],
    );
    assert.deepEqual([[...classesOf(part.targets, 0)], [...classesOf(part.targets, 1)]], [[6], [4, 5]]);
    const tall = { ...split, source: { ...split.source, heights: 1, widths: Int32Array.from([2, 2, 3]) } };
    assert.deepEqual([...subset(tall, Int32Array.of(1)).source.pixels], [6, 7, 8, 9, 10, 11]);
  });

  test('of a folder of photos the files of those that are left are asked for', () =>
    withPhotoFolder(async (folder) => {
      const files: Record<string, Buffer> = {};
      for (let i = 0; i < 40; i += 1)
        files[`${i % 2 === 0 ? 'cat' : 'dog'}/${i}.jpg`] = jpegHeader(10 + i, 20, i % 3 === 0 ? 6 : 1);
      writeFiles(folder, files);
      const read = async (limit?: number): Promise<ImageSplit<FilesSource>> => {
        const config = { kind: 'folder', path: folder, labels: 'auto', brokenLimit: 0.05, limit } as const;
        return (await readData(config)).train as ImageSplit<FilesSource>;
      };
      const [all, part] = [await read(), await read(10)];
      assert.deepEqual([all.count, part.count], [40, 10]);
      const places = new Map(Array.from({ length: 40 }, (_, i) => [all.source.location(i), i]));
      for (let i = 0; i < 10; i += 1) {
        const of = places.get(part.source.location(i)) as number;
        assert.deepEqual(sizeOf(part.source, i), sizeOf(all.source, of));
        assert.equal(part.source.orientation(i), all.source.orientation(of));
        assert.equal(part.source.format(i), all.source.format(of));
        assert.deepEqual(part.source.place(i), all.source.place(of));
        assert.deepEqual(await part.source.read(i), await all.source.read(of));
        assert.equal(labelsOf(part as unknown as ImageSplit)[i], labelsOf(all as unknown as ImageSplit)[of]);
      }
    }));

  test('of a packed store as of the images in it', () =>
    withTempDir(async (dir) => {
      const data = datasetFromArrays({
        pixels: Uint8Array.from({ length: 30 * 8 * 8 * 3 }, (_, i) => (i * 31) % 251),
        height: 8,
        width: 8,
        labels: Array.from({ length: 30 }, (_, i) => i % 3),
      });
      const out = path.join(dir, 'p.byol');
      await packImages(loadNative(), data, {
        place: dir,
        out,
        size: 8,
        brokenLimit: 0,
        overwrite: false,
        threads: 1,
      });
      const pixelsOf = async ({ source, count }: ImageSplit<ImageSource>): Promise<number[][]> =>
        Promise.all(
          Array.from({ length: count }, async (_, i) => {
            if (source.kind === 'memory') return [...source.pixels.subarray(i * 192, (i + 1) * 192)];
            assert.equal(source.kind, 'packed');
            return [...(await source.read(i))];
          }),
        );
      const packed = await limited(await openStore(out), 9);
      assert.deepEqual(await pixelsOf(packed.train), await pixelsOf((await limited(data, 9)).train));
    }));

  test('is a setting of every kind that is opened, and is checked', async () => {
    const config = resolveConfig({ preset: 'shapes', patch: { data: { trainImages: 50, testImages: 20, limit: 12 } } });
    assert.equal(config.data.limit, 12);
    const { train, test } = await readData(config.data);
    assert.deepEqual([train.count, test?.count], [12, 12]);
    for (const limit of [0, -1, 1.5, '3'])
      assert.throws(() => resolveConfig({ preset: 'shapes', patch: { data: { limit: limit as number } } }), {
        code: 'ERR_BYOL_CONFIG',
        message: /data\.limit/,
      });
    const given = { kind: 'custom', name: 'mine', hash: '0'.repeat(64), limit: 3 } as const;
    assert.throws(() => resolveConfig({ preset: 'shapes', patch: { data: given } }), { code: 'ERR_BYOL_CONFIG' });
    assert.throws(
      () =>
        registerDataKind({
          schema: z.strictObject({ kind: z.literal('with-limit'), limit: z.number() }),
          title: 'x',
          defaults: {},
          open: () => Promise.reject(new Error('not opened')),
        }),
      { code: 'ERR_BYOL_USAGE', message: /limit/ },
    );
  });
});
