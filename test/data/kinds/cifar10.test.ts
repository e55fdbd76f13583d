import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readCifar10 } from '../../../lib/data/kinds/cifar10.js';
import { readData } from '../../../lib/data/kinds/index.js';
import { labelsOf } from '../../support/datasets.js';
import { inMemory } from '../../support/in-memory.js';
import { sharedData, withTempDir } from '../../support/paths.js';

const RECORDS = 10_000;

test('planes become pixels, first bytes become labels', async () => {
  await withTempDir(async (dir) => {
    const file = Buffer.alloc(RECORDS * 3073);
    for (let i = 0; i < RECORDS; i += 1) file[i * 3073] = i % 10;
    const record = 7 * 3073;
    file[record + 1 + 33] = 11; // red, row 1, column 1
    file[record + 1 + 1024 + 33] = 22;
    file[record + 1 + 2048 + 33] = 33;
    for (const name of ['data_batch_2.bin', 'test_batch.bin']) writeFileSync(path.join(dir, name), file);
    writeFileSync(path.join(dir, 'batches.meta.txt'), Array.from({ length: 10 }, (_, i) => `class ${i}\n`).join(''));
    const { train, test: held } = await readCifar10(dir, [2]);
    assert.equal(train.count, RECORDS);
    assert.equal(held?.count, RECORDS);
    assert.equal(labelsOf(train)[7], 7);
    const pixel = (7 * 1024 + 33) * 3;
    assert.deepEqual([...train.source.pixels.subarray(pixel, pixel + 3)], [11, 22, 33]);
    const paper = inMemory(await readData({ kind: 'cifar10', path: dir, batches: [2], val: 'paper' }));
    const { val, ...others } = paper;
    assert.ok(val !== undefined);
    assert.deepEqual([others.train.count, val.count, others.test?.count], [9000, 1000, RECORDS]);
    for (const label of [0, 9]) assert.equal(labelsOf(val).filter((other) => other === label).length, 100);
    // Image 7 is in one of them, with its pixels and its label.
    const found = [others.train, val].flatMap((split) => {
      const at = split.source.pixels.indexOf(11);
      assert.equal(split.source.pixels.length, split.count * 3072);
      return at < 0 ? [] : [[at % 3072, labelsOf(split)[Math.floor(at / 3072)]]];
    });
    assert.deepEqual(found, [[33 * 3, 7]]);
  });
});

test('a folder that cannot be looked into is told from one that is not there', async () => {
  await withTempDir(async (dir) => {
    const circle = path.join(dir, 'circle');
    symlinkSync(circle, circle);
    await assert.rejects(readCifar10(circle, [1]), {
      code: 'ERR_BYOL_DATA',
      message: /circle \(the folder of CIFAR-10\): it is a link that leads in a circle/,
    });
    const file = path.join(dir, 'file');
    writeFileSync(file, '');
    await assert.rejects(readCifar10(path.join(file, 'inside'), [1]), {
      code: 'ERR_BYOL_DATA',
      message: /a part of the path is a file and not a folder/,
    });
  });
});

const real = sharedData('cifar-10-batches-bin');
test('the real files', { skip: real === undefined && 'CIFAR-10 is not beside the repository' }, async () => {
  const { train, test: held, classNames } = await readCifar10(real as string, [1, 2]);
  assert.equal(train.count, 20_000);
  assert.ok(held?.count === 10_000);
  assert.equal(classNames[0], 'airplane');
  // The data set's first images: frog, truck, truck, deer; of the test batch: cat, ship, ship, airplane.
  assert.deepEqual([...labelsOf(train)].slice(0, 4), [6, 9, 9, 4]);
  assert.deepEqual([...labelsOf(held)].slice(0, 4), [3, 8, 8, 0]);
});
