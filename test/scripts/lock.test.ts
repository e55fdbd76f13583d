import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
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
