import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { CoreShortage } from '../../lib/train/core-shortage.js';
import { withTempDir } from '../support/paths.js';

interface Task {
  readonly comm: string;
  readonly waited: number;
  readonly ran?: number;
}

/** What Linux says in /proc of the threads by their numbers, and of the hundredths of a second that cores were idle. */
function writeProc(proc: string, tasks: Readonly<Record<string, Task>>, idle: readonly number[]): void {
  rmSync(proc, { recursive: true, force: true });
  for (const [id, { comm, waited, ran = 123_456_789 }] of Object.entries(tasks)) {
    const folder = path.join(proc, 'self/task', id);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'comm'), `${comm}\n`);
    writeFileSync(path.join(folder, 'schedstat'), `${ran} ${waited} 42\n`);
  }
  writeFileSync(path.join(proc, 'self/status'), 'Name:\tnode\nCpus_allowed:\tb\nCpus_allowed_list:\t0-1,3\n');
  const cpus = idle.map((ticks, cpu) => `cpu${cpu} 1000 0 50 ${ticks} 0 0 0 0 0 0`);
  writeFileSync(path.join(proc, 'stat'), `cpu  4000 0 200 99999 0 0 0 0 0 0\n${cpus.join('\n')}\nintr 1 2 3\ncpu0 7\n`);
}

test("counts the waiting of LibTorch's threads, and the idle cores of those that the process may use", () =>
  withTempDir((dir) => {
    const proc = path.join(dir, 'proc');
    const node = { comm: 'node', waited: 7e12 };
    writeProc(
      proc,
      { 1: node, 2: { comm: 'byol-torch', waited: 5e9 }, 3: { comm: 'byol-torch', waited: 1e9 } },
      [100, 100, 100, 100],
    );
    const shortage = CoreShortage.open(proc) as CoreShortage;
    assert.equal(shortage.read().idle, 0);
    // Thread 3 has ended, its number is a Node.js thread's now; thread 4 is new.
    const tasks = { 1: { ...node, waited: 9e12 }, 2: { comm: 'byol-torch', waited: 6e9 } };
    writeProc(proc, { ...tasks, 4: { comm: 'byol-torch', waited: 2e9 } }, [200, 150, 900, 100]);
    const { elapsed, waiting, idle } = shortage.read();
    const near = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 1e-6 * expected);
    near(waiting * elapsed, 3000);
    near(idle * elapsed, 1500);
    writeProc(proc, { ...tasks, 4: { comm: 'byol-torch', waited: 2e9 } }, [200, 150, 900, 100]);
    const still = shortage.read();
    assert.deepEqual([still.waiting, still.idle], [0, 0]);
  }));

test("what LibTorch's threads wait for the process's own other threads does not count", () =>
  withTempDir((dir) => {
    const proc = path.join(dir, 'proc');
    const write = (ran: number, waited: number) =>
      writeProc(proc, { 1: { comm: 'node', waited: 0, ran }, 2: { comm: 'byol-torch', waited } }, [1, 1, 1, 1]);
    write(1e9, 1e9);
    const shortage = CoreShortage.open(proc) as CoreShortage;
    write(4e9, 3e9);
    assert.equal(shortage.read().waiting, 0);
    write(5e9, 6e9);
    const { elapsed, waiting } = shortage.read();
    assert.ok(Math.abs(waiting * elapsed - 2000) < 1e-3);
  }));

test('a system that does not tell is left alone', () =>
  withTempDir((dir) => {
    assert.equal(CoreShortage.open(path.join(dir, 'nowhere')), null);
    writeProc(dir, { 1: { comm: 'node', waited: 1 } }, [1, 1]);
    rmSync(path.join(dir, 'self/task/1/schedstat'));
    assert.equal(CoreShortage.open(dir), null);
  }));
