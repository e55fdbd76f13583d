import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadingsThinner } from '../../lib/report/readings.js';
import { smooth } from '../../lib/report/smoothing.js';
import { valueText } from '../../lib/report/value-text.js';

/** Numbers that nothing repeats, in [-1, 1]. */
const noise = (at: number): number => Math.sin(at * at * 0.7 + at);

test('as few readings as a screen has are kept as they are', () => {
  const thinner = new ReadingsThinner(10);
  for (let i = 1; i <= 10; i += 1) thinner.add(3 * i, i / 2, { loss: i });
  assert.deepEqual(thinner.read(), {
    each: 1,
    step: [3, 6, 9, 12, 15, 18, 21, 24, 27, 30],
    seconds: [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5],
    values: { loss: { mean: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] } },
  });
});

test('of more readings each point is the mean of neighbours, with the lowest and highest of them', () => {
  const [count, most] = [1_003, 50];
  const thinner = new ReadingsThinner(most);
  for (let i = 1; i <= count; i += 1) thinner.add(i, i, { loss: noise(i) });
  const { each, step, values } = thinner.read();
  assert.equal(each, 32);
  assert.ok(step.length <= most && step.length > most / 2);
  assert.equal(step.at(-1), count);
  const { mean, low, high } = values['loss'] ?? { mean: [] };
  for (const [point, end] of step.entries()) {
    const part = Array.from({ length: end - 32 * point }, (_, i) => noise(32 * point + i + 1));
    const expected = [part.reduce((a, b) => a + b) / part.length, Math.min(...part), Math.max(...part)];
    for (const [at, value] of [mean[point], low?.[point], high?.[point]].entries()) {
      assert.ok(Math.abs((value as number) - (expected[at] as number)) < 1e-5, `point ${point}`);
    }
  }
});

test('what is not finite counts as not measured, and a metric may come late', () => {
  const thinner = new ReadingsThinner(4);
  const values = [1, Number.NaN, null, Number.POSITIVE_INFINITY, 3, 5, null, 2];
  for (const [i, loss] of values.entries()) thinner.add(i, i, { loss, ...(i > 5 && { late: 7 }), word: 'no number' });
  const { each, values: columns } = thinner.read();
  assert.equal(each, 2);
  assert.deepEqual(columns['loss'], { mean: [1, null, 4, 2], low: [1, null, 3, 2], high: [1, null, 5, 2] });
  assert.deepEqual(columns['late']?.mean, [null, null, null, 7]);
  assert.deepEqual(Object.keys(columns).sort(), ['late', 'loss']);
  assert.deepEqual(Object.keys(thinner.read((name) => name !== 'late').values), ['loss']);
});

test('smoothing is the weighted mean of all values so far', () => {
  const values = [4, 2, null, 8, 1];
  const weight = 0.7;
  const expected = values.map((value, at) => {
    if (value === null) return null;
    const before = values.slice(0, at + 1).filter((other) => other !== null);
    const weights = before.map((_, i) => weight ** (before.length - 1 - i));
    const sum = before.reduce((total, other, i) => total + other * (weights[i] as number), 0);
    return sum / weights.reduce((a, b) => a + b);
  });
  for (const [at, value] of smooth(values, weight).entries()) {
    const wanted = expected[at];
    assert.ok(value === wanted || Math.abs((value as number) - (wanted as number)) < 1e-12, `${at}`);
  }
  assert.deepEqual(smooth(values, 0), values);
});

test('values are told in their units', () => {
  assert.deepEqual(
    [0.7585, 0, 1].map((value) => valueText(value, 'fraction')),
    ['75.8 %', '0.0 %', '100.0 %'],
  );
  assert.deepEqual(
    [0.01931, 1.5, 0].map((value) => valueText(value, 'seconds')),
    ['19.31 ms', '1.5 s', '0 s'],
  );
  assert.deepEqual(
    [2 ** 20, 1.5 * 2 ** 30].map((value) => valueText(value, 'bytes')),
    ['1 MiB', '1.5 GiB'],
  );
  assert.deepEqual(
    [23_400, 0.123456, 1e-7, -3, null, undefined, Number.NaN].map((value) => valueText(value, null)),
    ['23,400', '0.1235', '1.000e-7', '-3', '-', '-', '-'],
  );
});
