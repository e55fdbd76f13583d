/** A run goes on with the images that it began with, and with no others. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Config } from '../../lib/config/schema.js';
import { dataDifferences, describeData } from '../../lib/data/data-record.js';
import type { Dataset } from '../../lib/data/dataset.js';
import { writeRawStore } from '../../lib/data/kinds/raw.js';
import { ByolError } from '../../lib/errors.js';
import { labelsOf, memorySplit } from '../support/datasets.js';
import { withTempDir } from '../support/paths.js';
import { snapshot } from '../support/snapshot.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

interface Shape {
  readonly train?: number;
  readonly test?: number;
  readonly size?: number;
  readonly seed?: number;
  readonly labels?: boolean;
  readonly classes?: readonly string[];
}

function images({
  train = 64,
  test = 32,
  size = 16,
  seed = 0,
  labels = true,
  classes = ['a', 'b'],
}: Shape): Required<Pick<Dataset, 'train' | 'test' | 'classNames'>> {
  const part = (count: number, salt: number) =>
    memorySplit(
      count,
      size,
      size,
      Uint8Array.from({ length: count * size * size * 3 }, (_, i) => (i * 7919 + (i >> 7) * 31 + salt) % 251),
      labels ? Int32Array.from({ length: count }, (_, i) => i % classes.length) : null,
    );
  return { train: part(train, seed), test: part(test, seed + 100), classNames: labels ? classes : [] };
}

const labelled = (data: Dataset, label: number): Dataset => {
  const labels = Int32Array.from(labelsOf(data.train));
  labels[5] = label;
  return { ...data, train: { ...data.train, targets: { kind: 'class', labels } } };
};

test('what differs between two sets of images is said in words, and nothing of equal ones', async () => {
  const base = images({});
  const differences = async (other: Dataset) => dataDifferences(await describeData(base), await describeData(other));
  assert.deepEqual(await differences(images({})), []);
  assert.deepEqual(await differences(images({ train: 128 })), ['training images: 64, now 128']);
  assert.deepEqual(await differences(images({ size: 8 })), [
    'size of the training images: 16 x 16 pixels, now 8 x 8 pixels',
    'size of the test images: 16 x 16 pixels, now 8 x 8 pixels',
  ]);
  assert.deepEqual(await differences({ ...base, test: images({ seed: 1 }).test }), [
    'test images: as many of the same size, but others, or in another order',
  ]);
  const onePixel = images({});
  onePixel.train.source.pixels.set([255], onePixel.train.source.pixels.length - 1);
  assert.deepEqual(await differences(onePixel), [
    'training images: as many of the same size, but others, or in another order',
  ]);
  assert.deepEqual(await differences(labelled(base, 0)), ['labels of the training images: now others']);
  assert.deepEqual(await differences(images({ labels: false })), [
    'labels of the training images: now there are none',
    'labels of the test images: now there are none',
    'classes: a, b, now none',
  ]);
  assert.deepEqual(await differences({ ...base, classNames: ['a', 'c'] }), ['classes: a, b, now a, c']);
});

test('sizes of each image, several labels each, and splits that come or go are told', async () => {
  const base = images({});
  const differences = async (older: Dataset, newer: Dataset) =>
    dataDifferences(await describeData(older), await describeData(newer));
  const sized = (heights: number[], widths: number[]): Dataset => ({
    ...base,
    train: {
      count: 2,
      source: { ...memory, heights: Int32Array.from(heights), widths: Int32Array.from(widths) },
      targets: null,
    },
  });
  const memory = { kind: 'memory', pixels: new Uint8Array(36) } as const;
  assert.deepEqual(await differences(sized([2, 4], [3, 2]), sized([2, 4], [3, 2])), []);
  assert.deepEqual(await differences(sized([2, 3], [3, 2]), sized([3, 2], [2, 3])), [
    'training images: as many of the same size, but others, or in another order',
  ]);
  assert.deepEqual(await differences(sized([2, 3], [3, 2]), sized([2, 2], [3, 3])), [
    'size of the training images: of different sizes, now 3 x 2 pixels',
  ]);
  const { test: _, ...alone } = base;
  assert.deepEqual(await differences(base, alone), ['test images: now there are none']);
  assert.deepEqual(await differences(alone, { ...base, val: base.test }), [
    'validation images: none, now there are',
    'test images: none, now there are',
  ]);
  const several = (labels: number[], offsets: number[]): Dataset => ({
    ...sized([2, 2], [3, 3]),
    train: {
      ...sized([2, 2], [3, 3]).train,
      targets: { kind: 'labels', labels: Int32Array.from(labels), offsets: Int32Array.from(offsets) },
    },
  });
  const one: Dataset = {
    ...base,
    train: { ...sized([2, 2], [3, 3]).train, targets: { kind: 'class', labels: Int32Array.of(0, 1) } },
  };
  assert.deepEqual(await differences(several([0, 1], [0, 1, 2]), one), [
    'labels of the training images: any number per image, now one per image',
  ]);
  assert.deepEqual(await differences(several([0, 1], [0, 1, 2]), several([0, 1], [0, 2, 2])), [
    'labels of the training images: now others',
  ]);
});

/** A run on a raw store that was stopped after its first epoch. */
async function stoppedRun(
  dir: string,
): Promise<{ readonly config: Config; readonly out: string; readonly store: string }> {
  const store = path.join(dir, 'A');
  await writeRawStore(store, images({}));
  const { evaluation } = tinyConfig();
  const knn = { ...evaluation.knn, everyEpochs: 1 };
  const config = tinyConfig({ data: { kind: 'raw', path: store }, evaluation: { ...evaluation, knn } });
  const out = path.join(dir, 'run');
  await runToEnd(config, { folder: out }, (event, stop) => {
    if (event.type === 'epoch') stop();
  });
  return { config, out, store };
}

test('other images are refused with what differs, and the folder stays as it is', async () => {
  await withTempDir(async (dir) => {
    const { config, out, store } = await stoppedRun(dir);
    const before = snapshot(out);
    const cases: ReadonlyArray<readonly [Dataset, RegExp]> = [
      [images({ train: 128, seed: 2 }), /training images: 64, now 128/],
      [images({ seed: 3 }), /training images: as many of the same size, but others/],
      [
        { ...images({}), test: images({ seed: 4 }).test },
        /images:\n {2}test images: as many of the same size, but others/,
      ],
      [images({ labels: false }), /labels of the training images: now there are none/],
      [images({ classes: ['a', 'b', 'c'] }), /classes: a, b, now a, b, c/],
      [labelled(images({}), 0), /labels of the training images: now others/],
    ];
    for (const [other, message] of cases) {
      const elsewhere = path.join(dir, 'B');
      await writeRawStore(elsewhere, other);
      const attempt = runToEnd({ ...config, data: { kind: 'raw', path: elsewhere } }, { folder: out, resume: true });
      await assert.rejects(attempt, (error) => {
        assert.ok(error instanceof ByolError && error.code === 'ERR_BYOL_DATA', String(error));
        assert.match(error.message, message);
        assert.match(error.message, /--data PATH/);
        return true;
      });
      assert.deepEqual(snapshot(out), before);
    }
    // The same images at another place are the same.
    const moved = path.join(dir, 'moved');
    await writeRawStore(moved, images({}));
    rmSync(store, { recursive: true });
    const { result } = await runToEnd({ ...config, data: { kind: 'raw', path: moved } }, { folder: out, resume: true });
    assert.equal(result.steps, 20);
  });
});

test('generated images are remembered too', async () => {
  await withTempDir(async (dir) => {
    await runToEnd(tinyConfig(), { folder: dir }, (event, stop) => {
      if (event.type === 'epoch') stop();
    });
    const file = path.join(dir, 'data.json');
    const record = JSON.parse(readFileSync(file, 'utf8'));
    assert.deepEqual([record.train.images, record.test.images, record.classNames.length], [64, 32, 10]);
    // As if another version generated other images from the same settings.
    record.test.pixels = '0'.repeat(64);
    writeFileSync(file, JSON.stringify(record));
    await assert.rejects(runToEnd(tinyConfig(), { folder: dir, resume: true }), {
      code: 'ERR_BYOL_DATA',
      message: /images:\n {2}test images: as many/,
    });
  });
});

test('a run without the record goes on with a warning, and measures the untrained network with the images of now', async () => {
  await withTempDir(async (dir) => {
    const { config, out, store } = await stoppedRun(dir);
    rmSync(path.join(out, 'data.json'));
    const other = images({ seed: 9 });
    await writeRawStore(store, { ...images({}), test: other.test });
    const { events, result } = await runToEnd(config, { folder: out, resume: true });
    const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    assert.ok(
      warnings.some((message) => /did not note which images/.test(message)),
      warnings.join('\n'),
    );
    assert.ok(events.some((event) => event.type === 'phase' && event.phase === 'untrained'));
    assert.equal(result.steps, 20);
    // From now on it is known.
    assert.deepEqual(JSON.parse(readFileSync(path.join(out, 'data.json'), 'utf8')).classNames, ['a', 'b']);
  });
});

test('checkpoints that do not fit the images keep their names, also without the record', async () => {
  await withTempDir(async (dir) => {
    const { config, out } = await stoppedRun(dir);
    rmSync(path.join(out, 'data.json'));
    const before = snapshot(out);
    for (const [other, message] of [
      [images({ labels: false }), /trained on images of 2 classes, and these have 0\./],
      [images({ classes: ['a', 'b', 'c'] }), /trained on images of 2 classes, and these have 3\./],
    ] as const) {
      const elsewhere = path.join(dir, 'B');
      await writeRawStore(elsewhere, other);
      const attempt = runToEnd({ ...config, data: { kind: 'raw', path: elsewhere } }, { folder: out, resume: true });
      await assert.rejects(attempt, { code: 'ERR_BYOL_CHECKPOINT', message });
      assert.deepEqual(snapshot(out), before);
    }
    assert.equal((await runToEnd(config, { folder: out, resume: true })).result.steps, 20);
  });
});
