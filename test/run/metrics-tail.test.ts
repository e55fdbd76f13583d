import assert from 'node:assert/strict';
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { MetricsTail } from '../../lib/run/metrics-tail.js';
import { withTempDir } from '../support/paths.js';
import { epochRecord, stepRecord } from '../support/run-data.js';

const line = (value: object): string => `${JSON.stringify(value)}\n`;
const all = (): boolean => true;
const open = (file: string): MetricsTail => new MetricsTail(file, { batch: 32, most: 100 });

test('what is appended is read, and nothing twice; a line that is not whole waits', async () => {
  await withTempDir(async (dir) => {
    const file = path.join(dir, 'metrics.jsonl');
    const tail = open(file);
    await tail.read();
    assert.deepEqual([tail.step, tail.lastEpoch], [0, null], 'there is no file yet');
    writeFileSync(file, line(stepRecord(1)) + line(stepRecord(2)));
    await tail.read();
    const [start, rest] = [line(epochRecord(1, 3, 0.4)).slice(0, 30), line(epochRecord(1, 3, 0.4)).slice(30)];
    appendFileSync(file, line(stepRecord(3)) + start);
    await tail.read();
    assert.deepEqual(tail.readings(all).step, [1, 2, 3]);
    assert.deepEqual([tail.lastEpoch], [null]);
    appendFileSync(file, `${rest}not JSON\n${line({ type: 'step', step: 'x' })}${line(stepRecord(4, { loss: 7 }))}`);
    await tail.read();
    await tail.read();
    assert.deepEqual(tail.readings(all).step, [1, 2, 3, 4]);
    assert.deepEqual(tail.readings(all).values['loss']?.mean, [3, 3, 3, 7]);
    // 32 images a step at 900 a second.
    assert.deepEqual(tail.readings(all).seconds, [0.0355556, 0.0711111, 0.106667, 0.142222]);
    const { lastEpoch, lastKnn } = tail;
    assert.deepEqual([lastEpoch?.epoch, lastEpoch?.step, lastKnn], [1, 3, { top1: 0.4, top5: 0.4 }]);
    assert.deepEqual(tail.epochs(all).values['knn/top1']?.mean, [0.4]);

    const whole = open(file);
    await whole.read();
    assert.deepEqual(whole.readings(all), tail.readings(all));
  });
});

test('a file that was cut, as a resumed run does, is read anew', async () => {
  await withTempDir(async (dir) => {
    const file = path.join(dir, 'metrics.jsonl');
    const first = line(stepRecord(1));
    writeFileSync(file, first + line(stepRecord(2)) + line(epochRecord(1, 2, 0.3)));
    const tail = open(file);
    await tail.read();
    truncateSync(file, first.length);
    await tail.read();
    assert.deepEqual([tail.readings(all).step, tail.step, tail.lastEpoch, tail.lastKnn], [[1], 1, null, null]);
  });
});

test('lines over several chunks of the file come whole, with any characters', async () => {
  await withTempDir(async (dir) => {
    const file = path.join(dir, 'metrics.jsonl');
    const count = 6000;
    const records = Array.from({ length: count }, (_, i) => line({ ...stepRecord(i + 1), note: 'ä'.repeat(150) }));
    writeFileSync(file, records.join(''));
    const tail = open(file);
    await tail.read();
    const { each, step } = tail.readings(all);
    assert.deepEqual([tail.step, each, step.at(-1), step[0]], [count, 64, count, 64]);
  });
});
