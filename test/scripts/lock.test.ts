import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { root, withTempDir } from '../support/paths.js';
import { runNode } from '../support/scratch-package.js';

/** In a process of its own: enters the lock, writes "in" and, some time later, "out" to a log. */
function enter(dir: string) {
  const code = `
    const { withLock } = require(process.argv[1]);
    const { appendFileSync } = require('node:fs');
    withLock('lock', 'waiting', async () => {
      appendFileSync('log', 'in ');
      await new Promise((resolve) => setTimeout(resolve, 100));
      appendFileSync('log', 'out ');
    });`;
  return runNode(dir, ['-e', code, path.join(root, 'scripts/lock.cjs')]);
}

const lockFiles = (dir: string): string[] => readdirSync(dir).filter((name) => name.startsWith('lock'));

test('one process at a time is inside, also when they find a dead holder together', async () => {
  await withTempDir(async (dir) => {
    writeFileSync(path.join(dir, 'lock'), `${hostname()} 4194305 1`); // above the largest process number of Linux
    const runs = await Promise.all([enter(dir), enter(dir), enter(dir)]);
    assert.deepEqual(
      runs.map(({ status }) => status),
      [0, 0, 0],
    );
    assert.equal(readFileSync(path.join(dir, 'log'), 'utf8'), 'in out '.repeat(3));
    assert.ok(!existsSync(path.join(dir, 'lock')));
  });
});

test('a process that got the number of the dead holder is not taken for it', async () => {
  await withTempDir(async (dir) => {
    writeFileSync(path.join(dir, 'lock'), `${hostname()} ${process.pid} 1`); // we live, but were born later
    const { stdout } = await enter(dir);
    assert.equal(stdout, '');
    assert.equal(readFileSync(path.join(dir, 'log'), 'utf8'), 'in out ');
  });
});

test('who found a holder dead and was slow does not take the lock that another has made since', async () => {
  await withTempDir(async (dir) => {
    writeFileSync(path.join(dir, 'lock'), `${hostname()} 4194305 1`);
    // process.kill(pid, 0) asks whether the holder lives: just then another machine takes the lock.
    const code = `
      const { readFileSync, writeFileSync } = require('node:fs');
      const { kill } = process;
      process.kill = (pid, signal) => {
        process.kill = kill;
        writeFileSync('lock', 'elsewhere.example 1 1');
        return kill(pid, signal);
      };
      setTimeout(() => {
        console.log(readFileSync('lock', 'utf8'));
        process.exit();
      }, 700);
      require(process.argv[1]).withLock('lock', 'waiting', async () => console.log('inside'));`;
    const { stdout } = await runNode(dir, ['-e', code, path.join(root, 'scripts/lock.cjs')]);
    assert.equal(stdout, 'waiting (lock)\nelsewhere.example 1 1\n');
    assert.deepEqual(lockFiles(dir), ['lock']);
  });
});

test('a process that was killed while it removed a dead lock is not waited for', async () => {
  await withTempDir(async (dir) => {
    writeFileSync(path.join(dir, 'lock'), `${hostname()} 4194305 1`);
    mkdirSync(path.join(dir, 'lock.removing'));
    utimesSync(path.join(dir, 'lock.removing'), 1, 1);
    assert.equal((await enter(dir)).status, 0);
    assert.deepEqual(lockFiles(dir), []);
  });
});

test('a lock that cannot be one is an error that names it', async () => {
  await withTempDir(async (dir) => {
    const lock = path.join(dir, 'lock');
    const refused = async () => {
      const { status, stderr } = await enter(dir);
      assert.equal(status, 1);
      assert.match(stderr, /lock should be a lock file, but is something else\. Delete it\./);
    };
    mkdirSync(lock);
    await refused();
    rmSync(lock, { recursive: true });
    symlinkSync('nowhere', lock);
    await refused();
  });
});
