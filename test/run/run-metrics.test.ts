import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readRunMetrics, writeMetricsCsv, writeTensorboard } from '../../lib/run/run-metrics.js';
import { withTempDir } from '../support/paths.js';
import { tinyConfig } from '../support/tiny.js';

const knn = (top1: number) => ({ top1, top5: 0.9 });
const LINES = [
  '{"type":"step","step":2,"epoch":1,"loss":3.5,"tau":0.99,"images_per_second":16}',
  '{"type":"step","step":4,"epoch":1,"loss":null,"tau":0.99,"images_per_second":32}',
  '{"type":"epoch","step":4,"epoch":1,"loss":3.25,"knn/top1":0.25,"knn/top5":0.75}',
];

/** A run folder as it is while the run goes on: the last line is being written. */
function makeRun(dir: string, lines: readonly string[] = LINES): void {
  mkdirSync(dir, { recursive: true });
  const write = (name: string, value: object): void => writeFileSync(path.join(dir, name), JSON.stringify(value));
  write('config.json', tinyConfig());
  write('environment.json', { date: '2020-01-01T00:00:00.000Z' });
  write('baseline.json', { knn: knn(0.125), linear: null });
  writeFileSync(path.join(dir, 'metrics.jsonl'), `${lines.join('\n')}\n{"type":"step","st`);
}

const finish = (dir: string): void =>
  writeFileSync(
    path.join(dir, 'result.json'),
    JSON.stringify({ steps: 8, epochs: 2, knn: knn(0.5), linear: { ...knn(0.625), learningRate: 0.1 } }),
  );

test('metrics of a run that goes on, and of a finished one, as CSV', () =>
  withTempDir(async (dir) => {
    const run = path.join(dir, 'run');
    makeRun(run);
    const out = path.join(dir, 'm.csv');
    await writeMetricsCsv(run, out);
    const running = [
      'type,step,epoch,knn/top1,knn/top5,loss,tau,images_per_second',
      'untrained,0,0,0.125,0.9,,,',
      'step,2,1,,,3.5,0.99,16',
      'step,4,1,,,,0.99,32',
      'epoch,4,1,0.25,0.75,3.25,,',
    ];
    assert.equal(readFileSync(out, 'utf8'), `${running.join('\n')}\n`);
    finish(run);
    await writeMetricsCsv(run, out);
    assert.match(readFileSync(out, 'utf8'), /\nfinished,8,2,0\.5,0\.9,,,,0\.625,0\.9\n$/);
  }));

test('times follow from the start and the pace', () =>
  withTempDir(async (dir) => {
    makeRun(dir);
    const start = Date.parse('2020-01-01T00:00:00Z') / 1000;
    // Batches of 16: 2 steps at 16, then 2 at 32 images per second.
    assert.deepEqual(
      (await readRunMetrics(dir)).map(({ time }) => time - start),
      [0, 2, 3, 3],
    );
  }));

test('TensorBoard gets a folder for each run, and no run takes the place of another of its name', () =>
  withTempDir(async (dir) => {
    const runs = ['a/run', 'b/run', 'other'].map((name) => path.join(dir, name));
    for (const run of runs) makeRun(run);
    const board = path.join(dir, 'board');
    for (const run of [...runs, ...runs]) await writeTensorboard(run, board);
    assert.deepEqual(readdirSync(board).sort(), ['other', 'run']);
    const files = readdirSync(path.join(board, 'run'));
    assert.equal(files.length, 2);
    for (const file of files) assert.match(file, /^events\.out\.tfevents\.[0-9a-f]{16}$/);
    const text = readFileSync(path.join(board, 'run', files[0] as string), 'latin1');
    for (const tag of ['untrained/knn/top1', 'loss', 'epoch/loss', 'knn/top1']) assert.ok(text.includes(tag), tag);
  }));

test('where there is no run, or nothing is measured, or the file is of somebody else, it is said', () =>
  withTempDir(async (dir) => {
    const out = path.join(dir, 'm.csv');
    await assert.rejects(writeMetricsCsv(path.join(dir, 'none'), out), {
      code: 'ERR_BYOL_RUN',
      message: /There is no run in/,
    });
    const run = path.join(dir, 'run');
    makeRun(run, []);
    writeFileSync(path.join(run, 'baseline.json'), '{"knn":null,"linear":null}');
    await assert.rejects(writeMetricsCsv(run, out), { code: 'ERR_BYOL_RUN', message: /Nothing has been measured/ });
    makeRun(run);
    writeFileSync(out, 'name,age\n');
    await assert.rejects(writeMetricsCsv(run, out), { code: 'ERR_BYOL_IO', message: /did not write/ });
    await assert.rejects(writeMetricsCsv(run, path.join(run, 'metrics.jsonl')), { code: 'ERR_BYOL_IO' });
    assert.equal(readFileSync(out, 'utf8'), 'name,age\n');
  }));
