import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { ByolError } from '../../lib/errors.js';
import { lockRun } from '../../lib/run/run-lock.js';
import { root, withTempDir } from '../support/paths.js';

const library = path.join(root, 'dist', 'lib', 'run', 'run-lock.js');
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

test('a lock that cannot be read is an error at once that names it, whatever it is, and stays', async () => {
  const kinds: ReadonlyArray<readonly [what: string, make: (lock: string) => void, code: string]> = [
    ['a folder', (lock) => mkdirSync(lock), 'ERR_BYOL_RUN'],
    ['a link to nowhere', (lock) => symlinkSync('nowhere', lock), 'ERR_BYOL_RUN'],
    ['a link to itself', (lock) => symlinkSync('run.lock', lock), 'ERR_BYOL_RUN'],
    ['a pipe', (lock) => spawnSync('mkfifo', [lock]), 'ERR_BYOL_RUN'],
    ['other text', (lock) => writeFileSync(lock, 'do not touch'), 'ERR_BYOL_RUN'],
    ['an owner without its birth', (lock) => writeFileSync(lock, `{"pid": 1}`), 'ERR_BYOL_RUN'],
  ];
  for (const [what, make, code] of kinds) {
    await withTempDir(async (dir) => {
      make(path.join(dir, 'run.lock'));
      await assert.rejects(lockRun(dir), (error: unknown) => {
        assert.ok(error instanceof ByolError, what);
        assert.equal(error.code, code, what);
        assert.match(error.message, /run\.lock .*Delete it if no process/, what);
        return true;
      });
      assert.deepEqual(readdirSync(dir), ['run.lock'], what);
    });
  }
});

const isRoot = process.getuid?.() === 0;
test("a lock of another user's that may not be read is an error", {
  skip: isRoot && 'root may read everything',
}, async () => {
  await withTempDir(async (dir) => {
    writeFileSync(path.join(dir, 'run.lock'), 'secret', { mode: 0o000 });
    await assert.rejects(lockRun(dir), { code: 'ERR_BYOL_IO', message: /Cannot read the lock .*run\.lock/ });
  });
});

test('a folder that is gone or cannot be written to is an error that names the lock', async () => {
  await withTempDir(async (dir) => {
    await assert.rejects(lockRun(path.join(dir, 'gone')), {
      code: 'ERR_BYOL_IO',
      message: /Cannot write .*gone\/run\.lock/,
    });
  });
});

test('a process that was killed while it removed a dead lock, however lately, keeps nobody out', async () => {
  await withTempDir(async (dir) => {
    lockElsewhere(dir, 'process.kill(process.pid, "SIGKILL");');
    const guard = path.join(dir, 'run.lock.removing');
    mkdirSync(guard);
    await (await lockRun(dir)).release();
    assert.deepEqual(readdirSync(dir), []);
  });
});

test("what is released is one's own lock only", async () => {
  await withTempDir(async (dir) => {
    const file = path.join(dir, 'run.lock');
    const lock = await lockRun(dir);
    writeFileSync(file, "another's");
    await lock.release();
    assert.equal(readFileSync(file, 'utf8'), "another's");
    rmSync(file);
    const other = await lockRun(dir);
    rmSync(dir, { recursive: true });
    await other.release();
  });
});
