/** The addon in processes and workers that end in every way, and in several of them at once. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { withTempDir } from '../support/paths.js';
import { runScenario } from './run-scenario.js';

/** `file`: must not be there at the end, because its command was queued behind others. */
async function ends(name: string, status: number, output: RegExp | string): Promise<void> {
  await withTempDir((dir) => {
    const file = path.join(dir, 'queued.safetensors');
    const run = runScenario(name, { argument: file });
    assert.deepEqual([run.status, run.signal], [status, null], run.stderr);
    if (typeof output === 'string') assert.equal(run.stdout, output, run.stderr);
    else assert.match(run.stdout + run.stderr, output);
    assert.ok(!existsSync(file), 'what was queued was still carried out');
  });
}

for (let round = 1; round <= 3; round += 1) {
  test(`process.exit() under a step that outlasts the wait, ${round}`, () => ends('exit that does not wait', 7, ''));
}
test('process.exit() in a step of many micro-batches', () => ends('exit in a long step', 7, ''));
for (const work of ['executor', 'step'] as const) {
  test(`process.exit() in a long command: ${work}`, () => ends(`exit in a long ${work}`, 7, ''));
  test(`a worker that is terminated in a long command: ${work}`, () => ends(`a worker in a long ${work}`, 0, '1\n'));
}
test('process.exit() drops what is queued', () => ends('exit with a queue', 7, ''));
test('no work is accepted while the process exits', () =>
  ends('use while exiting', 7, 'ERR_BYOL_SHUTDOWN\nERR_BYOL_SHUTDOWN\nERR_BYOL_SHUTDOWN\n'));
test('not even for the first time', () => ends('first use while exiting', 0, 'ERR_BYOL_SHUTDOWN\n'));
test('a rejection that nobody handles ends the process with its message', () =>
  ends('nobody handles a rejection', 1, /ByolError \[ERR_BYOL_SHAPE\]: there is no image 99/));
test('an error class that throws rejects each promise with what it throws', () =>
  ends('an error class that throws', 0, 'mine mine true\n'));
test('an idle addon does not keep the process alive', () => ends('nothing in flight', 0, ''));

test('workers that are terminated in the middle, while the main thread works', () =>
  ends('workers that are terminated', 0, '6\n'));
test('workers that end by themselves', () => ends('workers that end by themselves', 0, '5 0\n5 0\n5 0\n'));
test('two workers at once', () => ends('two workers at once', 0, '5 0 5 0\n'));
test('process.exit() in a worker ends the worker alone, with its code', () => ends('a worker that exits', 0, '3\n'));
test('process.exit() while a worker works', () => ends('exit while a worker works', 7, ''));
test('the number of threads is one for all; nobody changes it under another', () =>
  ends('threads of two environments', 0, '["set","ERR_BYOL_BUSY"]\n2\n'));
