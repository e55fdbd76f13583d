import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLearning } from '../../lib/train/learning.js';
import type { StepsPause, StepsReading } from '../../lib/train/steps.js';
import { bits } from '../support/bits.js';
import { withTempDir } from '../support/paths.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

const config = tinyConfig(); // 4 steps an epoch, 5 epochs

test('steps by hand end in the same bits as a run, stopped, saved and taken up again in between', async () => {
  await withTempDir(async (dir) => {
    await runToEnd(config, { folder: join(dir, 'run') });
    const state = join(dir, 'state.safetensors');
    const told: (StepsPause | StepsReading)[] = [];
    {
      await using first = await openLearning(config);
      assert.equal(first.totalSteps, 20);
      for await (const event of first.steps()) {
        told.push(event);
        if (event.type === 'pause' && event.ended?.epoch === 2) break;
      }
      assert.equal(await first.step, 8);
      await first.save(state);
    }
    await using second = await openLearning(config);
    await second.load(state);
    assert.equal(await second.step, 8);
    for await (const event of second.steps()) told.push(event);
    const pauses = told.flatMap((event) => (event.type === 'pause' ? [[event.step, event.ended?.epoch ?? null]] : []));
    assert.deepEqual(
      pauses,
      [4, 8, 12, 16, 20].map((step) => [step, step / 4]),
    );
    const encoder = join(dir, 'encoder.safetensors');
    await second.exportEncoder(encoder);
    assert.deepEqual(bits(encoder), bits(join(dir, 'run/encoder.safetensors')));
  });
});

test('a loop that is left in the middle of an epoch goes on there, and an aborted one pauses', async () => {
  await withTempDir(async (dir) => {
    const long = tinyConfig({ epochs: 2, batchSize: 2 }); // 32 steps an epoch
    await runToEnd(long, { folder: join(dir, 'run') });
    await using learning = await openLearning(long);
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 40);
    let last: StepsPause | StepsReading | undefined;
    for await (const event of learning.steps({ signal: stop.signal })) last = event;
    assert.equal(last?.type, 'pause');
    assert.equal(await learning.step, last?.step);
    for await (const event of learning.steps()) {
      last = event;
      if (event.step > 40) break;
    }
    for await (const event of learning.steps()) last = event;
    assert.deepEqual([last?.type, last?.step, await learning.step], ['pause', 64, 64]);
    await learning.exportEncoder(join(dir, 'encoder.safetensors'));
    assert.deepEqual(bits(join(dir, 'encoder.safetensors')), bits(join(dir, 'run/encoder.safetensors')));
  });
});

test('kNN before, between and after the steps changes nothing', async () => {
  await withTempDir(async (dir) => {
    const { result } = await runToEnd(config, { folder: join(dir, 'run') });
    await using learning = await openLearning(config);
    assert.deepEqual(await learning.knn(), result.untrained.knn);
    for await (const event of learning.steps()) if (event.type === 'reading') await learning.knn();
    assert.deepEqual(await learning.knn(), result.knn);
  });
});

test('what cannot be is refused: two loops at once, wrong options, use after disposal', async () => {
  const learning = await openLearning({ preset: 'shapes', ...config });
  const steps = learning.steps();
  await steps.next();
  await assert.rejects(learning.steps().next(), { code: 'ERR_BYOL_USAGE', message: /another loop/ });
  await steps.return();
  await assert.rejects(learning.steps({ step: 3 } as object).next(), { code: 'ERR_BYOL_USAGE', message: /'step'/ });
  await assert.rejects(openLearning(config, { out: 'x' } as object), { code: 'ERR_BYOL_USAGE', message: /'out'/ });
  await assert.rejects(openLearning({ preset: 'shapes', epochs: 0 }), { code: 'ERR_BYOL_CONFIG', message: /epochs/ });
  learning.dispose();
  learning.dispose();
  await assert.rejects(async () => learning.knn(), { code: 'ERR_BYOL_DISPOSED' });
  await assert.rejects(learning.save('nowhere.safetensors'), { code: 'ERR_BYOL_DISPOSED' });
  assert.ok(!existsSync('nowhere.safetensors'));
});
