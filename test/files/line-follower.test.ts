import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { LineFollower } from '../../lib/files/line-follower.js';
import { withTempDir } from '../support/paths.js';

/** Reads what has come since the last call, with a 'begin' where the file was begun anew. */
function follow(path: string): (from?: (size: number) => number) => Promise<string[]> {
  const follower = new LineFollower(path);
  return async (from) => {
    const told: string[] = [];
    const reader = { begin: () => told.push('begin'), line: (text: string) => told.push(text) };
    const changed = await follower.read(reader, from);
    assert.equal(changed, told.length > 0);
    return told;
  };
}

describe('line follower', () => {
  test('reads on from where it was, and leaves a half-written line for the next time', async () => {
    await withTempDir(async (dir) => {
      const path = join(dir, 'lines');
      writeFileSync(path, 'one\ntwo\nthr');
      const read = follow(path);
      assert.deepEqual(await read(), ['begin', 'one', 'two']);
      assert.deepEqual(await read(), []);
      appendFileSync(path, 'ee\nfo');
      assert.deepEqual(await read(), ['three']);
      appendFileSync(path, 'ur\n');
      assert.deepEqual(await read(), ['four']);
      assert.deepEqual(await read(), []);
    });
  });

  test('a character of several bytes may be written in two parts', async () => {
    await withTempDir(async (dir) => {
      const path = join(dir, 'lines');
      const bytes = Buffer.from('größe\n');
      writeFileSync(path, bytes.subarray(0, 3));
      const read = follow(path);
      assert.deepEqual(await read(), ['begin']);
      appendFileSync(path, bytes.subarray(3));
      assert.deepEqual(await read(), ['größe']);
    });
  });

  test('begins anew when the file was replaced, shortened, or rewritten in place', async () => {
    await withTempDir(async (dir) => {
      const path = join(dir, 'lines');
      writeFileSync(path, 'one\ntwo\nthree\n');
      const read = follow(path);
      await read();
      writeFileSync(`${path}.tmp`, 'one\ntwo\nthree\nfour\n');
      renameSync(`${path}.tmp`, path);
      assert.deepEqual(await read(), ['begin', 'one', 'two', 'three', 'four']);
      truncateSync(path, 8);
      assert.deepEqual(await read(), ['begin', 'one', 'two']);
      // Longer than before, and the same file.
      writeFileSync(path, 'ONE\nTWO\nTHREE\n');
      assert.deepEqual(await read(), ['begin', 'ONE', 'TWO', 'THREE']);
    });
  });

  test('a file that is deleted and comes back', async () => {
    await withTempDir(async (dir) => {
      const path = join(dir, 'run', 'lines');
      const read = follow(path);
      assert.deepEqual(await read(), []);
      mkdirSync(join(dir, 'run'));
      writeFileSync(path, 'one\n');
      assert.deepEqual(await read(), ['begin', 'one']);
      rmSync(join(dir, 'run'), { recursive: true });
      assert.deepEqual(await read(), ['begin']);
      assert.deepEqual(await read(), []);
      mkdirSync(join(dir, 'run'));
      writeFileSync(path, 'one\ntwo\n');
      assert.deepEqual(await read(), ['begin', 'one', 'two']);
    });
  });

  test('may begin within the file, at the next whole line', async () => {
    await withTempDir(async (dir) => {
      const path = join(dir, 'lines');
      writeFileSync(path, 'one\ntwo\nthree\n');
      const read = follow(path);
      assert.deepEqual(await read((size) => size - 8), ['begin', 'three']);
      appendFileSync(path, 'four\n');
      assert.deepEqual(await read(), ['four']);
    });
  });

  test('more than is read at once, and a line that is none', async () => {
    await withTempDir(async (dir) => {
      const path = join(dir, 'lines');
      const many = Array.from({ length: 60_000 }, (_, line) => `line ${line}`);
      writeFileSync(path, `${many.join('\n')}\n`);
      const read = follow(path);
      assert.deepEqual(await read(), ['begin', ...many]);
      appendFileSync(path, 'x'.repeat(3 << 20));
      assert.deepEqual(await read(), []);
      appendFileSync(path, 'x\nafter\n');
      assert.deepEqual(await read(), ['after']);
    });
  });
});
