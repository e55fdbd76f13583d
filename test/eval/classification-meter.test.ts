/** Metrics of scores with many ties against scikit-learn: its answers in a file, and other scores where Python has it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import type { ManyLabelTargets, Targets } from '../../lib/data/dataset.js';
import { targetsOf } from '../../lib/data/from-arrays.js';
import { AveragePrecision } from '../../lib/eval/average-precision.js';
import { ClassCounter } from '../../lib/eval/class-counter.js';
import { ClassificationMeter, metricOf } from '../../lib/eval/classification-meter.js';
import type { EvaluationData } from '../../lib/eval/evaluation-data.js';
import { root } from '../support/paths.js';
import { findPython, runPython } from '../support/python.js';

interface Answers {
  readonly classes: number;
  readonly scores: number[];
  readonly byClass: {
    readonly labels: number[];
    readonly top1: number;
    readonly top5: number;
    readonly meanPerClass: number;
  };
  readonly manyScores: number[];
  readonly byLabels: { readonly labels: number[][]; readonly perClass: Array<number | null>; readonly map11: number };
}

const committed = JSON.parse(
  readFileSync(path.join(root, 'test/eval/fixtures/classification-metrics.json'), 'utf8'),
) as Answers;
const python = findPython('sklearn', 'numpy');

function close(actual: number | null, expected: number | null, what: string): void {
  const equal = actual === null || expected === null ? actual === expected : Math.abs(actual - expected) < 1e-12;
  assert.ok(equal, `${what}: ${actual}, expected ${expected}`);
}

/** In blocks of so many images, as an evaluation goes over them; an image without a label in each. */
async function measured(classes: number, scores: number[], targets: Targets, block: number) {
  const meter = new ClassificationMeter(classes, targets);
  const images = scores.length / classes;
  for (let start = 0; start < images; start += block) {
    const end = Math.min(images, start + block);
    const numbers = Int32Array.from({ length: end - start }, (_, i) => start + i);
    meter.add(Float32Array.from(scores.slice(start * classes, end * classes)), numbers);
  }
  return meter.result();
}

async function equalsAnswers({ classes, scores, byClass, manyScores, byLabels }: Answers): Promise<void> {
  const ofClass = targetsOf(byClass.labels) as Targets;
  const ofLabels = targetsOf(byLabels.labels) as Targets;
  for (const block of [1, 40, 1000]) {
    const one = await measured(classes, scores, ofClass, block);
    for (const key of ['top1', 'top5', 'meanPerClass'] as const) close(one[key], byClass[key], key);
    assert.equal(one.map11, null);
    const many = await measured(classes, manyScores, ofLabels, block);
    close(many.map11, byLabels.map11, 'map11');
    assert.deepEqual([many.top1, many.top5, many.meanPerClass], [null, null, null]);
  }
  const precision = new AveragePrecision(classes);
  precision.add(Float32Array.from(manyScores), byLabels.labels);
  for (const [label, value] of (await precision.perClass()).entries()) {
    close(value, byLabels.perClass[label] as number | null, `class ${label}`);
  }
}

test("top-1, top-5, mean per class and mAP are scikit-learn's", () => equalsAnswers(committed));

test('also of other scores', { skip: typeof python === 'string' && python }, async () => {
  if (typeof python === 'string') return;
  for (const seed of ['1', '2', '3']) {
    const script = path.join(root, 'test/python/classification_metrics.py');
    await equalsAnswers(JSON.parse(runPython(python, script, seed)) as Answers);
  }
});

describe('one class per image', () => {
  const one = (scores: number[], label: number) => {
    const counter = new ClassCounter(scores.length);
    counter.add(Float32Array.from(scores), [label]);
    const { top1, top5 } = counter.result();
    return [top1, top5];
  };

  test('decides ties by the number of the class, and has nothing to say of scores that are not finite', () => {
    assert.deepEqual(one([1, 1, 1, 1, 1, 1], 0), [1, 1]);
    assert.deepEqual(one([1, 1, 1, 1, 1, 1], 4), [0, 1]);
    assert.deepEqual(one([1, 1, 1, 1, 1, 1], 5), [0, 0]);
    const inf = Number.POSITIVE_INFINITY;
    for (const broken of [
      [Number.NaN, 1],
      [1, Number.NaN],
      [inf, 1],
      [1, inf],
    ]) {
      assert.deepEqual(one(broken, 1), [Number.NaN, Number.NaN]);
    }
    assert.deepEqual(one([-inf, -inf], 0), [0, 0]);
    assert.deepEqual(one([-inf, 1], 1), [1, 1]);
  });

  test('leaves out images without a label, and classes without images', () => {
    const counter = new ClassCounter(3);
    // Of class 0 one of three is right, of class 1 the only one; class 2 has none.
    counter.add(Float32Array.from([9, 0, 0, 0, 9, 0, 0, 9, 0, 0, 9, 0, 0, 0, 9]), [0, 0, 0, 1, -1]);
    const { top1, meanPerClass } = counter.result();
    assert.equal(top1, 0.5);
    close(meanPerClass, (1 / 3 + 1) / 2, 'mean per class');
    assert.throws(() => new ClassCounter(3).result(), RangeError);
  });
});

describe('any number of labels per image', () => {
  const mean = async (scores: number[], members: number[]) => {
    const precision = new AveragePrecision(1);
    precision.add(
      Float32Array.from(scores),
      members.map((member) => (member === 1 ? [0] : [])),
    );
    return precision.mean();
  };

  test('counts the best precision at each recall or beyond', async () => {
    // Precisions at the four that are found: 1, 2/3, 3/4, 4/8; recalls of a quarter each.
    const members = [1, 0, 1, 1, 0, 0, 0, 1];
    const scores = [8, 7, 6, 5, 4, 3, 2, 1];
    close(await mean(scores, members), (3 * 1 + 3 * 0.75 + 2 * 0.75 + 3 * 0.5) / 11, 'mAP');
    // In whatever order they lie, ties included.
    const tied = [8, 6, 6, 6, 4, 3, 1, 1];
    const value = await mean(tied, members);
    close(await mean([...tied].reverse(), [...members].reverse()), value, 'mAP');
    close(value, (3 * 1 + 5 * 0.75 + 3 * 0.5) / 11, 'mAP');
  });

  test('takes tenths for what they are: three of ten are a recall of 0.3', async () => {
    // The first three are right, so is the last seventh: recalls up to 0.3 have precision 1, those beyond that of the end.
    const members = [1, 1, 1, ...new Array<number>(20).fill(0), ...new Array<number>(7).fill(1)];
    close(
      await mean(
        members.map((_, i) => -i),
        members,
      ),
      (4 + 7 * (10 / 30)) / 11,
      'mAP',
    );
  });

  test('has no precision of scores that are none, and none without a label', async () => {
    assert.ok(Number.isNaN(await mean([Number.NaN, 1], [0, 1])));
    assert.ok(Number.isNaN(await mean([Number.NaN, 1], [1, 0])));
    await assert.rejects(mean([1, 2], [0, 0]), RangeError);
  });

  test('a class that is named twice is one', async () => {
    const precision = new AveragePrecision(2);
    precision.add(Float32Array.from([1, 0, 0, 1]), [[0, 0], []]);
    assert.deepEqual(await precision.perClass(), [1, null]);
  });
});

test('scores that are not as many as images and classes ask for are refused', () => {
  const meter = new ClassificationMeter(3, { kind: 'class', labels: Int32Array.of(0, 1) });
  assert.throws(() => meter.add(new Float32Array(5), Int32Array.of(0, 1)), RangeError);
});

test('results are reported in what the data set says, where its targets allow it', () => {
  const labels: ManyLabelTargets = { kind: 'labels', labels: Int32Array.of(0), offsets: Int32Array.of(0, 1) };
  const single: Targets = { kind: 'class', labels: Int32Array.of(0) };
  const data = (targets: Targets, changes: object = {}) => {
    const images = { count: 1, heights: 1, widths: 1, targets };
    return { train: images, test: images, classes: 1, ...changes } as unknown as EvaluationData;
  };
  assert.equal(metricOf(data(single)), 'top1');
  assert.equal(metricOf(data(labels)), 'map11');
  assert.equal(metricOf(data(single, { metric: 'mean-per-class' })), 'mean-per-class');
  const refused = (wrong: EvaluationData, message: RegExp) =>
    assert.throws(() => metricOf(wrong), { code: 'ERR_BYOL_DATA', message });
  refused(data(single, { metric: 'map11' }), /cannot be reported in 11-point mAP: the images have one class each/);
  refused(data(labels, { metric: 'top1' }), /cannot be reported in top-1: the images have any number of labels each/);
  refused(data(single, { val: data(labels).test }), /one class each and others any number/);
});
