/** The logistic protocol on a network whose features are colours: who is learnt from, who chooses, who is asked, and what is said of it. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import type { Dataset } from '../../../lib/data/dataset.js';
import { datasetFromArrays, type Labels } from '../../../lib/data/from-arrays.js';
import { Encoder } from '../../../lib/encoder/encoder.js';
import { type EvaluateEncoderOptions, evaluateEncoder } from '../../../lib/encoder/evaluate-encoder.js';
import type { EvaluationProgress } from '../../../lib/eval/context.js';
import { evaluateLogistic, logistic, officialLogistic } from '../../../lib/eval/protocols/logistic.js';
import { colourOptions, writeColourMeans } from '../../encoder/tiny-encoders.js';
import { withTempDir } from '../../support/paths.js';
import { RecordingNative } from '../recording-native.js';

const SIDE = 8;

/** Image i has the channels that bits of colour[i] name, somewhat brighter or darker than others of the kind. */
function painted(colours: number[], labels: Labels) {
  const pixels = colours.flatMap((colour, i) =>
    Array.from({ length: SIDE * SIDE * 3 }, (_, at) => ((colour >> (at % 3)) & 1 ? 180 + (i % 50) : 20 + (i % 30))),
  );
  return { pixels: Uint8Array.from(pixels), height: SIDE, width: SIDE, labels };
}

/** Colours 1, 2 and 4 in turn (red, green, blue), of the classes 0, 1 and 2. */
const colours = (count: number): number[] => Array.from({ length: count }, (_, i) => 1 << (i % 3));
const classes = (count: number): number[] => Array.from({ length: count }, (_, i) => i % 3);

const options = { penalties: [10, 0.1, 1e-3], validationFraction: 0.2 };

type Asked = Partial<EvaluateEncoderOptions<'logistic'>>;

async function evaluate({ train, val, test: asked, metric }: Dataset, changes: Asked = {}) {
  return withTempDir(async (dir) => {
    const file = path.join(dir, 'colours.safetensors');
    writeColourMeans(file);
    await using encoder = await Encoder.load(file, colourOptions);
    const sets = { train, test: asked ?? train, ...(val && { val }), ...(metric && { metric }) };
    return evaluateEncoder(encoder, { protocol: 'logistic', ...sets, settings: options, ...changes });
  });
}

describe('one class per image', () => {
  // Every tenth image has no label; of the test images the first four have another class than they show.
  const unlabelled = (labels: number[]) => labels.map((label, i) => (i % 10 === 9 ? -1 : label));
  const data = datasetFromArrays({
    ...painted(colours(60), unlabelled(classes(60))),
    test: painted(
      colours(30),
      unlabelled(classes(30)).map((label, i) => (i < 4 ? (label + 1) % 3 : label)),
    ),
  });

  test('chooses on held-out images, learns from all of them and asks the test images once', async () => {
    const progress: EvaluationProgress[] = [];
    const { result, metrics } = await evaluate(data, { onProgress: (entry) => void progress.push(entry) });
    assert.equal(result.top1, 23 / 27);
    // Of class 0 there are 9 labelled test images and one right less for each whose label was moved, and so on.
    const shown = unlabelled(classes(30)).map((label, i) => [label, i < 4 ? (label + 1) % 3 : label] as const);
    const perClass = [0, 1, 2].map((label) => {
      const own = shown.filter(([, told]) => told === label);
      return own.filter(([seen]) => seen === label).length / own.length;
    });
    const mean = perClass.reduce((sum, value) => sum + value, 0) / 3;
    assert.ok(Math.abs((result.meanPerClass as number) - mean) < 1e-12 && Math.abs(mean - 23 / 27) > 1e-4);
    assert.deepEqual([result.top5, result.map11, result.metric], [1, null, 'top1']);
    assert.deepEqual(metrics, {
      'logistic/top1': result.top1,
      'logistic/top5': 1,
      'logistic/mean-per-class': result.meanPerClass,
    });
    assert.deepEqual([result.trainImages, result.validationImages, result.testImages], [54, 12, 27]);
    assert.equal(result.trainedOn, 'all training images');
    assert.match(result.notes.join(' '), /has no validation images: 12 of the training images were held out/);
    assert.match(result.notes.join(' '), /says nothing of a crop.*scikit-learn's 1 \/ C/s);
    // All are right with each penalty: the largest is the first of equals.
    assert.deepEqual([result.validation, result.chosen], [[1, 1, 1], 10]);
    assert.match(result.notes.join(' '), /The largest of the penalties was best/);
    assert.ok(result.iterations > 0 && result.selectionIterations > result.iterations);
    const steps = progress.filter(({ phase }) => phase === 'classifier').map(({ done, total }) => [done, total]);
    assert.deepEqual(steps, [
      [1, 4],
      [2, 4],
      [3, 4],
      [4, 4],
    ]);
    assert.deepEqual((await evaluate(data)).result, result);
    assert.match(
      logistic.describe(result),
      /^logistic: 54 training images, .*penalty 10\ntest images +27\ntop-1 +85\.2 %\ntop-5 +100\.0 %\nmean per class/,
    );
  });

  test('what is chosen does not depend on the order in which penalties are given, nor on one that comes twice', async () => {
    for (const penalties of [
      [1e-3, 1, 10],
      [1, 10, 1e-3, 1],
    ]) {
      const { result } = await evaluate(data, { settings: { ...options, penalties } });
      assert.deepEqual([result.chosen, result.top1, result.validation], [10, 23 / 27, penalties.map(() => 1)]);
      assert.deepEqual(result.penalties, penalties);
    }
  });

  test('one penalty leaves nothing to choose', async () => {
    const { result } = await evaluate(data, { settings: { penalties: [0.5] } });
    assert.deepEqual([result.validation, result.chosen, result.validationImages], [null, 0.5, 0]);
    assert.equal(result.selectionIterations, 0);
    assert.equal(result.top1, 23 / 27);
    assert.doesNotMatch(result.notes.join(' '), /held out|penalties/);
  });

  test('says where fits were ended', async () => {
    const { result } = await evaluate(data, { settings: { ...options, maxIterations: 1 } });
    assert.match(result.notes.join(' '), /With 3 of the 3 penalties the fit ended after 1 iterations/);
    assert.match(result.notes.join(' '), /The classifier that was tested ended after 1 iterations/);
    assert.deepEqual([result.iterations, result.selectionIterations], [1, 3]);
  });

  test('stops where it is aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const onProgress = ({ phase }: EvaluationProgress): void => {
      if (phase === 'classifier') controller.abort(reason);
    };
    await assert.rejects(evaluate(data, { onProgress, signal: controller.signal }), reason);
  });

  test('what it cannot do is said before anything is computed', async () => {
    const refused = (changes: Asked, code: string, message: RegExp) =>
      assert.rejects(evaluate(data, changes), { code, message });
    const onProgress = () => assert.fail('something was computed');
    await refused(
      { test: { ...data.train, targets: null }, onProgress },
      'ERR_BYOL_DATA',
      /None of the 60 test images/,
    );
    await refused({ metric: 'map11', onProgress }, 'ERR_BYOL_DATA', /cannot be reported in 11-point mAP/);
    await refused({ settings: { penalties: [] }, onProgress }, 'ERR_BYOL_USAGE', /penalties/);
    await refused({ settings: { penalties: [-1] }, onProgress }, 'ERR_BYOL_USAGE', /penalties/);
  });
});

for (const keptBytes of [undefined, 0]) {
  test(`who chooses has not been learnt from, and who is tested knows nothing of the test images (${keptBytes} bytes kept)`, async () => {
    const native = new RecordingNative();
    const labels = Array.from({ length: 50 }, (_, i) => (i % 5 === 4 ? -1 : i % 3));
    const input = native.input(labels, [0, 1, 2, -1, 1], { context: { keptBytes } });
    await evaluateLogistic(input, { ...officialLogistic, penalties: [1, 100, 10], validationFraction: 0.2 });
    input.dispose();
    const known = labels.flatMap((label, image) => (label >= 0 ? [image] : []));
    const [select, final] = native.regressions;
    assert.ok(select && final && native.regressions.length === 2);
    assert.deepEqual(select.penalties, [100, 10, 1]);
    assert.equal(select.asked.length, 3);
    const kept = select.learnt.flatMap(({ images }) => images);
    for (const { images } of select.asked) {
      assert.equal(images.length, 9);
      assert.deepEqual(
        [...kept, ...images].sort((a, b) => a - b),
        known,
      );
    }
    assert.deepEqual(
      final.learnt.map(({ images }) => images),
      [known],
    );
    for (const { images, labels: told } of [...select.learnt, ...final.learnt]) {
      assert.deepEqual(
        told,
        images.map((image) => labels[image]),
      );
    }
    // All were equally good.
    assert.deepEqual(final.penalties, [100]);
    assert.deepEqual(
      final.asked.map(({ images }) => images),
      [[0, 1, 2, 4]],
    );
    assert.ok(final.asked.every(({ bank }) => !final.learnt.some((part) => part.bank === bank)));
    assert.equal(native.undisposed, 0);
  });
}

test("chooses on the data set's own validation images, by its metric, and learns from them too", async () => {
  // Training images show red and green alone, and red 50 times as often; blue ones are validation and test images.
  const data = datasetFromArrays({
    ...painted([...new Array<number>(50).fill(1), 2], [...new Array<number>(50).fill(0), 1]),
    val: painted([1, 2, 4, 4, 4, 4], [0, 1, 2, 2, 2, 2]),
    test: painted(colours(9), classes(9)),
  });
  const settings = { penalties: [300, 1e-3] };
  const { result } = await evaluate(data, { settings, metric: 'mean-per-class' });
  assert.deepEqual([result.trainImages, result.validationImages, result.testImages], [51, 6, 9]);
  assert.equal(result.trainedOn, 'training and validation images');
  assert.equal(result.metric, 'mean-per-class');
  // Without an image to learn from, blue cannot be told on the validation images; one of three classes, or two, is right.
  assert.deepEqual(result.validation, [1 / 3, 2 / 3]);
  assert.equal(result.chosen, 1e-3);
  assert.deepEqual([result.top1, result.meanPerClass], [1, 1]);
  assert.doesNotMatch(result.notes.join(' '), /held out|no image to learn from/);
  assert.match(logistic.describe(result), /test images +9\nmean per class +100\.0 %\ntop-1/);
});

test('learns any number of labels per image, each class against the rest', async () => {
  // Every mixture of red, green and blue, from none to all: an image is of each class whose channel it has.
  const mixtures = Array.from({ length: 80 }, (_, i) => i % 8);
  const lists = (of: number[]) => of.map((colour) => [0, 1, 2].filter((c) => (colour >> c) & 1));
  const asked = mixtures.slice(0, 24);
  const data = datasetFromArrays({
    ...painted(mixtures, lists(mixtures)),
    test: painted(asked, lists(asked)),
  });
  const { result, metrics } = await evaluate(data);
  assert.deepEqual(
    [result.map11, result.metric, result.top1, result.top5, result.meanPerClass],
    [1, 'map11', null, null, null],
  );
  assert.deepEqual(metrics, { 'logistic/map11': 1 });
  assert.deepEqual([result.trainImages, result.validationImages, result.testImages], [80, 16, 24]);
  assert.match(
    result.notes.join(' '),
    /told from the rest by a sigmoid.*held out to choose by, whatever their classes/s,
  );
  // Labels of which half are wrong: what is measured is not what is learnt.
  const wrong = lists(asked).map((list, i) => (i % 2 === 0 ? list : [0, 1, 2].filter((c) => !list.includes(c))));
  const worse = await evaluate(
    datasetFromArrays({ ...painted(mixtures, lists(mixtures)), test: painted(asked, wrong) }),
  );
  assert.ok((worse.result.map11 as number) < 0.8);
  await assert.rejects(evaluate({ ...data, metric: 'top1' }), {
    code: 'ERR_BYOL_DATA',
    message: /any number of labels/,
  });
  const single = datasetFromArrays(painted(colours(9), classes(9)));
  await assert.rejects(evaluate({ ...data, test: single.train }), {
    code: 'ERR_BYOL_DATA',
    message: /one class each and others any number/,
  });
});

test('tells of the penalties around the chosen one', async () => {
  const data = datasetFromArrays({ ...painted(colours(30), classes(30)), test: painted(colours(9), classes(9)) });
  const { result } = await evaluate(data, { settings: {} });
  assert.equal(result.validation?.length, 45);
  const text = logistic.describe({ ...result, chosen: 0.000177828 });
  assert.match(text, /images to choose by, with 45 penalties from 1e-6 to 100000\npenalty 1\.78e-5 .*\n/);
  assert.match(text, /\npenalty 1\.78e-4 .* chosen\n/);
  assert.equal(text.match(/^penalty /gm)?.length, 9);
});

test("the paper's penalties are 45 from 1e-6 to 1e5, four to a power of ten", () => {
  const { penalties } = officialLogistic;
  assert.equal(penalties.length, 45);
  for (const [i, penalty] of penalties.entries()) assert.ok(Math.abs(Math.log10(penalty) - (-6 + i / 4)) < 1e-5);
  assert.deepEqual([penalties[0], penalties[4], penalties.at(-1)], [1e-6, 1e-5, 1e5]);
});
