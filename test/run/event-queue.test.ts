import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventQueue } from '../../lib/run/event-queue.js';

type Event = { readonly type: 'step' | 'epoch'; readonly n: number };
const makeQueue = (): EventQueue<Event> =>
  new EventQueue((newer, older) => newer.type === 'step' && older.type === 'step');

async function readAll(queue: EventQueue<Event>): Promise<string[]> {
  const seen: string[] = [];
  for (let next = await queue.next(); !next.done; next = await queue.next()) seen.push(next.value.type + next.value.n);
  return seen;
}

test('unread steps are merged into the newest, epochs are all kept, in order', async () => {
  const queue = makeQueue();
  for (let epoch = 0; epoch < 3; epoch += 1) {
    for (let step = 0; step < 1000; step += 1) queue.push({ type: 'step', n: epoch * 1000 + step });
    queue.push({ type: 'epoch', n: epoch });
  }
  assert.equal(queue.length, 6);
  queue.end();
  assert.deepEqual(await readAll(queue), ['step999', 'epoch0', 'step1999', 'epoch1', 'step2999', 'epoch2']);
});

test('a reader that waits gets every event', async () => {
  const queue = makeQueue();
  const reading = readAll(queue);
  for (const n of [1, 2, 3]) {
    queue.push({ type: 'step', n });
    await new Promise((resolve) => setImmediate(resolve));
  }
  queue.end();
  assert.deepEqual(await reading, ['step1', 'step2', 'step3']);
});

test('a failure comes after what was pushed before it, once', async () => {
  for (const waiting of [false, true]) {
    const queue = makeQueue();
    const reason = new Error('no');
    queue.push({ type: 'epoch', n: 1 });
    assert.deepEqual((await queue.next()).value, { type: 'epoch', n: 1 });
    const next = waiting ? queue.next() : null;
    queue.end({ reason });
    await assert.rejects(next ?? queue.next(), reason);
    assert.deepEqual(await queue.next(), { done: true, value: undefined });
  }
});
