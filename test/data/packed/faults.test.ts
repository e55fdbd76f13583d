/** Packing that is killed, or whose disk is full: nothing is lost, and the same command ends in the same bytes. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { PackResult } from '../../../lib/data/packed/pack.js';
import { writePaintedPhotos } from '../../support/painted-photos.js';
import { root } from '../../support/paths.js';
import { withPhotoFolder } from '../../support/photos.js';

const script = path.join(root, 'dist/test/data/packed/pack-process.js');
const KILLS = 10;
/** Images after which progress is told. */
const BATCH = 64;

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
  readonly lines: readonly string[];
  readonly seconds: number;
}

/** `killedAfter`: seconds from when it begins to pack. */
async function run(folder: string, out: string, killedAfter = Number.POSITIVE_INFINITY): Promise<Ended> {
  const child = spawn(process.execPath, [script, folder, out], { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  let [stderr, began] = ['', 0];
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
  });
  const ended = new AbortController();
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (lines.push(line) > 1) return;
    began = performance.now();
    if (killedAfter === Number.POSITIVE_INFINITY) return;
    setTimeout(killedAfter * 1000, null, { signal: ended.signal }).then(
      () => child.kill('SIGKILL'),
      () => {},
    );
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  ended.abort();
  return { code, stderr, lines, seconds: (performance.now() - began) / 1000 };
}

const resultOf = ({ lines }: Ended): PackResult => JSON.parse(lines.at(-1) ?? '') as PackResult;

/** With a file-size limit of so many KiB. */
function limited(folder: string, out: string, kibibytes: number): { code: number | null; stderr: string } {
  const command = `ulimit -f ${kibibytes}; exec "$0" "$@"`;
  const child = spawnSync('bash', ['-c', command, process.execPath, script, folder, out], { encoding: 'utf8' });
  return { code: child.status, stderr: child.stderr };
}

const noLimits =
  spawnSync('bash', ['-c', 'ulimit -f 100']).status === 0 ? false : 'bash cannot limit the sizes of files';

describe('packing', () => {
  test(`killed ${KILLS} times at any moment ends in the same bytes`, () =>
    withPhotoFolder(async (folder) => {
      await writePaintedPhotos(folder, 320, 120);
      const [whole, out] = ['whole.byol', 'p.byol'].map((name) => path.join(folder, '..', name)) as [string, string];
      const first = await run(folder, whole);
      assert.equal(first.code, 0);
      let [killed, wentOn] = [0, 0];
      for (let attempt = 0; killed < KILLS || wentOn === 0; attempt += 1) {
        assert.ok(attempt < 20 * KILLS, `killed ${killed} times, no process went on with what another had done`);
        const { code, lines } = await run(folder, out, Math.random() * first.seconds);
        if (Number(lines[1] ?? 0) > BATCH) wentOn += 1;
        if (code === null) killed += 1;
        if (!existsSync(out)) continue;
        // It was done, or all but.
        assert.ok(readFileSync(out).equals(readFileSync(whole)), 'other bytes');
        rmSync(out);
      }
      assert.equal((await run(folder, out)).code, 0);
      assert.ok(readFileSync(out).equals(readFileSync(whole)), 'other bytes');
      assert.deepEqual(
        readdirSync(path.dirname(out)).filter((name) => name.startsWith('p.')),
        ['p.byol'],
      );
    }));

  test('stopped by a full disk says so and goes on once there is room', { skip: noLimits }, () =>
    withPhotoFolder(async (folder) => {
      await writePaintedPhotos(folder, 40, 120);
      const [whole, out] = ['whole.byol', 'p.byol'].map((name) => path.join(folder, '..', name)) as [string, string];
      await run(folder, whole);
      const kibibytes = Math.floor(statSync(whole).size / 1024);
      // At the start, in the middle, within the index.
      for (const limit of [3, Math.floor(kibibytes / 2), kibibytes - 1]) {
        const { code, stderr } = limited(folder, out, limit);
        assert.equal(code, 1, stderr);
        assert.match(
          stderr,
          /^ERR_BYOL_IO Cannot write .*p\.byol.*: EFBIG.* Make room and give the same command again/,
        );
        assert.ok(!existsSync(out));
      }
      const last = resultOf(await run(folder, out));
      assert.equal(last.before, last.images);
      assert.ok(readFileSync(out).equals(readFileSync(whole)), 'other bytes');
    }),
  );

  test('is refused where there is no room, before it begins', (t) =>
    withPhotoFolder(async (folder) => {
      await writePaintedPhotos(folder, 60, 120);
      const small = path.join(folder, '../small');
      mkdirSync(small);
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', small]);
      if (mounted.status !== 0) return t.skip('needs the right to mount');
      try {
        const { code, stderr } = await run(folder, path.join(small, 'p.byol'));
        assert.equal(code, 1);
        assert.match(stderr, /^ERR_BYOL_IO .*p\.byol needs \d+ MB more, and .* has \d+ MB free\. Make room/);
      } finally {
        spawnSync('umount', [small]);
      }
    }));

  test('by two at once is done by one, and the other says so', () =>
    withPhotoFolder(async (folder) => {
      await writePaintedPhotos(folder, 200, 80);
      const out = path.join(folder, '../p.byol');
      const child = spawn(process.execPath, [script, folder, out], { stdio: ['ignore', 'pipe', 'ignore'] });
      const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
      // It has the lock once it tells how far it is.
      await new Promise<void>((resolve) =>
        child.stdout.on('data', (text: Buffer) => /\d/.test(text.toString()) && resolve()),
      );
      child.kill('SIGSTOP');
      const { code, stderr } = await run(folder, out);
      child.kill('SIGCONT');
      assert.equal(await ended, 0);
      assert.equal(code, 1);
      assert.match(stderr, /^ERR_BYOL_IO .*p\.byol is being written by process \d+, since .*\. Wait for it/);
    }));
});
