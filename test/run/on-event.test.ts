/** What train() calls with its events. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { TrainEvent } from '../../lib/run/events.js';
import { train } from '../../lib/run/train.js';
import { withTempDir } from '../support/paths.js';
import { tinyConfig } from '../support/tiny.js';

const config = tinyConfig({ epochs: 3 });
/** Of steps, readers that are slow get the newest only. */
const kept = (events: readonly TrainEvent[]): string[] =>
  events.filter(({ type }) => type !== 'step').map((event) => JSON.stringify(event));

test('a function is called with every event in order, one at a time, read or not, and awaited', () =>
  withTempDir(async (dir) => {
    const told: TrainEvent[] = [];
    let busy = false;
    const onEvent = async (event: TrainEvent): Promise<void> => {
      assert.ok(!busy);
      busy = true;
      await wait(event.type === 'epoch' ? 50 : 1);
      busy = false;
      told.push(event);
    };
    const result = await train(config, { folder: path.join(dir, 'unread'), onEvent }).result;
    assert.deepEqual(told.at(-1), { type: 'end', result });
    assert.deepEqual(
      told.flatMap((event) => (event.type === 'epoch' ? [event.epoch] : [])),
      [1, 2, 3],
    );
    const steps = told.flatMap((event) => (event.type === 'step' ? [event.step] : []));
    assert.ok(steps.length > 0 && steps.every((step, i) => i === 0 || step > (steps[i - 1] as number)));

    told.length = 0;
    const read: TrainEvent[] = [];
    for await (const event of train(config, { folder: path.join(dir, 'read'), onEvent })) read.push(event);
    assert.deepEqual(kept(told), kept(read));
  }));

test('a function that throws or rejects ends the run as the body of a loop does: saved, and with its error', () =>
  withTempDir(async (dir) => {
    const failure = new Error('no space for notes');
    for (const [name, fail] of [
      [
        'throws',
        () => {
          throw failure;
        },
      ],
      ['rejects', () => Promise.reject(failure)],
    ] as const) {
      let after = 0;
      let failed = false;
      const onEvent = (event: TrainEvent): unknown => {
        if (failed) after += 1;
        if (event.type !== 'epoch') return undefined;
        failed = true;
        return fail();
      };
      const folder = path.join(dir, name);
      const run = train({ ...config, epochs: 200 }, { folder, onEvent });
      await assert.rejects(async () => {
        for await (const _ of run);
      }, failure);
      await assert.rejects(run.result, failure);
      assert.equal(after, 0);
      const resumed = train({ ...config, epochs: 200 }, { folder, resume: true });
      for await (const event of resumed) {
        if (event.type !== 'start') continue;
        assert.ok(event.resumedAt >= 4 && event.resumedAt < event.steps, `resumed at ${event.resumedAt}`);
        break;
      }
    }
  }));

test('the failure of a run is told before that of the function', () =>
  withTempDir(async (dir) => {
    const data = { kind: 'raw', path: path.join(dir, 'none') } as never;
    const onEvent = (): never => {
      throw new Error('mine');
    };
    await assert.rejects(train({ ...config, data }, { folder: dir, onEvent }).result, { code: /^ERR_BYOL/ });
    await assert.rejects(train(config, { folder: dir, onEvent: 'log' as never }).result, {
      code: 'ERR_BYOL_USAGE',
      message: /onEvent must be a function/,
    });
  }));
