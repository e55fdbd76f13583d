import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { presets } from '../../lib/config/presets/index.js';
import type { Config } from '../../lib/config/schema.js';
import type { MetricsRecord } from '../../lib/run/metrics-file.js';
import { readRunData } from '../../lib/run/read-run-data.js';
import { lockRun } from '../../lib/run/run-lock.js';
import { runCli } from '../support/cli.js';
import { withTempDir } from '../support/paths.js';
import { epochRecord, finishedResult, stepRecord } from '../support/run-data.js';

/** A run as a process leaves it that was killed after an epoch, or, with a result, one that has finished. */
function makeRun(
  folder: string,
  { config = presets.shapes, records, result }: { config?: Config; records?: MetricsRecord[]; result?: object } = {},
): void {
  mkdirSync(folder, { recursive: true });
  const lines = records ?? [stepRecord(5), stepRecord(10), epochRecord(1, 10, 0.4), stepRecord(15)];
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(path.join(folder, 'metrics.jsonl'), lines.map((record) => `${JSON.stringify(record)}\n`).join(''));
  const accuracy = { top1: 0.3, top5: 0.8, queries: 1000 };
  const baseline = { knn: accuracy, knnDuringRun: accuracy, linear: null, evaluation: config.evaluation };
  writeFileSync(path.join(folder, 'baseline.json'), JSON.stringify(baseline));
  if (result !== undefined) writeFileSync(path.join(folder, 'result.json'), JSON.stringify(result));
}

const page = (...parts: string[]): string => readFileSync(path.join(...parts), 'utf8');

test('a run in the middle is shown as far as it is; a finished one as it says itself', async () => {
  await withTempDir(async (dir) => {
    const [half, done] = [path.join(dir, 'half'), path.join(dir, 'done')];
    makeRun(half);
    makeRun(done, { result: finishedResult });
    const running = await readRunData(half);
    assert.match(running.status, /^Not finished: step 15 of 120, epoch 1 of 12 is done/);
    assert.equal(running.verdict.state, 'learning');
    assert.match(running.verdict.text, /kNN 40\.0 %, untrained 30\.0 %/);
    assert.deepEqual([running.state, running.steps, running.stepsPerEpoch, running.final], ['stopped', 15, 10, {}]);
    const lock = await lockRun(half);
    const held = await readRunData(half);
    assert.deepEqual([held.state, held.status.slice(0, 24)], ['running', 'Running: step 15 of 120,']);
    await lock.release();
    const finished = await readRunData(done);
    assert.deepEqual([finished.state, finished.verdict, finished.steps], ['finished', finishedResult.verdict, 20]);
    assert.deepEqual(finished.final, { 'knn/top1': 0.5, 'knn/top5': 0.9 });

    const told = runCli(['report', half]);
    assert.equal(told.code, 0, told.stderr);
    assert.equal(told.stdout.trim(), `Saved as ${path.join(half, 'report.html')}`);
    assert.match(page(half, 'report.html'), /Not finished: step 15 of 120/);
  });
});

test('several runs come to one page, told apart by name or path, with what differs between them', async () => {
  await withTempDir(async (dir) => {
    const [a, b] = [path.join(dir, 'one', 'run'), path.join(dir, 'two', 'run')];
    makeRun(a);
    makeRun(b, { config: { ...presets.shapes, batchSize: 128 }, records: [] });
    const out = path.join(dir, 'both.html');
    const { code, stderr } = runCli(['report', a, b, '--out', out]);
    assert.equal(code, 0, stderr);
    const html = page(out);
    assert.match(html, /<code>batchSize<\/code><\/th><td><code>64<\/code><\/td><td><code>128<\/code>/);
    assert.ok(html.includes(a) && html.includes(b), 'both are called run');
    // The same page may be written again, but nobody else's.
    assert.equal(runCli(['report', a, b, '--out', out]).code, 0);
    writeFileSync(out, '<!doctype html><title>mine</title>');
    const refused = runCli(['report', a, b, '--out', out]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /a file that this command did not write is there/);
    assert.match(page(out), /mine/);
  });
});

test('what cannot be shown is said in one sentence', async () => {
  await withTempDir(async (dir) => {
    const run = path.join(dir, 'run');
    makeRun(run);
    const damaged = path.join(dir, 'damaged');
    makeRun(damaged);
    writeFileSync(path.join(damaged, 'config.json'), '{');
    const cases: ReadonlyArray<readonly [args: string[], code: number, message: RegExp]> = [
      [[], 2, /Say which runs to show/],
      [[run, `${run}/`], 2, /is given more than once/],
      [[run, '--out', path.join(dir, 'page.txt')], 2, /A page is written as \.html/],
      [[path.join(dir, 'none')], 1, /There is no run in/],
      [[run, damaged], 1, /config\.json is damaged/],
      [[run, '--out', path.join(dir, 'no', 'page.html')], 1, /the folder .* does not exist/],
    ];
    for (const [args, code, message] of cases) {
      const told = runCli(['report', ...args]);
      assert.equal(told.code, code, args.join(' '));
      assert.match(told.stderr, message);
    }
  });
});
