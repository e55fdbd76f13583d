import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Dataset, ImageSplit } from '../../../lib/data/dataset.js';
import { readData } from '../../../lib/data/kinds/index.js';
import { readRawStore, writeRawStore } from '../../../lib/data/kinds/raw.js';
import { ByolError } from '../../../lib/errors.js';
import { labelsOf, memorySplit } from '../../support/datasets.js';
import { withTempDir } from '../../support/paths.js';

function images(count: number, labels: readonly number[] | null): ImageSplit {
  const pixels = Uint8Array.from({ length: count * 4 * 5 * 3 }, (_, i) => (i * 7) % 256);
  return memorySplit(count, 4, 5, pixels, labels && Int32Array.from(labels));
}

const labelled: Dataset = {
  train: images(3, [0, 1, -1]),
  test: images(2, [1, 0]),
  classNames: ['cat', 'dog'],
};

const dataError = (pattern: RegExp) => (error: unknown) =>
  error instanceof ByolError && error.code === 'ERR_BYOL_DATA' && pattern.test(error.message);

test('what is written is read back, with and without labels', async () => {
  await withTempDir(async (dir) => {
    await writeRawStore(dir, labelled);
    assert.deepEqual(await readRawStore(dir), labelled);
    const unlabelled = { train: images(2, null), test: images(2, null), classNames: [] };
    // Over the old store: its labels must not stay behind.
    await writeRawStore(dir, unlabelled);
    assert.deepEqual(await readRawStore(dir), unlabelled);
    assert.deepEqual(readdirSync(dir).sort(), ['raw.json', 'test.bin', 'train.bin']);
  });
});

test('validation images, and none for tests, are read back too; what was there before does not stay', async () => {
  await withTempDir(async (dir) => {
    const { test: _, ...whole } = { ...labelled, val: images(1, [1]) };
    await writeRawStore(dir, { ...whole, test: images(2, [0, 0]) });
    await writeRawStore(dir, whole);
    assert.deepEqual(await readRawStore(dir), whole);
    const names = ['raw.json', 'train.bin', 'train.labels.bin', 'val.bin', 'val.labels.bin'];
    assert.deepEqual(readdirSync(dir).sort(), names);
    const wide = { ...images(1, null), source: { ...images(1, null).source, heights: 5, widths: 4 } };
    await assert.rejects(
      writeRawStore(dir, { ...whole, test: wide }),
      dataError(/one size, and these are 5 x 4 and 4 x 5 pixels/),
    );
    const several = {
      ...images(1, null),
      targets: { kind: 'labels', labels: Int32Array.of(0, 1), offsets: Int32Array.of(0, 2) },
    } as const;
    await assert.rejects(
      writeRawStore(dir, { ...whole, val: several }),
      dataError(/one label per image, and these have any number/),
    );
  });
});

test('labels without names are named by their numbers; little-endian int32, as NumPy writes them', async () => {
  await withTempDir(async (dir) => {
    writeFileSync(
      path.join(dir, 'raw.json'),
      '{"height": 1, "width": 1, "train": {"images": 3}, "test": {"images": 1}}',
    );
    writeFileSync(path.join(dir, 'train.bin'), Buffer.alloc(9));
    writeFileSync(path.join(dir, 'test.bin'), Buffer.alloc(3));
    writeFileSync(path.join(dir, 'train.labels.bin'), Buffer.from([0, 0, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255]));
    writeFileSync(path.join(dir, 'test.labels.bin'), Buffer.from([2, 0, 0, 0]));
    const { train, classNames } = await readRawStore(dir);
    assert.deepEqual([...labelsOf(train)], [0, 1, -1]);
    assert.deepEqual(classNames, ['0', '1', '2']);
  });
});

test('every fault names the file, what was expected and what is there', async () => {
  await withTempDir(async (dir) => {
    const file = (name: string): string => path.join(dir, name);
    const faults: ReadonlyArray<readonly [() => void, RegExp]> = [
      [() => truncateSync(file('train.bin'), 100), /train\.bin is truncated: expected 180 bytes.*got 100/],
      [() => writeFileSync(file('test.bin'), Buffer.alloc(121)), /test\.bin is too long: expected 120 .*got 121/],
      [() => rmSync(file('test.bin')), /test\.bin .*does not exist/],
      [() => writeFileSync(file('train.labels.bin'), Buffer.alloc(12, 9)), /image 0 has label \d+, expected 0 to 1/],
      [() => truncateSync(file('train.labels.bin'), 8), /train\.labels\.bin is truncated: expected 12/],
      [() => writeFileSync(file('raw.json'), '{'), /raw\.json is not JSON/],
      [() => writeFileSync(file('raw.json'), '{"height": 4}'), /raw\.json does not describe.*width.*Example/s],
      [() => rmSync(file('raw.json')), /raw\.json .*does not exist/],
    ];
    for (const [spoil, message] of faults) {
      await writeRawStore(dir, labelled);
      spoil();
      await assert.rejects(readRawStore(dir), dataError(message));
    }
  });
});

test('labels that are all unknown are no labels; names of classes alone are none either', async () => {
  await withTempDir(async (dir) => {
    await writeRawStore(dir, { ...labelled, train: images(3, [-1, -1, -1]) });
    assert.deepEqual(await readRawStore(dir), { ...labelled, train: images(3, null) });
    await writeRawStore(dir, { train: images(3, null), test: images(2, [-1, -1]), classNames: ['cat', 'dog'] });
    assert.deepEqual(await readRawStore(dir), { train: images(3, null), test: images(2, null), classNames: [] });
  });
});

test('labels that are there and cannot be read are not taken for none', async () => {
  await withTempDir(async (dir) => {
    const labels = path.join(dir, 'train.labels.bin');
    const entries: ReadonlyArray<readonly [() => void, RegExp]> = [
      [() => mkdirSync(labels), /train\.labels\.bin .*it is a folder/],
      [() => symlinkSync(path.join(dir, 'gone.bin'), labels), /train\.labels\.bin .*does not exist/],
      [() => symlinkSync(labels, labels), /train\.labels\.bin .*leads in a circle/],
    ];
    for (const [make, message] of entries) {
      await writeRawStore(dir, labelled);
      rmSync(labels);
      make();
      await assert.rejects(readRawStore(dir), dataError(message));
      rmSync(labels, { recursive: true });
    }
  });
});

test('a named pipe in place of a file is refused, not waited for', {
  skip: process.platform === 'win32',
  timeout: 20_000,
}, async () => {
  await withTempDir(async (dir) => {
    for (const name of ['raw.json', 'train.bin', 'test.labels.bin']) {
      await writeRawStore(dir, labelled);
      rmSync(path.join(dir, name));
      execFileSync('mkfifo', [path.join(dir, name)]);
      await assert.rejects(readRawStore(dir), dataError(/it is not a regular file/));
      rmSync(path.join(dir, name));
    }
  });
});

test('empty folders and those that are not there are refused', async () => {
  await withTempDir(async (dir) => {
    const photos = { kind: 'folder', path: dir, labels: 'auto', brokenLimit: 0 } as const;
    await assert.rejects(readData(photos), dataError(/There are no images in .*: there are no files\.$/));
    await assert.rejects(readData({ kind: 'raw', path: dir }), dataError(/raw\.json/));
    await assert.rejects(readData({ kind: 'cifar10', path: dir, batches: [1] }), dataError(/is empty/));
    const missing = path.join(dir, 'nowhere');
    await assert.rejects(readData({ kind: 'cifar10', path: missing, batches: [1] }), dataError(/no folder .*nowhere/));
  });
});
