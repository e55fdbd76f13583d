import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ThreadPolicy } from '../../lib/train/thread-policy.js';

/** A machine on which each of `busy` processes, and each thread that computes, wants a core, and all get the same share. */
function readingsOf(cores: number, busy: number, threads: number) {
  const share = Math.min(1, cores / (threads + busy));
  return { elapsed: 200, waiting: threads * (1 - share), idle: Math.max(0, cores - threads - busy) };
}

/** The number of threads after so many seconds beside `busy` processes. */
function settle(policy: ThreadPolicy, cores: number, busy: number, seconds = 10): number {
  for (let i = 0; i < 5 * seconds; i += 1) policy.next(readingsOf(cores, busy, policy.threads));
  return policy.threads;
}

test('a quiet machine is used whole', () => {
  for (const cores of [1, 2, 64]) assert.equal(settle(new ThreadPolicy(cores), cores, 0, 100), cores);
});

test('fewer threads beside busy processes, all of them afterwards', () => {
  for (const busy of [1, 2, 4]) {
    const policy = new ThreadPolicy(2);
    assert.equal(settle(policy, 2, busy, 1), 1, `${busy} busy`);
    assert.equal(settle(policy, 2, busy, 100), 1);
    assert.equal(settle(policy, 2, 0), 2);
  }
});

test('on many cores only as many are given up as others need', () => {
  const policy = new ThreadPolicy(64);
  assert.equal(settle(policy, 64, 4), 60);
  assert.equal(settle(policy, 64, 32), 32);
  assert.equal(settle(policy, 64, 8), 56);
  assert.equal(settle(policy, 64, 0), 64);
});

test('where every core is contended, several threads still beat one', () => {
  const threads = settle(new ThreadPolicy(64), 64, 64);
  assert.ok(threads >= 2 && threads <= 16, `${threads} threads`);
});

test('a flicker changes nothing', () => {
  const policy = new ThreadPolicy(2);
  for (let i = 0; i < 100; i += 1) policy.next({ elapsed: 200, waiting: i % 2, idle: 0 });
  assert.equal(policy.threads, 2);
});

test('attempts that fail become rare, until one lasts', () => {
  const policy = new ThreadPolicy(2);
  // Whenever the second thread starts, somebody takes its core.
  let attempts = 0;
  const trouble = (seconds: number): number => {
    attempts = 0;
    for (let i = 0; i < 5 * seconds; i += 1) {
      const before = policy.threads;
      policy.next(before === 2 ? { elapsed: 200, waiting: 0.5, idle: 0 } : { elapsed: 200, waiting: 0, idle: 1 });
      if (policy.threads > before) attempts += 1;
    }
    return attempts;
  };
  const first = trouble(60);
  assert.ok(first >= 3 && first <= 7, `${first} attempts in the first minute`);
  assert.ok(trouble(600) <= 12, `${attempts} attempts in ten minutes`);
  assert.equal(settle(policy, 2, 0, 100), 2);
  settle(policy, 2, 1, 1);
  assert.equal(settle(policy, 2, 0, 2), 2, 'patience is restored');
});

test('readings after a long stall count for what they say', () => {
  const policy = new ThreadPolicy(2);
  assert.equal(policy.next({ elapsed: 5000, waiting: 1.2, idle: 0 }), 1);
  assert.equal(policy.next({ elapsed: 5000, waiting: 0, idle: 1 }), 2);
});
