/** Which images kNN asks, and what it says about it. Numbers are in accuracy.test.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { column } from '../../../lib/augment/plan.js';
import { evenBatches } from '../../../lib/eval/embed.js';
import { evenSubset } from '../../../lib/eval/evaluation-data.js';
import { evaluateKnn, knn, standardKnn } from '../../../lib/eval/protocols/knn.js';
import { RecordingNative } from '../recording-native.js';

const labels = Array.from({ length: 60 }, (_, i) => (i % 4 === 3 ? -1 : i % 3));
const settings = standardKnn;

test('embeds the labelled images and clips k to the bank', async () => {
  const native = new RecordingNative();
  const input = native.input(labels, [0, -1, 2]);
  const result = await evaluateKnn(input, settings);
  assert.deepEqual(result, {
    protocol: 'knn',
    top1: 0.5,
    top5: 0.75,
    k: 45,
    kAsked: 200,
    temperature: 0.1,
    similarity: 'cosine',
    vote: 'weighted',
    bankImages: 45,
    queryImages: 2,
  });
  const call = native.classifiers[0];
  assert.deepEqual(call?.rule, { classes: 3, k: 200, temperature: 0.1, similarity: 'cosine', vote: 'weighted' });
  assert.deepEqual(
    call?.images,
    labels.flatMap((label, i) => (label < 0 ? [] : [i])),
  );
  assert.deepEqual(call?.queries.images, [0, 2]);
  assert.ok(native.embeds.every(({ indices, statistics }) => indices.length <= 16 && statistics === 'running'));
  input.dispose();
  assert.equal(native.undisposed, 0);
});

test('asks an even subset where the settings say so', async () => {
  const native = new RecordingNative();
  const input = native.input(labels, labels, { encoder: { statistics: 'batch' } });
  const result = await evaluateKnn(input, { ...settings, k: 5, bankImages: 9, queryImages: 1000 });
  assert.deepEqual([result.k, result.bankImages, result.queryImages], [5, 9, 45]);
  const labelled = Int32Array.from(labels.flatMap((label, i) => (label < 0 ? [] : [i])));
  assert.deepEqual(native.classifiers[0]?.images, [...evenSubset(labelled, 9)]);
  assert.ok(native.embeds.every(({ statistics }) => statistics === 'batch'));
});

test('features are computed once while they are shared', async () => {
  const native = new RecordingNative();
  const input = native.input(labels, labels);
  await evaluateKnn(input, settings);
  await evaluateKnn(input, { ...settings, k: 3 });
  assert.equal(native.banks.length, 2);
  await evaluateKnn(input, { ...settings, queryImages: 10 });
  assert.equal(native.banks.length, 3);
  input.dispose();
  assert.equal(native.undisposed, 0);
});

test('test images whose features are too many to be kept are asked in blocks, and counted as one', async () => {
  const native = new RecordingNative();
  // 64 MiB are 5 rows of so many features.
  native.features = Math.floor((64 * 1024 ** 2) / 4 / 5);
  const asked = Array.from({ length: 12 }, (_, i) => i % 3);
  // Right of the 5, 5 and 2 in a block: 2, 1 and 2 at once, 5, 3 and 2 within five.
  native.neighbours = [
    { top1: 2 / 5, top5: 1 },
    { top1: 1 / 5, top5: 3 / 5 },
    { top1: 1, top5: 1 },
  ];
  const input = native.input([0, 1, 2], asked, { context: { keptBytes: 3 * native.features * 4 } });
  const result = await evaluateKnn(input, settings);
  assert.deepEqual([result.top1, result.top5, result.queryImages], [5 / 12, 10 / 12, 12]);
  assert.deepEqual(
    native.classifiers.map(({ queries }) => queries.images),
    [
      [0, 1, 2, 3, 4],
      [5, 6, 7, 8, 9],
      [10, 11],
    ],
  );
  assert.ok(native.classifiers.every(({ banks }) => banks.length === 1 && banks[0] === native.banks[0]));
  assert.equal(native.undisposed, 1);
  input.dispose();
  assert.equal(native.undisposed, 0);
});

test('training images whose features are too many to be kept pass by in blocks, once', async () => {
  const native = new RecordingNative();
  native.features = Math.floor((64 * 1024 ** 2) / 4 / 5);
  const bank = Array.from({ length: 12 }, (_, i) => i % 3);
  const input = native.input(bank, [0, 1, 2, 0, 1, 2, 0], { context: { keptBytes: 3 * native.features * 4 } });
  const result = await evaluateKnn(input, { ...settings, similarity: 'euclidean', vote: 'majority' });
  assert.deepEqual([result.k, result.bankImages, result.queryImages], [12, 12, 7]);
  const [classifier] = native.classifiers;
  assert.deepEqual([classifier?.rule.similarity, classifier?.rule.vote], ['euclidean', 'majority']);
  assert.deepEqual(
    classifier?.banks.map(({ images }) => images),
    [
      [0, 1, 2, 3, 4],
      [5, 6, 7, 8, 9],
      [10, 11],
    ],
  );
  assert.equal(
    native.embeds.reduce((sum, { indices }) => sum + indices.length, 0),
    12 + 7,
  );
  assert.equal(native.undisposed, 1, 'the test images alone are kept');
  assert.ok(native.mostBanks <= 2);
  input.dispose();
});

test('says in which form the neighbours voted', async () => {
  const native = new RecordingNative();
  const input = native.input(labels, [0]);
  const told = async (form: Partial<typeof standardKnn>) =>
    knn.describe(await evaluateKnn(input, { ...settings, ...form })).split('\n')[0];
  const [before, after] = ['kNN: k 45 (200 asked), ', ', bank of 45 training images'];
  assert.equal(await told({}), `${before}temperature 0.1${after}`);
  assert.equal(await told({ similarity: 'euclidean' }), `${before}euclidean, weighted by 1 / distance${after}`);
  assert.equal(await told({ vote: 'majority' }), `${before}cosine, majority${after}`);
  input.dispose();
});

test("takes images of the view's size whole and the official centre of others", async () => {
  const native = new RecordingNative();
  const { test } = native.input(labels, [0]).data;
  const large = { ...test, heights: 64, widths: 48 };
  await evaluateKnn(native.input(labels, [0], { data: { test: large } }), settings);
  const [train, tested] = native.banks;
  assert.ok(train?.rows.every(({ plan }) => plan[column.cropHeight] === 10 && plan[column.cropTop] === 0));
  const plan = tested?.rows[0]?.plan ?? [];
  assert.deepEqual(
    [plan[column.cropTop], plan[column.cropLeft], plan[column.cropHeight], plan[column.cropWidth]],
    [11, 3, 42, 42],
  );
});

test('needs labels', async () => {
  const native = new RecordingNative();
  const { train } = native.input(labels, [0]).data;
  const unlabelled = native.input(labels, [0], { data: { train: { ...train, targets: null } } });
  await assert.rejects(evaluateKnn(unlabelled, settings), {
    code: 'ERR_BYOL_DATA',
    message: /None of the 60 training images/,
  });
});

test('batches are as few as possible and all of nearly the same size', () => {
  const sizes = (rows: number, most: number) => [...evenBatches(rows, most)].map(({ start, end }) => end - start);
  assert.deepEqual(sizes(10, 4), [3, 3, 4]);
  assert.deepEqual(sizes(257, 256), [128, 129]);
  assert.deepEqual(sizes(512, 256), [256, 256]);
  assert.deepEqual(sizes(3, 8), [3]);
  const bounds = [...evenBatches(10_007, 300)];
  assert.equal(bounds[0]?.start, 0);
  assert.equal(bounds.at(-1)?.end, 10_007);
  for (const [i, { start }] of bounds.entries()) if (i > 0) assert.equal(start, bounds[i - 1]?.end);
});

test('subsets are evenly spread: one image of every equal part, the same each time', () => {
  const all = Int32Array.from({ length: 103 }, (_, i) => i * 3);
  for (const count of [1, 2, 7, 50, 64, 102]) {
    const subset = evenSubset(all, count);
    assert.equal(subset.length, count);
    for (const [part, index] of subset.entries()) {
      const [begin, end] = [Math.floor((part * 103) / count), Math.floor(((part + 1) * 103) / count)];
      assert.ok(index % 3 === 0 && index / 3 >= begin && index / 3 < end, `${count}: ${index} in part ${part}`);
    }
    assert.deepEqual(evenSubset(all, count), subset);
  }
  assert.equal(evenSubset(all, 0), all);
  assert.equal(evenSubset(all, 103), all);
});

test('a subset has every class also of images that lie in turn, class after class', () => {
  // Every tenth of 10,000 images would be of one class.
  for (const [images, count, classes] of [
    [10_000, 1000, 10],
    [10_000, 2000, 10],
    [60_000, 2000, 10],
    [50_000, 1000, 100],
    [1200, 300, 4],
  ] as const) {
    const perClass = new Array<number>(classes).fill(0);
    const all = Int32Array.from({ length: images }, (_, i) => i);
    for (const image of evenSubset(all, count)) perClass[image % classes] = (perClass[image % classes] ?? 0) + 1;
    const fair = count / classes;
    assert.ok(Math.min(...perClass) >= 0.6 * fair && Math.max(...perClass) <= 1.4 * fair, perClass.join(' '));
  }
});
