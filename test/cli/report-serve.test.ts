import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { cliPath, runCli } from '../support/cli.js';
import { withTempDir } from '../support/paths.js';
import { makeRun } from '../support/run-folders.js';

describe('byol report --serve', () => {
  test('serves the runs in runs until Ctrl-C, and then ends at once, whoever is connected', async () => {
    await withTempDir(async (dir) => {
      makeRun(join(dir, 'runs/one'));
      const child = spawn(process.execPath, [cliPath, 'report', '--serve'], {
        cwd: dir,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        let said = '';
        for await (const part of child.stdout.setEncoding('utf8')) {
          said += part as string;
          if (said.includes('Ctrl-C ends it.')) break;
        }
        const address = /^Runs in runs, live: (http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/)$/m.exec(said)?.[1] as string;
        const { order } = (await (await fetch(`${address}runs.json`)).json()) as { order: string[] };
        assert.equal(order.length, 1);
        const socket = connect(Number(new URL(address).port), '127.0.0.1');
        socket.on('error', () => {});
        await once(socket, 'connect');
        child.kill('SIGINT');
        const [code] = (await once(child, 'exit')) as [number | null];
        assert.equal(code, 130);
        socket.destroy();
      } finally {
        child.kill('SIGKILL');
      }
    });
  });

  test('a port that is taken, a folder that is not there, and what does not go together', async () => {
    await withTempDir(async (dir) => {
      mkdirSync(join(dir, 'runs'));
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo;
      const taken = runCli(['report', '--serve', '--port', String(port)], { cwd: dir });
      other.close();
      assert.equal(taken.code, 1);
      assert.match(
        taken.stderr,
        new RegExp(`Cannot serve on 127\\.0\\.0\\.1: another program is listening on port ${port}\\.`),
      );
      const missing = runCli(['report', '--serve', 'nothing'], { cwd: dir });
      assert.equal(missing.code, 1);
      assert.match(missing.stderr, /There is no folder nothing\. \[ERR_BYOL_IO\]/);
      for (const [args, message] of [
        [['--serve', 'runs', '--port', '70000'], /--port must be a whole number from 0 to 65535/],
        [['--serve', 'runs', '--port', 'x'], /--port must be a whole number/],
        [['--port', '8000'], /--port goes with --serve/],
        [['runs/one', '--serve', 'runs'], /--serve takes one folder/],
        [['--serve', 'runs', '--out', 'a.html'], /--serve takes one folder/],
      ] as const) {
        const { code, stderr } = runCli(['report', ...args], { cwd: dir });
        assert.equal(code, 2, args.join(' '));
        assert.match(stderr, message);
      }
    });
  });
});
