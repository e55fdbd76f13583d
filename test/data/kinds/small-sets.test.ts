import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { classLabels, type Dataset, type FilesSource } from '../../../lib/data/dataset.js';
import { inferData } from '../../../lib/data/infer.js';
import { readData } from '../../../lib/data/kinds/index.js';
import { labelsOf } from '../../support/datasets.js';
import { inMemory } from '../../support/in-memory.js';
import { sharedData, withTempDir } from '../../support/paths.js';
import { jpegHeader, withPhotoFolder, writeFiles } from '../../support/photos.js';

const numbered = (count: number): string => Array.from({ length: count }, (_, i) => `name ${i}\n`).join('');

/** One image of three planes, of value 100 * channel + 10 * y + x at a few places. */
function planes(side: number, order: 'rows' | 'columns'): Buffer {
  const bytes = Buffer.alloc(3 * side * side);
  for (const channel of [0, 1, 2]) {
    for (const [y, x] of [
      [0, 1],
      [2, 3],
      [5, 0],
    ] as const) {
      bytes[channel * side * side + (order === 'rows' ? y * side + x : x * side + y)] = 50 * channel + 10 * y + x;
    }
  }
  return bytes;
}

function assertPixels(pixels: Uint8Array, image: number, side: number): void {
  for (const [y, x] of [
    [0, 1],
    [2, 3],
    [5, 0],
  ] as const) {
    const at = ((image * side + y) * side + x) * 3;
    assert.deepEqual(
      [...pixels.subarray(at, at + 3)],
      [0, 1, 2].map((channel) => 50 * channel + 10 * y + x),
    );
  }
}

describe('CIFAR-100', () => {
  const record = (coarse: number, fine: number): Buffer =>
    Buffer.concat([Buffer.from([coarse, fine]), planes(32, 'rows')]);
  const place = (dir: string): string => {
    const folder = path.join(dir, 'cifar-100-binary');
    mkdirSync(folder);
    writeFiles(folder, {
      'train.bin': Buffer.concat([record(3, 77), record(19, 0)]),
      'test.bin': record(5, 99),
      'fine_label_names.txt': numbered(100),
      'coarse_label_names.txt': numbered(20),
    });
    return folder;
  };

  test('is known by its files, and read with either of its labels', () =>
    withTempDir(async (dir) => {
      const folder = place(dir);
      for (const at of [dir, folder]) {
        const { config, side } = await inferData(at);
        assert.deepEqual([config, side], [{ kind: 'cifar100', path: at, labels: 'fine' }, 32]);
        const { train, test: held, classNames } = inMemory(await readData(config));
        assert.deepEqual([[...labelsOf(train)], held?.count, classNames[99]], [[77, 0], 1, 'name 99']);
        assertPixels(train.source.pixels, 1, 32);
      }
      const coarse = await readData({ kind: 'cifar100', path: dir, labels: 'coarse' });
      assert.deepEqual([[...labelsOf(coarse.train)], coarse.classNames.length], [[3, 19], 20]);
    }));

  test('validates with a tenth of its training images, as in the paper', () =>
    withTempDir(async (dir) => {
      const folder = place(dir);
      const records = Array.from({ length: 2000 }, (_, i) => record(i % 20, i % 100));
      writeFileSync(path.join(folder, 'train.bin'), Buffer.concat(records));
      const { train, val } = inMemory(await readData({ kind: 'cifar100', path: dir, labels: 'fine', val: 'paper' }));
      assert.ok(val !== undefined);
      // 5,067 of 50,000 of 2,000, of each class two or three.
      assert.deepEqual([train.count, val.count], [1797, 203]);
      const sizes = Array.from({ length: 100 }, (_, label) => labelsOf(val).filter((other) => other === label).length);
      assert.deepEqual([...new Set(sizes)].sort(), [2, 3]);
    }));

  test('that is damaged is refused', () =>
    withTempDir(async (dir) => {
      const folder = place(dir);
      const refused = (message: RegExp) =>
        assert.rejects(readData({ kind: 'cifar100', path: folder, labels: 'fine' }), {
          code: 'ERR_BYOL_DATA',
          message,
        });
      writeFileSync(path.join(folder, 'test.bin'), record(0, 100));
      await refused(/test\.bin is damaged: record 0 has the fine label 100, expected 0 to 99/);
      writeFileSync(path.join(folder, 'test.bin'), record(0, 1).subarray(0, 3000));
      await refused(/test\.bin is truncated .* has 3000 bytes, and records have 3074 \(0\.98 records\)/);
      writeFileSync(path.join(folder, 'fine_label_names.txt'), numbered(3));
      await refused(/should name 100 classes, one a line, but names 3/);
    }));
});

describe('STL-10', () => {
  const image = planes(96, 'columns');
  const place = (dir: string): string => {
    writeFiles(dir, {
      'train_X.bin': Buffer.concat([image, image, image]),
      'train_y.bin': Buffer.from([1, 10, 2]),
      'test_X.bin': image,
      'test_y.bin': Buffer.from([4]),
      'unlabeled_X.bin': Buffer.concat([image, image]),
      'class_names.txt': numbered(10),
      'fold_indices.txt': '0 2 \n1 \n',
    });
    return dir;
  };

  test('is known by its files, with its unlabelled images and its folds', () =>
    withTempDir(async (dir) => {
      const { config } = await inferData(place(dir));
      assert.deepEqual(config, { kind: 'stl10', path: dir, train: 'train+unlabeled', fold: null });
      const read = async (train: 'train' | 'unlabeled' | 'train+unlabeled', fold: number | null) =>
        inMemory(await readData({ kind: 'stl10', path: dir, train, fold }));
      const both = await read('train+unlabeled', null);
      assert.deepEqual(
        [[...labelsOf(both.train)], [...labelsOf(both.test as typeof both.train)]],
        [[0, 9, 1, -1, -1], [3]],
      );
      for (const at of [0, 4]) assertPixels(both.train.source.pixels, at, 96);
      assert.deepEqual([...labelsOf((await read('train', 0)).train)], [0, -1, 1]);
      assert.deepEqual([...labelsOf((await read('train+unlabeled', 1)).train)], [-1, 9, -1, -1, -1]);
      const unlabelled = await read('unlabeled', null);
      assert.deepEqual([unlabelled.train.count, unlabelled.train.targets], [2, null]);
      const refused = (promise: Promise<unknown>, message: RegExp) =>
        assert.rejects(promise, { code: 'ERR_BYOL_DATA', message });
      await refused(read('train', 2), /fold_indices\.txt: line 3 should list numbers of images, 0 to 2, but is empty/);
      writeFileSync(path.join(dir, 'fold_indices.txt'), '7\n');
      await refused(read('train', 0), /line 1 should list numbers of images, 0 to 2, and has 7/);
      writeFileSync(path.join(dir, 'train_y.bin'), Buffer.from([1, 11, 2]));
      await refused(read('train', null), /train_y\.bin is damaged: image 1 has label 11, expected 1 to 10/);
      writeFileSync(path.join(dir, 'train_y.bin'), Buffer.from([1, 10]));
      await refused(read('train', null), /train_y\.bin should have 3 bytes, one for each image, but has 2/);
      writeFileSync(path.join(dir, 'train_X.bin'), image.subarray(1));
      await refused(read('train', null), /train_X\.bin is truncated or not of STL-10/);
    }));
});

describe('Tiny ImageNet', () => {
  const jpeg = jpegHeader(64, 64);

  test('has the classes of its folders, and of its list for the validation images', () =>
    withPhotoFolder(async (folder) => {
      writeFiles(folder, {
        'train/n02/images/n02_0.JPEG': jpeg,
        'train/n01/images/n01_0.JPEG': jpeg,
        'train/n01/n01_boxes.txt': 'n01_0.JPEG\t0\t0\t1\t1\n',
        'val/images/val_0.JPEG': jpeg,
        'val/images/val_1.JPEG': jpeg,
        'val/val_annotations.txt': 'val_1.JPEG\tn01\t0\t0\t1\t1\nval_0.JPEG\tn02\t0\t0\t1\t1\n',
        'test/images/test_0.JPEG': jpeg,
        'words.txt': 'n01\tgoldfish, Carassius auratus\nn09\tanother\n',
      });
      const { config, side } = await inferData(folder);
      assert.deepEqual([config, side], [{ kind: 'tiny-imagenet', path: folder, brokenLimit: 0.05 }, 64]);
      const data = (await readData(config)) as Dataset<FilesSource>;
      assert.deepEqual(data.classNames, ['n01 goldfish', 'n02']);
      assert.deepEqual([...(classLabels(data.train.targets) ?? [])], [0, 1]);
      assert.deepEqual([...(classLabels(data.test?.targets ?? null) ?? [])], [1, 0]);
      assert.deepEqual([data.notes, data.train.count], [[], 2]);
      writeFiles(folder, { 'val/images/val_2.JPEG': jpeg });
      await assert.rejects(readData(config), {
        code: 'ERR_BYOL_DATA',
        message: /val_annotations\.txt does not say of which class val_2\.JPEG is/,
      });
    }));

  const shared = sharedData('tiny-imagenet-200-subset');
  test(
    'as it is published',
    { skip: shared === undefined ? 'needs ../shared/data/tiny-imagenet-200-subset' : false },
    () =>
      withPhotoFolder(async () => {
        const { config } = await inferData(shared as string);
        const data = (await readData(config)) as Dataset<FilesSource>;
        assert.deepEqual(
          [config.kind, data.train.count, data.test?.count, data.classNames.length],
          ['tiny-imagenet', 2000, 1000, 20],
        );
        for (const split of [data.train, data.test]) {
          const sizes = new Int32Array(20);
          for (const label of classLabels(split?.targets ?? null) ?? []) sizes[label] = (sizes[label] as number) + 1;
          assert.deepEqual([...sizes], new Array(20).fill(split === data.train ? 100 : 50));
        }
      }),
  );
});
