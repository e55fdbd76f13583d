import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { root } from '../support/paths.js';

const module = pathToFileURL(path.join(root, 'dist', 'lib', 'cli', 'interrupts.js')).href;

/** A process that stays until it is interrupted, and says what it hears. */
const script = `
  import { onInterrupt } from ${JSON.stringify(module)};
  const timer = setInterval(() => console.log('still here'), 700);
  const release = onInterrupt({
    first: (signal) => {
      console.log('first ' + signal);
      if (process.argv[1] === 'stops') { clearInterval(timer); release(); process.exitCode = 7; }
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
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const { heard, code } = await interrupt('stops', ['ready', signal]);
    assert.deepEqual([heard, code], [['ready', `first ${signal}`], 7]);
  }
});

test('a later second signal, of either kind, leaves at once with exit code 130', async () => {
  const { heard, code } = await interrupt('stays', ['ready', 'SIGTERM'], ['still here', 'SIGINT']);
  assert.deepEqual([heard, code], [['ready', 'first SIGTERM', 'second'], 130]);
});

test('the same Ctrl-C forwarded by npm is not a second one', async () => {
  const { heard, waits, code } = await interrupt(
    'stays',
    ['ready', 'SIGINT'],
    ['first SIGINT', 'SIGINT'],
    ['still here', 'SIGINT'],
  );
  assert.deepEqual([heard, waits, code], [['ready', 'first SIGINT', 'second'], true, 130]);
});
