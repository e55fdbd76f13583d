/** Resident memory of whole processes; the limits are generous, the failures that they are for are not. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { runScenario } from './run-scenario.js';

/** They work, a quarter of a minute on a quiet machine. */
const PATIENCE = 300;

function mebibytes(name: string): number {
  const { status, stdout, stderr } = runScenario(name, { seconds: PATIENCE });
  assert.equal(status, 0, stderr);
  const value = Number(stdout);
  assert.ok(Number.isFinite(value), stdout);
  return value;
}

test('1,000 steps do not grow the process', () => {
  const growth = mebibytes('memory of steps');
  assert.ok(growth < 30, `${growth} MiB`);
});

test('stores that nobody disposed of are collected: 3 GiB of them never lie in memory at once', () => {
  const peak = mebibytes('memory of forgotten stores');
  assert.ok(peak < 1500, `${peak} MiB`);
});

test('dispose() gives the memory of a learner back', () => {
  // 40 of them, of 20 MiB each.
  const peak = mebibytes('memory of learners');
  assert.ok(peak < 600, `${peak} MiB`);
});

test('the garbage collector knows how large every object is', () => {
  const { status, stdout, stderr } = runScenario('forgotten objects', { seconds: PATIENCE });
  assert.equal(status, 0, stderr);
  const collected = JSON.parse(stdout) as number[];
  const small = collected.pop() as number;
  for (const large of collected) assert.ok(large > 100 && large > 2 * small, stdout);
});

test('images are taken over without a second team of OpenMP threads', {
  skip: existsSync('/proc/self/task') ? false : 'no /proc',
}, () => {
  const { status, stdout, stderr } = runScenario('threads of the process');
  assert.equal(status, 0, stderr);
  const [before, after] = JSON.parse(stdout) as [number, number];
  assert.equal(after, before);
});
