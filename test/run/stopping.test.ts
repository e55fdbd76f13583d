/** Stops and changes between the sessions of a run: what was measured stays true, nothing is lost or doubled. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Config } from '../../lib/config/schema.js';
import { ByolError } from '../../lib/errors.js';
import type { TrainEvent } from '../../lib/run/events.js';
import { readMetrics } from '../../lib/run/metrics-file.js';
import { knnGainNeeded } from '../../lib/train/verdict.js';
import { withTempDir } from '../support/paths.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

/** kNN after every epoch and, at the end, a linear protocol that is long enough to be interrupted. */
function measuredConfig(changes: Partial<Config> = {}): Config {
  const config = tinyConfig({ epochs: 3, ...changes });
  const { knn, linear } = config.evaluation;
  return {
    ...config,
    evaluation: {
      ...config.evaluation,
      knn: { ...knn, everyEpochs: 1 },
      linear: { ...linear, atEnd: true, epochs: 20, batchSize: 32, features: 'fixed' },
    },
  };
}

/** The run's events without what depends on the clock. */
async function epochsOf(run: string): Promise<unknown[]> {
  const records = await readMetrics(path.join(run, 'metrics.jsonl'));
  return records.flatMap((record) => {
    if (record.type !== 'epoch') return [];
    const { step, epoch } = record;
    return [{ step, epoch, knn: record['knn/top1'], loss: record.loss.toPrecision(5) }];
  });
}

const baselineOf = (run: string): { knn: { top1: number } } =>
  JSON.parse(readFileSync(path.join(run, 'baseline.json'), 'utf8'));

const phases = (events: readonly TrainEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'phase' ? [event.phase] : []));

test('stopped in any of its evaluations, a run goes on with it and ends as if it had not been', async () => {
  await withTempDir(async (dir) => {
    const whole = path.join(dir, 'whole');
    const { result: expected } = await runToEnd(measuredConfig(), { folder: whole });
    for (const phase of ['untrained', 'knn', 'linear'] as const) {
      const out = path.join(dir, phase);
      const { result: first } = await runToEnd(measuredConfig(), { folder: out }, (event, stop) => {
        if (event.type === 'phase' && event.phase === phase) stop();
      });
      assert.equal(first.interrupted, true, phase);
      assert.ok(!existsSync(path.join(out, 'result.json')));
      const { result } = await runToEnd(measuredConfig(), { folder: out, resume: true });
      assert.deepEqual(
        [result.interrupted, result.steps, result.knn, result.linear, result.untrained],
        [false, expected.steps, expected.knn, expected.linear, expected.untrained],
        phase,
      );
      assert.deepEqual(await epochsOf(out), await epochsOf(whole), phase);
    }
  });
});

test('the untrained network stays the measure of a run that starts from weights', async () => {
  await withTempDir(async (dir) => {
    const [scratch, warm] = [path.join(dir, 'scratch'), path.join(dir, 'warm')];
    await runToEnd(measuredConfig(), { folder: scratch });
    const initFrom = path.join(scratch, 'encoder.safetensors');
    const { result } = await runToEnd(measuredConfig({ epochs: 1 }), { folder: warm, initFrom });
    assert.equal(result.untrained.knn?.top1, baselineOf(scratch).knn.top1);
    await assert.rejects(
      runToEnd(measuredConfig({ epochs: 1 }), { folder: warm, initFrom, resume: true }),
      (error) => error instanceof ByolError && error.code === 'ERR_BYOL_USAGE',
    );
  });
});

test('with other evaluation settings a resumed run measures the untrained network again, with those', async () => {
  await withTempDir(async (dir) => {
    const config = measuredConfig();
    await runToEnd(config, { folder: dir }, (event, stop) => {
      if (event.type === 'epoch' && event.epoch === 1) stop();
    });
    const { knn } = config.evaluation;
    const other = { ...config, evaluation: { ...config.evaluation, knn: { ...knn, k: 1 } } };
    const direct = path.join(dir, 'direct');
    const { result: expected } = await runToEnd(other, { folder: direct });
    const { events, result } = await runToEnd(other, { folder: dir, resume: true });
    assert.ok(phases(events).includes('untrained'));
    assert.deepEqual(result.untrained, expected.untrained);
    assert.deepEqual(result.knn, expected.knn);
  });
});

test('a target that began as a copy may stand still while the learning rate is 0', async () => {
  await withTempDir(async (dir) => {
    const config = tinyConfig({ batchSize: 64, epochs: 3 });
    const slow = {
      ...config,
      target: { ...config.target, init: 'copy' } as const,
      optimizer: { ...config.optimizer, warmupEpochs: 1 },
    };
    // One step an epoch: the first epoch is the step with learning rate 0.
    assert.equal((await runToEnd(slow, { folder: dir })).result.steps, 3);
  });
});

test('the result of a stopped run tells the accuracy of the last epoch that was measured', async () => {
  await withTempDir(async (dir) => {
    const config = measuredConfig({ epochs: 4 });
    const { knn } = config.evaluation;
    const everyOther = { ...config, evaluation: { ...config.evaluation, knn: { ...knn, everyEpochs: 2 } } };
    const { result } = await runToEnd(everyOther, { folder: dir }, (event, stop) => {
      if (event.type === 'epoch' && event.epoch === 3) stop();
    });
    const epochs = (await readMetrics(path.join(dir, 'metrics.jsonl'))).filter(({ type }) => type === 'epoch');
    const measured = epochs.find(({ epoch }) => epoch === 2) as { 'knn/top1'?: number; 'knn/top5'?: number };
    assert.deepEqual(result.knn, { top1: measured['knn/top1'], top5: measured['knn/top5'] });
    // Also by a session that measured nothing itself.
    const { result: again } = await runToEnd(everyOther, { folder: dir, resume: true }, (event, stop) => {
      if (event.type === 'start') stop();
    });
    assert.equal(again.interrupted, true);
    assert.deepEqual(again.knn, result.knn);
    assert.deepEqual(again.verdict, result.verdict);
  });
});

test('a resumed run judges by as many test images as its accuracy was measured with', async () => {
  await withTempDir(async (dir) => {
    const config = measuredConfig();
    const { knn } = config.evaluation;
    const few = { ...config, evaluation: { ...config.evaluation, knn: { ...knn, queryImages: 8 } } };
    await runToEnd(few, { folder: dir }, (event, stop) => {
      if (event.type === 'epoch') stop();
    });
    // Enough of a gain for the 32 test images that there are, too little for the 8 that were asked.
    const untrained = 0.25;
    const gained = untrained + (knnGainNeeded(untrained, 32) + knnGainNeeded(untrained, 8)) / 2;
    const baseline = path.join(dir, 'baseline.json');
    const kept = JSON.parse(readFileSync(baseline, 'utf8'));
    writeFileSync(baseline, JSON.stringify({ ...kept, knnDuringRun: { ...kept.knnDuringRun, top1: untrained } }));
    const metrics = path.join(dir, 'metrics.jsonl');
    const records = (await readMetrics(metrics)).map((record) => ({
      ...record,
      'knn/top1': gained,
      'collapse/std': 1,
      'collapse/rank': 8,
    }));
    writeFileSync(metrics, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    const { result } = await runToEnd(few, { folder: dir, resume: true }, (event, stop) => {
      if (event.type === 'start') stop();
    });
    assert.equal(result.knn?.top1, gained);
    assert.equal(result.verdict.state, 'not learning yet', result.verdict.text);
  });
});
