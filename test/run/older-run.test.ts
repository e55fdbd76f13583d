/** folders/0.1.0: a run of that version, stopped after the first of three epochs, with settings that have other names now. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { allPaths, formatPath } from '../../lib/config/schema-tree.js';
import { evaluateRun } from '../../lib/run/run-evaluation.js';
import { readRunConfig } from '../../lib/run/run-folder.js';
import { root, withTempDir } from '../support/paths.js';
import { runToEnd } from '../support/tiny.js';

const kept = path.join(root, 'test/run/folders/0.1.0');

test('a run of an older version goes on as it began, and its files have the names of now', () =>
  withTempDir(async (dir) => {
    cpSync(kept, dir, { recursive: true });
    const { result, events } = await runToEnd(await readRunConfig(dir), { folder: dir, resume: true });
    assert.deepEqual([result.interrupted, result.steps, result.epochs], [false, 6, 3]);
    const start = events.find((event) => event.type === 'start');
    assert.equal(start?.resumedAt, 2);
    // The images are the same ones, and the untrained network need not be measured again.
    assert.ok(!events.some((event) => event.type === 'phase' && event.phase === 'untrained'));
    const before = JSON.parse(readFileSync(path.join(kept, 'baseline.json'), 'utf8'));
    assert.equal(result.untrained.knn?.top1, before.knn.top1);
    const { supervision, views, evaluation } = JSON.parse(readFileSync(path.join(dir, 'config.json'), 'utf8'));
    assert.deepEqual([supervision.labelFraction, supervision.labelledPerBatch], [0.5, 0.25]);
    assert.deepEqual([views.pipelines.length, evaluation.linear.features], [2, 'fixed']);
    const epochs = readFileSync(path.join(dir, 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const steps = epochs.flatMap(({ type, step }) => (type === 'epoch' ? [step] : []));
    assert.deepEqual(steps, [2, 4, 6]);
  }));

test('it is evaluated where it stands', () =>
  withTempDir(async (dir) => {
    cpSync(kept, dir, { recursive: true });
    const { result, weights } = await evaluateRun({ folder: dir, protocol: 'knn' });
    assert.equal(weights, path.join('checkpoints', 'step-00000002.safetensors'));
    const measured = JSON.parse(readFileSync(path.join(kept, 'metrics.jsonl'), 'utf8').trim().split('\n').at(-1) ?? '');
    // Of 32 images; another processor may see a neighbour differently.
    assert.ok(Math.abs(result.top1 - measured['knn/top1']) <= 2 / 32);
  }));

test('it has settings that were renamed since', () => {
  const known = new Set(allPaths().map(formatPath));
  const old = JSON.parse(readFileSync(path.join(kept, 'config.json'), 'utf8'));
  for (const group of ['views', 'supervision', 'optimizer'] as const) {
    const unknown = Object.keys(old[group]).filter((key) => !known.has(`${group}.${key}`));
    assert.ok(unknown.length > 0, group);
  }
});
