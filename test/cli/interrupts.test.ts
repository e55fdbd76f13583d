import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { root } from '../support/paths.js';

const module = pathToFileURL(path.join(root, 'dist', 'lib', 'cli', 'interrupts.js')).href;

/** A process that stays until it is interrupted, and says what it hears. */
const script = `
  import { onInterrupt } from ${JSON.stringify(module)};
  const timer = setInterval(() => {}, 1000);
  const release = onInterrupt({
    first: (signal) => {
      console.log('first ' + signal);
      if (process.argv[1] === 'stops') { clearInterval(timer); release(); process.exitCode = 7; }
    },
    second: () => console.log('second'),
  });
  console.log('ready');
`;

async function interrupt(behaviour: string, ...signals: NodeJS.Signals[]) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, behaviour], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const heard: string[] = [];
  const exit = once(child, 'exit');
  for await (const part of child.stdout) {
    output += part;
    const lines = output.split('\n').slice(0, -1);
    for (const line of lines.slice(heard.length)) {
      heard.push(line);
      const signal = signals.shift();
      if (signal !== undefined) child.kill(signal);
    }
  }
  const [code, signal] = await exit;
  return { heard, code, signal };
}

test('the first signal asks, and the process ends as it decides', async () => {
  assert.deepEqual(await interrupt('stops', 'SIGINT'), { heard: ['ready', 'first SIGINT'], code: 7, signal: null });
  assert.deepEqual(await interrupt('stops', 'SIGTERM'), { heard: ['ready', 'first SIGTERM'], code: 7, signal: null });
});

test('the second signal, of either kind, leaves at once with exit code 130', async () => {
  const expected = { heard: ['ready', 'first SIGTERM', 'second'], code: 130, signal: null };
  assert.deepEqual(await interrupt('stays', 'SIGTERM', 'SIGINT'), expected);
});
