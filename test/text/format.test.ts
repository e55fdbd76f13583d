import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count, duration, parameters, percent, points, table, threadsText } from '../../lib/text/format.js';

test('numbers are written as people read them', () => {
  assert.equal(percent(0.43816), '43.8 %');
  assert.equal(percent(null), '-');
  assert.equal(points(0.136), '+13.6');
  assert.equal(points(-0.02), '-2.0');
  assert.equal(count(50_000), '50,000');
  assert.equal(parameters(23_508_032), '23.5 million');
  assert.equal(parameters(306_400), '306 thousand');
});

test('durations keep two units and never run over', () => {
  assert.equal(duration(59.4), '59 s');
  assert.equal(duration(59.6), '1 min 00 s');
  assert.equal(duration(200), '3 min 20 s');
  assert.equal(duration(3599.7), '1 h 00 min');
  assert.equal(duration(3720), '1 h 02 min');
  assert.equal(duration(60 * 3600), '2 d 12 h');
});

test('tables align text to the left and numbers to the right', () => {
  const rows = [
    ['', 'before', 'after'],
    ['kNN', '30.2 %', '9 %'],
  ];
  assert.equal(table(rows, [1, 2]), ['      before   after', 'kNN   30.2 %     9 %'].join('\n'));
});

test('a number of threads that changed says why', () => {
  assert.match(threadsText(1, 2), /other work .* with 1 of 2 threads$/);
  assert.match(threadsText(6, 8), / 6 of 8 threads$/);
  assert.match(threadsText(2, 2), /free again.* with 2 threads$/);
});
