/** The run folder goes wrong under a run: one clear error, what was saved stays, and reports are nobody's end. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { MetricsWriter } from '../../lib/run/metrics-file.js';
import { withTempDir } from '../support/paths.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

const report = (dir: string): string => readFileSync(path.join(dir, 'report.html'), 'utf8');

test('a run folder that is deleted meanwhile is an error, and half of it does not come back', async () => {
  await withTempDir(async (dir) => {
    const out = path.join(dir, 'run');
    await assert.rejects(
      runToEnd(tinyConfig({ epochs: 50 }), { folder: out }, (event) => {
        if (event.type === 'epoch' && event.epoch === 2) rmSync(out, { recursive: true, force: true, maxRetries: 3 });
      }),
      { code: 'ERR_BYOL_IO', message: /run/ },
    );
    assert.ok(!existsSync(out));
  });
});

test('a report that cannot be written is a warning, once, and the run goes on', async () => {
  await withTempDir(async (dir) => {
    const { events, result } = await runToEnd(tinyConfig({ epochs: 3 }), { folder: path.join(dir, 'run') }, (event) => {
      if (event.type === 'untrained')
        mkdirSync(path.join(dir, 'run', 'report.html', 'in the way'), { recursive: true });
    });
    const warnings = events.filter((event) => event.type === 'warning' && /report/.test(event.message));
    assert.equal(warnings.length, 1);
    assert.equal(result.interrupted, false);
    assert.ok(existsSync(path.join(dir, 'run', 'result.json')));
  });
});

test('a run that goes on has a report from its first checkpoint on', async () => {
  await withTempDir(async (dir) => {
    const seen: string[] = [];
    await runToEnd(tinyConfig({ epochs: 8 }), { folder: dir }, (event) => {
      if (event.type === 'epoch') seen.push(report(dir));
    });
    assert.match(seen[0] as string, /Running: step 4 of 32 when it was last saved\./);
    assert.match(report(dir), /Finished: 8 epochs, 32 steps\./);
  });
});

test('a run that diverges leaves a report that says so', async () => {
  await withTempDir(async (dir) => {
    const config = tinyConfig();
    const wild = { ...config, optimizer: { ...config.optimizer, baseLearningRate: 1e30 } };
    await assert.rejects(runToEnd(wild, { folder: dir }), { code: 'ERR_BYOL_DIVERGED' });
    assert.match(report(dir), /Failed at step \d+ of 20\. Training diverged/);
    assert.match(report(dir), /"verdict fair"/);
  });
});

test('metrics that cannot be written are ERR_BYOL_IO that names the file', async () => {
  await withTempDir(async (dir) => {
    await assert.rejects(MetricsWriter.open(path.join(dir, 'gone', 'metrics.jsonl')), {
      code: 'ERR_BYOL_IO',
      message: /Cannot open .*gone\/metrics\.jsonl/,
    });
    const full = existsSync('/dev/full') ? await MetricsWriter.open('/dev/full') : null;
    await assert.rejects(
      full?.write({ type: 'epoch', step: 1, epoch: 1 } as never) ?? Promise.reject({ code: 'ERR_BYOL_IO' }),
      { code: 'ERR_BYOL_IO' },
    );
    await full?.close();
  });
});

test('a metrics file that cannot be read is refused before the run goes on', async () => {
  await withTempDir(async (dir) => {
    await runToEnd(tinyConfig(), { folder: dir }, (event, stop) => {
      if (event.type === 'epoch') stop();
    });
    rmSync(path.join(dir, 'metrics.jsonl'));
    mkdirSync(path.join(dir, 'metrics.jsonl'));
    const before = readdirSync(dir).sort();
    await assert.rejects(runToEnd(tinyConfig(), { folder: dir, resume: true }), {
      code: 'ERR_BYOL_IO',
      message: /metrics\.jsonl/,
    });
    assert.deepEqual(readdirSync(dir).sort(), before);
  });
});
