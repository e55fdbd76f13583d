import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { differences, formatDifferences, resumeDifferences } from '../../lib/config/differences.js';
import { presets } from '../../lib/config/presets/index.js';
import { readMetrics, truncateMetrics } from '../../lib/run/metrics-file.js';
import { withTempDir } from '../support/paths.js';

test('differences are named by their paths', () => {
  const older = { a: 1, b: { c: [1, 2], d: null }, e: [{ f: 1 }] };
  const newer = { a: 1, b: { c: [1, 3], d: { g: 1 } }, e: [{ f: 2 }], h: 'new' };
  assert.equal(
    formatDifferences(differences(older, newer)),
    ['  b.c: [1,2] -> [1,3]', '  b.d: null -> {"g":1}', '  e.0.f: 1 -> 2', '  h: (absent) -> "new"'].join('\n'),
  );
  assert.deepEqual(differences(older, structuredClone(older)), []);
});

test('a resumed run may change what does not touch its steps, and nothing else', () => {
  const { shapes } = presets;
  const changed = {
    ...shapes,
    threads: shapes.threads + 1,
    batchSize: shapes.batchSize + 1,
    checkpoint: { ...shapes.checkpoint, keep: 99 },
    evaluation: { ...shapes.evaluation, batchSize: 7 },
  };
  const { refused, allowed } = resumeDifferences(shapes, changed);
  assert.deepEqual(refused.map(({ path }) => path).sort(), ['batchSize', 'threads']);
  assert.deepEqual(allowed.map(({ path }) => path).sort(), ['checkpoint.keep', 'evaluation.batchSize']);
});

test('metrics after the checkpoint and the torn line of a killed process are dropped', async () => {
  await withTempDir(async (dir) => {
    const file = path.join(dir, 'metrics.jsonl');
    assert.deepEqual(await readMetrics(file), []);
    const line = (step: number): string => `{"type":"step","step":${step}}\n`;
    writeFileSync(file, `${line(10)}${line(20)}${line(30)}{"type":"step","st`);
    assert.deepEqual(
      (await truncateMetrics(file, 20)).map(({ step }) => step),
      [10, 20],
    );
    assert.equal(readFileSync(file, 'utf8'), line(10) + line(20));
  });
});

test('epochs of steps count from 1, also in files whose steps counted from 0; lines that are no records are left out', async () => {
  await withTempDir(async (dir) => {
    const file = path.join(dir, 'metrics.jsonl');
    const lines = (first: number): string =>
      [
        { type: 'step', step: 4, epoch: first },
        { type: 'epoch', step: 4, epoch: 1 },
        { type: 'step', step: 6, epoch: first + 1 },
      ]
        .map((line) => `${JSON.stringify(line)}\n`)
        .join('');
    const epochs = async () => (await readMetrics(file)).map(({ epoch }) => epoch);
    writeFileSync(file, `${lines(0)}null\n7\n{}\n`);
    assert.deepEqual(await epochs(), [1, 1, 2]);
    writeFileSync(file, lines(1));
    assert.deepEqual(await epochs(), [1, 1, 2]);
    writeFileSync(file, lines(0));
    await truncateMetrics(file, 6);
    assert.equal(readFileSync(file, 'utf8'), lines(1), 'a run that goes on is of one kind');
  });
});
