import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { root, withTempDir } from '../support/paths.js';

const skip = process.platform === 'win32' ? 'no named pipes' : false;

test('a command that failed leaves although a read never ends', { skip }, async () => {
  await withTempDir((dir) => {
    const pipe = path.join(dir, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const url = (file: string): string => JSON.stringify(pathToFileURL(path.join(root, file)).href);
    // Opening a pipe that nobody writes to is a read that hangs, and the process with it.
    const script = (leave: string): string => `
      import { readFile } from 'node:fs/promises';
      import { leaveSoon } from ${url('dist/lib/cli/leave-soon.js')};
      readFile(${JSON.stringify(pipe)}).catch(() => {});
      process.exitCode = 1;
      ${leave}`;
    const run = (leave: string, timeout: number) =>
      spawnSync(process.execPath, ['--input-type=module', '-e', script(leave)], {
        timeout,
        killSignal: 'SIGTERM',
      });
    assert.equal(run('leaveSoon(300);', 60_000).signal, 'SIGKILL');
    assert.equal(run('', 4_000).signal, 'SIGTERM', 'without it the process waits for ever');
    const without = spawnSync(process.execPath, [
      '--input-type=module',
      '-e',
      `import { leaveSoon } from ${url('dist/lib/cli/leave-soon.js')}; process.exitCode = 1; leaveSoon(60_000);`,
    ]);
    assert.equal(without.status, 1);
  });
});
