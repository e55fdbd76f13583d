import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { root, withTempDir } from '../support/paths.js';

const module = pathToFileURL(path.join(root, 'dist', 'lib', 'cli', 'interrupts.js')).href;

/** A process that stays until it is interrupted, and says what it hears. */
const script = `
  import { open } from 'node:fs';
  import { ignoreUserSignals, interruptedExitCode, onInterrupt } from ${JSON.stringify(module)};
  ignoreUserSignals();
  if (process.argv[1].includes('/')) for (let i = 0; i < 8; i += 1) open(process.argv[1], () => {});
  const timer = setInterval(() => console.log('still here'), 700);
  const release = onInterrupt({
    first: (signal) => {
      console.log('first ' + signal);
      if (process.argv[1] === 'stops') { clearInterval(timer); release(); process.exitCode = interruptedExitCode(); }
    },
    second: () => console.log('second'),
  });
  console.log('ready');
`;

/** Sends a signal whenever the process has said what `reactions` asks for, in that order. */
async function interrupt(
  behaviour: string,
  ...reactions: ReadonlyArray<readonly [said: string, signal: NodeJS.Signals]>
) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, behaviour], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  const heard: string[] = [];
  const pending = [...reactions];
  for await (const line of createInterface({ input: child.stdout })) {
    heard.push(line);
    const [said, signal] = pending[0] ?? [];
    if (line !== said) continue;
    child.kill(signal);
    // The last one again and again: on a slow machine it may come too soon after the one before.
    if (pending.length > 1) pending.shift();
  }
  const [code, signal] = await exit;
  return { heard: heard.filter((line) => line !== 'still here'), waits: heard.includes('still here'), code, signal };
}

test('the first signal asks, and the process ends as it decides', async () => {
  for (const [signal, expected] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    const { heard, code } = await interrupt('stops', ['ready', signal]);
    assert.deepEqual([heard, code], [['ready', `first ${signal}`], expected]);
  }
});

test('a later second signal, of either kind, ends the process at once', async () => {
  const { heard, code, signal } = await interrupt('stays', ['ready', 'SIGTERM'], ['still here', 'SIGINT']);
  assert.deepEqual([heard, code, signal], [['ready', 'first SIGTERM', 'second'], null, 'SIGINT']);
});

test('reads that never end keep nobody from leaving', { skip: process.platform === 'win32' }, async () =>
  withTempDir(async (dir) => {
    // All threads of Node that read files wait for somebody to write to this pipe, as for a network folder that stalls.
    const pipe = path.join(dir, 'pipe');
    assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
    const { code, signal } = await interrupt(pipe, ['ready', 'SIGINT'], ['still here', 'SIGINT']);
    assert.deepEqual([code, signal], [null, 'SIGINT']);
  }),
);

test('the same Ctrl-C forwarded by npm is not a second one', async () => {
  const { heard, waits, signal } = await interrupt(
    'stays',
    ['ready', 'SIGINT'],
    ['first SIGINT', 'SIGINT'],
    ['still here', 'SIGINT'],
  );
  assert.deepEqual([heard, waits, signal], [['ready', 'first SIGINT', 'second'], true, 'SIGINT']);
});

test('signals of batch systems end nothing and open no debugger', { skip: process.platform === 'win32' }, async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, 'stops'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = once(child, 'exit');
  let stderr = '';
  child.stderr.on('data', (part) => {
    stderr += part;
  });
  let waited = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'ready') for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) child.kill(signal);
    if (line === 'still here' && ++waited === 1) child.kill('SIGINT');
  }
  const [code] = await exit;
  assert.deepEqual([code, stderr], [130, '']);
});

test('under nohup a terminal that closes stops nothing', { skip: process.platform === 'win32' }, async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, 'stops'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, _: '/usr/bin/nohup' },
  });
  const exit = once(child, 'exit');
  const heard: string[] = [];
  let asked = false;
  for await (const line of createInterface({ input: child.stdout })) {
    heard.push(line);
    if (line === 'ready') child.kill('SIGHUP');
    // Once: a second one would end it.
    if (line === 'still here' && !asked) asked = child.kill('SIGTERM');
  }
  const [code] = await exit;
  assert.ok(!heard.includes('first SIGHUP') && heard.includes('first SIGTERM'));
  assert.equal(code, 143);
});
