import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkDataset } from '../../lib/data/check-dataset.js';
import type { Dataset } from '../../lib/data/dataset.js';
import { type DatasetArrays, datasetFromArrays } from '../../lib/data/from-arrays.js';

const pixels = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, i) => i % 256);

describe('a data set from arrays', () => {
  test('of one size, with labels, names and test images', () => {
    const train = { pixels: pixels(3 * 2 * 4 * 3), height: 2, width: 4, labels: [1, 0, -1] };
    const held = { pixels: pixels(2 * 2 * 4 * 3), height: 2, width: 4, labels: Int32Array.of(0, 1) };
    const data = datasetFromArrays({ ...train, test: held, classNames: ['cat', 'dog'], name: 'pets' });
    assert.deepEqual(data, {
      name: 'pets',
      train: {
        count: 3,
        source: { kind: 'memory', pixels: train.pixels, heights: 2, widths: 4 },
        targets: { kind: 'class', labels: Int32Array.of(1, 0, -1) },
      },
      test: {
        count: 2,
        source: { kind: 'memory', pixels: held.pixels, heights: 2, widths: 4 },
        targets: { kind: 'class', labels: Int32Array.of(0, 1) },
      },
      classNames: ['cat', 'dog'],
    });
    assert.equal(data.train.source.pixels, train.pixels, 'used, not copied');
  });

  test('of a size each, and any number of labels each', () => {
    const data = datasetFromArrays({
      pixels: pixels((1 * 2 + 3 * 1 + 2 * 2) * 3),
      heights: [1, 3, 2],
      widths: [2, 1, 2],
      labels: [[2, 0], [], [1]],
    });
    assert.deepEqual(data.train.source.heights, Int32Array.of(1, 3, 2));
    assert.deepEqual(data.train.targets, {
      kind: 'labels',
      labels: Int32Array.of(2, 0, 1),
      offsets: Int32Array.of(0, 2, 2, 3),
    });
    assert.deepEqual([data.classNames, data.name, data.test], [['0', '1', '2'], 'images', undefined]);
  });

  test('labels that are all unknown are none', () => {
    const data = datasetFromArrays({ pixels: pixels(6), height: 1, width: 1, labels: [-1, -1] });
    assert.deepEqual([data.train.targets, data.classNames], [null, []]);
    assert.equal(datasetFromArrays({ pixels: pixels(6), height: 1, width: 1 }).train.targets, null);
  });

  test('what does not go together is refused, naming the image', () => {
    const base = { pixels: pixels(12), height: 1, width: 2 };
    const refused = (options: object, code: string, message: RegExp): void => {
      assert.throws(() => datasetFromArrays({ ...base, ...options } as DatasetArrays), { code, message });
    };
    const data = 'ERR_BYOL_DATA';
    const usage = 'ERR_BYOL_USAGE';
    refused({ pixels: pixels(13) }, data, /training images: pixels must have 12 bytes, .* 2 images, got 13/);
    refused({ pixels: pixels(0) }, data, /training images: there must be at least one, got 0/);
    refused({ labels: [0] }, data, /one label for each of 2 images, got 1/);
    refused({ labels: [0, -2] }, data, /image 1 has label -2, expected 0 to 0, or -1/);
    refused({ labels: [0, 2], classNames: ['a', 'b'] }, data, /image 1 has label 2, expected 0 to 1/);
    refused({ labels: [[0], [5]], classNames: ['a'] }, data, /one of the images has label 5, expected 0 to 0\./);
    refused({ test: { pixels: pixels(5), height: 1, width: 2 } }, data, /test images: there must be at least one/);
    refused({ test: { pixels: pixels(7), height: 1, width: 2 } }, data, /test images: pixels must have 6 bytes/);
    refused({ height: 0 }, data, /training images: images are 2 x 0 pixels; sides are whole numbers from 1 to 16384/);
    refused({ pixels: pixels(6 * 1.5), height: 1.5 }, data, /images are 2 x 1\.5 pixels; sides are whole numbers/);
    refused({ classNames: ['a', 1] }, data, /classNames must be a list of names/);
    refused({ heights: [1, 1] }, usage, /size of the training images must be given as height and width, or as/);
    refused({ height: undefined }, usage, /size of the training images must be given/);
    refused({ pixels: [1, 2, 3] }, usage, /pixels must be a Uint8Array of RGB values, got a list/);
    refused({ label: [1, 2] }, usage, /'label' is not an option; did you mean 'labels'\?/);
    refused({ test: { ...base, labelz: [] } }, usage, /datasetFromArrays\(\), test: 'labelz' is not an option/);
    const each = { height: undefined, width: undefined, heights: [1, 1, 1], widths: [2, 2] };
    refused(each, data, /widths must have one number for each of 3 images, got 2/);
    refused(
      { ...each, heights: [20_000, 1] },
      data,
      /image 0 is 2 x 20000 pixels; sides are whole numbers from 1 to 16384/,
    );
  });
});

test('a data set made by hand is checked in every part', () => {
  const good: Dataset = datasetFromArrays({ pixels: pixels(12), height: 1, width: 2, labels: [[0], [0, 1]] });
  checkDataset(good);
  const { train } = good;
  const offsets = (...numbers: number[]): Dataset => ({
    ...good,
    train: { ...train, targets: { kind: 'labels', labels: Int32Array.of(0, 0, 1), offsets: Int32Array.from(numbers) } },
  });
  checkDataset(offsets(0, 1, 3));
  for (const wrong of [offsets(0, 1), offsets(0, 2, 1), offsets(1, 2, 3), offsets(0, 4, 3), offsets(0, 1, 2)]) {
    assert.throws(() => checkDataset(wrong), /offsets must be 3 ascending numbers from 0 to the number of labels, 3/);
  }
  const loose = (change: object): Dataset => ({ ...good, ...change }) as Dataset;
  assert.throws(() => checkDataset(loose({ train: undefined })), /There are no training images/);
  assert.throws(() => checkDataset(loose({ train: { count: 1 } })), /source must be of kind 'memory'/);
  assert.throws(
    () => checkDataset(loose({ train: { ...train, targets: undefined } })),
    /targets must be null or of kind/,
  );
  assert.throws(
    () => checkDataset(loose({ train: { ...train, source: { ...train.source, heights: [1, 1] } } })),
    /heights must be a number or an Int32Array/,
  );
  assert.throws(
    () => checkDataset(loose({ train: { ...train, targets: { kind: 'class', labels: [0, 1] } } })),
    /labels must be an Int32Array/,
  );
});
