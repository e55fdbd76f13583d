/** Which images fine-tuning learns from, and which it chooses by. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import type { NativeImageStore } from '../../lib/binding/native.js';
import type { Targets } from '../../lib/data/dataset.js';
import { type Images, storedImages } from '../../lib/data/images.js';
import { tuningGrid, wholeTuning } from '../../lib/eval/tuning/settings.js';
import { normDecayOf } from '../../lib/eval/tuning/tune.js';
import { TuningBatches } from '../../lib/eval/tuning/tuning-batches.js';
import { tuningParts } from '../../lib/eval/tuning/tuning-images.js';
import { withTempDir } from '../support/paths.js';

function images(targets: Targets, count: number, names?: (image: number) => string): Images {
  const store: NativeImageStore = { size: count, labelled: true, dispose() {} };
  return { ...storedImages(store, { heights: 8, widths: 8, targets }), ...(names && { location: names }) };
}

function ofClasses(labels: readonly number[], names?: (image: number) => string): Images {
  return images({ kind: 'class', labels: Int32Array.from(labels) }, labels.length, names);
}

// 40 of class 0, 20 of class 1, 4 of class 2, 16 without a label.
const labels = [...new Array(40).fill(0), ...new Array(20).fill(1), ...new Array(4).fill(2), ...new Array(16).fill(-1)];
const train = ofClasses(labels, (image) => `/data/${labels[image]}/i${image}.jpg`);
const test2 = ofClasses([0, 1, 2]);
const val = ofClasses([0, -1, 2, 1]);

const sizes = (of: Int32Array): number[] => [0, 1, 2, -1].map((c) => of.filter((i) => labels[i] === c).length);
const disjoint = (a: Int32Array, b: Int32Array): boolean => a.every((i) => !b.includes(i));
const tuning = (settings: object) => wholeTuning({ recipe: 'semi-supervised', validationFraction: 0.25, ...settings });

describe('images to fine-tune with', () => {
  test('a class-balanced part is held out of the training images where there are no others to choose by', async () => {
    const { labelled, validation, all } = await tuningParts({ train, test: test2, classes: 3 }, tuning({}), {
      seed: 3,
      chooses: true,
    });
    assert.deepEqual(sizes(labelled.indices), [30, 15, 3, 0]);
    assert.deepEqual(sizes(validation?.indices as Int32Array), [10, 5, 1, 0]);
    assert.ok(disjoint(labelled.indices, validation?.indices as Int32Array));
    assert.equal(all.length, 1);
    assert.deepEqual(sizes(all[0]?.indices as Int32Array), [40, 20, 4, 0]);
  });

  test('a part of the labels is so much of all images of each class, at least one; the seed decides which', async () => {
    const part = async (fraction: number, seed: number) =>
      tuningParts({ train, test: test2, classes: 3 }, tuning({ labels: { fraction } }), { seed, chooses: true });
    const tenth = await part(0.1, 3);
    assert.deepEqual(sizes(tenth.labelled.indices), [4, 2, 1, 0]);
    // Labels are not used up by what is chosen by.
    assert.deepEqual(sizes(tenth.validation?.indices as Int32Array), [10, 5, 1, 0]);
    assert.ok(disjoint(tenth.labelled.indices, tenth.validation?.indices as Int32Array));
    assert.deepEqual((await part(0.1, 3)).labelled.indices, tenth.labelled.indices);
    assert.notDeepEqual((await part(0.1, 4)).labelled.indices, tenth.labelled.indices);
  });

  test("a data set's own validation images are taken, and then nothing is held out", async () => {
    const data = { train, val, test: test2, classes: 3 };
    const { labelled, validation, all } = await tuningParts(data, tuning({}), { seed: 3, chooses: true });
    assert.deepEqual(sizes(labelled.indices), [40, 20, 4, 0]);
    assert.equal(validation?.images, val);
    assert.deepEqual([...(validation?.indices ?? [])], [0, 2, 3]);
    assert.deepEqual(
      all.map((part) => part.images),
      [train, val],
    );
  });

  test('nothing is held out where nothing is to be chosen', async () => {
    const parts = await tuningParts({ train, test: test2, classes: 3 }, tuning({}), { seed: 3, chooses: false });
    assert.equal(parts.validation, null);
    assert.deepEqual(sizes(parts.labelled.indices), [40, 20, 4, 0]);
  });

  test('a list names the labels that are used; others are chosen by', () =>
    withTempDir(async (dir) => {
      const list = path.join(dir, 'list.txt');
      writeFileSync(list, [1, 41, 61, 64, 5, 6].map((image) => `i${image}.jpg`).join('\n'));
      const parts = await tuningParts({ train, test: test2, classes: 3 }, tuning({ labels: { list } }), {
        seed: 3,
        chooses: true,
      });
      assert.deepEqual([...parts.labelled.indices], [1, 5, 6, 41, 61]);
      assert.deepEqual(sizes(parts.validation?.indices as Int32Array), [9, 5, 1, 0]);
      assert.ok(disjoint(parts.labelled.indices, parts.validation?.indices as Int32Array));
      assert.deepEqual(parts.notes, ['1 of the images in the list have no label.']);
      const whole = path.join(dir, 'whole.txt');
      writeFileSync(whole, Array.from({ length: 64 }, (_, image) => `i${image}.jpg`).join('\n'));
      const all = await tuningParts({ train, test: test2, classes: 3 }, tuning({ labels: { list: whole } }), {
        seed: 3,
        chooses: true,
      });
      assert.deepEqual(sizes(all.labelled.indices), [30, 15, 3, 0]);
    }));

  test('any number of labels: all images count, and a part is drawn whatever the classes', async () => {
    const offsets = Int32Array.from({ length: 41 }, (_, i) => i * 2);
    const many = images({ kind: 'labels', labels: new Int32Array(80), offsets }, 40);
    const parts = await tuningParts({ train: many, test: many, classes: 1 }, tuning({ labels: { fraction: 0.5 } }), {
      seed: 3,
      chooses: true,
    });
    assert.equal(parts.labelled.indices.length, 20);
    assert.equal(parts.validation?.indices.length, 10);
  });
});

describe('settings of fine-tuning', () => {
  test('are those of the paper, in its grids', () => {
    const semi = tuningGrid(wholeTuning({ recipe: 'semi-supervised' }));
    assert.equal(semi.length, 10);
    assert.deepEqual(
      semi.map(({ learningRate, epochs, weightDecay }) => [epochs, learningRate, weightDecay]),
      [30, 50].flatMap((epochs) => [0.01, 0.02, 0.05, 0.1, 0.005].map((rate) => [epochs, rate, 0])),
    );
    const transfer = wholeTuning({ recipe: 'transfer' });
    assert.deepEqual(transfer.learningRates, [1e-4, 3.162e-4, 1e-3, 3.162e-3, 1e-2, 3.162e-2, 0.1]);
    assert.deepEqual(transfer.weightDecays, [0, 1e-6, 3.162e-6, 1e-5, 3.162e-5, 1e-4, 3.162e-4, 1e-3]);
    assert.equal(tuningGrid(transfer).length, 56);
    assert.deepEqual([transfer.steps, transfer.batchSize, transfer.retrain], [20_000, 256, true]);
  });

  test('that are given go over the recipe', () => {
    const given = wholeTuning({
      recipe: 'transfer',
      steps: null,
      epochs: [3, 2],
      learningRates: [0.1],
      weightDecays: [0],
    });
    assert.deepEqual(tuningGrid(given), [
      { learningRate: 0.1, weightDecay: 0, epochs: 2 },
      { learningRate: 0.1, weightDecay: 0, epochs: 3 },
    ]);
    assert.equal(given.batchSize, 256);
  });
});

describe('batches', () => {
  const part = (count: number) => {
    const of = ofClasses(new Array(count).fill(0));
    return { images: of, indices: Int32Array.from({ length: count }, (_, i) => i * 2) };
  };
  const collect = async (batches: TuningBatches, steps: number) => {
    const found = [];
    for await (const batch of batches.take(steps)) found.push(batch);
    return found;
  };

  test('each epoch has every image once, but for those that do not fill a batch, in an order of its own', async () => {
    const batches = new TuningBatches([part(23)], { rows: 5, multiple: 1, seed: 1 });
    assert.deepEqual([batches.stepsPerEpoch, batches.leftOut, batches.rows], [4, 3, [5, 5]]);
    const taken = await collect(batches, 10);
    assert.deepEqual(
      taken.map(({ step, epoch }) => [step, epoch]),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((step) => [step, Math.floor(step / 4)]),
    );
    const first = taken.slice(0, 4).flatMap(({ images: batch }) => [...batch]);
    assert.equal(new Set(first).size, 20);
    assert.ok(first.every((image) => image % 2 === 0 && image < 46));
    assert.notDeepEqual(
      first,
      taken.slice(4, 8).flatMap(({ images: batch }) => [...batch]),
    );
  });

  test('a smaller set is one batch; parts of it are equal', async () => {
    const batches = new TuningBatches([part(23)], { rows: 1024, multiple: 4, seed: 1 });
    assert.deepEqual([batches.rows, batches.stepsPerEpoch, batches.leftOut], [[20, 20], 1, 3]);
    assert.equal(new TuningBatches([part(3)], { rows: 8, multiple: 4, seed: 1 }).rows[0], 3);
  });

  test('statistics change the slower the more steps an epoch has', () => {
    const decay = (steps: number) =>
      normDecayOf(
        new TuningBatches([part(2 * steps)], { rows: 2, multiple: 1, seed: 1 }),
        wholeTuning({ recipe: 'transfer' }),
      );
    assert.deepEqual([decay(5), decay(100), decay(200), decay(1000)], [0.9, 0.9, 0.95, 0.99]);
  });

  test('of two splits each batch is of one of them, in an order that mixes them', async () => {
    const [one, other] = [part(40), part(12)];
    const batches = new TuningBatches([one, other], { rows: 5, multiple: 1, seed: 1 });
    assert.equal(batches.stepsPerEpoch, 10);
    const taken = await collect(batches, 30);
    const ofOther = taken.filter(({ from }) => from === other);
    assert.equal(ofOther.length, 6);
    assert.ok(taken.findIndex(({ from }) => from === other) < 8);
    assert.equal(new Set(ofOther.slice(0, 2).flatMap(({ images: batch }) => [...batch])).size, 10);
  });
});
