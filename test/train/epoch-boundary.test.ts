/** Epochs that are no whole number of steps: where they end, and that a stop anywhere near changes no bit. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import type { Config } from '../../lib/config/schema.js';
import { methods } from '../../lib/methods/index.js';
import { readMetrics } from '../../lib/run/metrics-file.js';
import { bits, newest, sameBits } from '../support/bits.js';
import { withTempDir } from '../support/paths.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

/** 40 images in steps of 16: 2.5 steps an epoch, or 2 with 8 images left out. */
function config(changes: Partial<Config>): Config {
  return tinyConfig({
    data: { kind: 'shapes', trainImages: 40, testImages: 20, size: 16, seed: 1 },
    epochs: 8,
    ...changes,
  });
}

const accumulated = { batchSize: 8, accumulate: 2 };
const cases = [
  { name: 'stream', run: config({ epochBoundary: 'stream' }), ends: [2, 5, 7, 10, 12, 15, 17, 20] },
  {
    name: 'stream, two micro-batches',
    run: config({ epochBoundary: 'stream', ...accumulated }),
    ends: [2, 5, 7, 10, 12, 15, 17, 20],
  },
  { name: 'drop-last', run: config({ epochBoundary: 'drop-last' }), ends: [2, 4, 6, 8, 10, 12, 14, 16] },
  {
    name: 'drop-last, two micro-batches',
    run: config({ epochBoundary: 'drop-last', ...accumulated }),
    ends: [2, 4, 6, 8, 10, 12, 14, 16],
  },
  {
    // Of every class half, rounded up, keep their labels, which leaves 18 images without; a step takes 12 of them.
    name: 'stream of labelled and other images',
    run: { ...mixed(methods['mean-teacher'](config({ epochs: 5 }))), epochBoundary: 'stream' as const },
    ends: [1, 3, 4, 6, 7],
  },
];

function mixed(base: Config): Config {
  assert.ok(base.supervision !== null);
  return { ...base, supervision: { ...base.supervision, labelFraction: 0.5, labelledPerBatch: 0.25, rampUpEpochs: 2 } };
}

for (const { name, run, ends } of cases) {
  test(`${name}: epochs end at their steps, and a run that is stopped after each ends in the same bits`, async () => {
    await withTempDir(async (dir) => {
      const whole = path.join(dir, 'whole');
      const parts = path.join(dir, 'parts');
      const { result, events } = await runToEnd(run, { folder: whole });
      const steps = ends.at(-1) as number;
      assert.deepEqual([result.steps, result.epochs, result.interrupted], [steps, run.epochs, false]);
      const start = events.find((event) => event.type === 'start');
      assert.equal(start?.steps, steps);
      assert.equal(start?.dropped, run.epochBoundary === 'stream' ? 0 : 8);
      const saved = events.flatMap((event) => (event.type === 'checkpoint' ? [event.step] : []));
      assert.deepEqual(saved, ends);

      let sessions = 0;
      for (let done = false; !done; sessions += 1) {
        const { result: part } = await runToEnd(run, { folder: parts, resume: sessions > 0 }, (event, stop) => {
          if (event.type === 'epoch') stop();
        });
        const complete = ends.filter((end) => end <= part.steps).length;
        assert.equal(part.epochs, complete, `after ${part.steps} steps`);
        done = !part.interrupted;
      }
      assert.ok(sessions > 2, `${sessions} sessions`);
      sameBits(newest(whole), newest(parts));
      assert.deepEqual(bits(path.join(whole, 'encoder.safetensors')), bits(path.join(parts, 'encoder.safetensors')));
      for (const folder of [whole, parts]) {
        const records = await readMetrics(path.join(folder, 'metrics.jsonl'));
        const epochs = records.filter((record) => record.type === 'epoch');
        assert.deepEqual(
          epochs.map(({ epoch, step }) => [epoch, step]),
          ends.map((end, index) => [index + 1, end]),
        );
        for (const { epoch, step, type } of records)
          if (type === 'step') assert.equal(epoch, 1 + ends.findIndex((end) => step <= end));
      }
    });
  });
}

test('the same epochs in fewer steps are not the same run', async () => {
  await withTempDir(async (dir) => {
    const out = path.join(dir, 'run');
    await runToEnd(config({ epochBoundary: 'stream', epochs: 2 }), { folder: out }, (event, stop) => {
      if (event.type === 'epoch') stop();
    });
    await assert.rejects(runToEnd(config({ epochBoundary: 'drop-last', epochs: 2 }), { folder: out, resume: true }), {
      code: 'ERR_BYOL_CONFIG',
      message: /epochBoundary: "stream" -> "drop-last"/,
    });
  });
});
