import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { runQueued } from '../../lib/eval/in-flight.js';

test('keeps at most three commands queued and reports results in order', async () => {
  let running = 0;
  let most = 0;
  const done: string[] = [];
  await runQueued(
    [5, 1, 3, 2, 4],
    async (item) => {
      running += 1;
      most = Math.max(most, running);
      await setTimeout(item);
      running -= 1;
      return item * 10;
    },
    undefined,
    (item, result) => done.push(`${item}:${result}`),
  );
  assert.equal(most, 3);
  assert.deepEqual(done, ['5:50', '1:10', '3:30', '2:20', '4:40']);
});

test('rejects with the first failure once all that was started has settled', async () => {
  const settled: number[] = [];
  const started: number[] = [];
  const run = runQueued([1, 2, 3, 4, 5], async (item) => {
    started.push(item);
    await setTimeout(item === 1 ? 1 : 20);
    settled.push(item);
    if (item <= 2) throw new Error(`failure ${item}`);
  });
  await assert.rejects(run, /failure 1/);
  assert.deepEqual(started, [1, 2, 3]);
  assert.deepEqual(settled.sort(), started);
});

test('a command that throws at once is a failure like any other', async () => {
  let settled = false;
  const run = runQueued([1, 2], (item) => {
    if (item === 2) throw new RangeError('bad item');
    return setTimeout(5).then(() => {
      settled = true;
    });
  });
  await assert.rejects(run, RangeError);
  assert.ok(settled);
});

test('an abort stops before the next command, with its reason', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const started: number[] = [];
  const run = runQueued(
    Array.from({ length: 100 }, (_, i) => i),
    async (item) => {
      started.push(item);
      if (item === 4) controller.abort(reason);
      await setImmediate();
    },
    { signal: controller.signal },
  );
  await assert.rejects(run, reason);
  assert.ok(started.length <= 7, `${started.length} commands were started`);
  await assert.rejects(
    runQueued([1], () => assert.fail('started although aborted'), { signal: controller.signal }),
    reason,
  );
});
