import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { withTempDir } from '../support/paths.js';
import { runNode, scratchPackage, writeCommand } from '../support/scratch-package.js';

/** scripts/test.cjs over one passing and one failing test file; `ctest` exits with the given status. */
async function runTests(native: number, ...filters: string[]) {
  return withTempDir(async (dir) => {
    scratchPackage(dir);
    const files = { 'dist/test/good.test.js': '', 'dist/test/deep/bad.test.js': 'throw new Error("bad test ran")' };
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
      writeFileSync(path.join(dir, name), text);
    }
    mkdirSync(path.join(dir, 'build/Release'), { recursive: true });
    mkdirSync(path.join(dir, '.cmake/2.13.0-cpu'), { recursive: true });
    writeFileSync(path.join(dir, 'build/Release/byol-build.json'), '{"torch":"2.13.0","flavour":"cpu"}');
    writeCommand(path.join(dir, 'bin/ctest'), `echo native tests ran; exit ${native}`);
    return runNode(dir, ['scripts/test.cjs', ...filters], {
      PATH: `${path.join(dir, 'bin')}:${process.env.PATH}`,
      // Set by the runner that runs this test; a runner within it would report to that one.
      NODE_TEST_CONTEXT: undefined,
    });
  });
}

test('a failing TypeScript test and a failing native test each fail the whole', async () => {
  const all = await runTests(0);
  assert.match(all.stdout, /native tests ran[\s\S]*bad test ran/);
  assert.match(all.stdout, /failing tests:[\s\S]*bad\.test\.js/);
  assert.equal(all.status, 1);
  assert.equal((await runTests(0, 'native', 'good')).status, 0);
  assert.equal((await runTests(8, 'native', 'good')).status, 1);
});

test('arguments pick files by a part of their path', async () => {
  const good = await runTests(1, 'good');
  assert.equal(good.status, 0);
  assert.doesNotMatch(good.stdout, /native tests ran|bad test ran/);
  assert.equal((await runTests(0, 'deep/bad')).status, 1);
  const none = await runTests(0, 'typo');
  assert.equal(none.status, 1);
  assert.match(none.stderr, /No test file has 'typo' in its path/);
});
