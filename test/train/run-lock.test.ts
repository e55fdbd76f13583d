import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { ByolError } from '../../lib/errors.js';
import { lockRun } from '../../lib/train/run-lock.js';
import { root, withTempDir } from '../support/paths.js';

const library = path.join(root, 'dist', 'lib', 'train', 'run-lock.js');
const locked = (error: unknown) =>
  error instanceof ByolError && error.code === 'ERR_BYOL_RUN_LOCKED' && /delete .*run\.lock/.test(error.message);

/** Another process locks the folder; `then` is what it does with it. */
function lockElsewhere(dir: string, then: string): string {
  const script = `import { lockRun } from ${JSON.stringify(library)};
    try { const lock = await lockRun(${JSON.stringify(dir)}); ${then} } catch (error) { console.log(error.code); }`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout.trim();
}

test('a folder is locked against this process and others until it is released', async () => {
  await withTempDir(async (dir) => {
    const lock = await lockRun(dir);
    await assert.rejects(lockRun(dir), locked);
    assert.equal(lockElsewhere(dir, 'console.log("got it")'), 'ERR_BYOL_RUN_LOCKED');
    await lock.release();
    assert.deepEqual(readdirSync(dir), []);
    assert.equal(lockElsewhere(dir, 'console.log("got it")'), 'got it');
  });
});

test('the lock of a process that was killed does not count', async () => {
  await withTempDir(async (dir) => {
    lockElsewhere(dir, 'process.kill(process.pid, "SIGKILL");');
    assert.ok(existsSync(path.join(dir, 'run.lock')));
    await (await lockRun(dir)).release();
    assert.deepEqual(readdirSync(dir), []);
  });
});

test('a process that was killed while it wrote the lock leaves nothing that counts', async () => {
  await withTempDir(async (dir) => {
    writeFileSync(path.join(dir, 'run.lock'), '');
    await (await lockRun(dir)).release();
  });
});

const proc = existsSync('/proc/self/stat');
test('a reused process number is not taken for the owner', { skip: !proc && 'no /proc' }, async () => {
  await withTempDir(async (dir) => {
    const since = '2020-01-01T00:00:00.000Z';
    const owner = { pid: process.pid, host: hostname(), birth: 'another boot/1', since };
    writeFileSync(path.join(dir, 'run.lock'), JSON.stringify(owner));
    await (await lockRun(dir)).release();
  });
});

test("another machine's lock is believed, and stays", async () => {
  await withTempDir(async (dir) => {
    const text = JSON.stringify({ pid: 1, host: 'elsewhere.example', birth: '', since: '2020-01-01T00:00:00.000Z' });
    writeFileSync(path.join(dir, 'run.lock'), text);
    await assert.rejects(lockRun(dir), (error) => locked(error) && /elsewhere\.example/.test(String(error)));
    assert.equal(readFileSync(path.join(dir, 'run.lock'), 'utf8'), text);
  });
});
