import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { cliPath } from '../support/cli.js';
import { root } from '../support/paths.js';

const posix = { skip: process.platform === 'win32' };
const module = pathToFileURL(path.join(root, 'dist', 'lib', 'cli', 'output-streams.js')).href;

/** Writes lines for a while, as a run does, and then says on another channel that it came to its end. */
const script = `
  import { writeFileSync } from 'node:fs';
  import { surviveLostOutput } from ${JSON.stringify(module)};
  surviveLostOutput(process.argv[1]);
  for (let line = 0; line < 40; line += 1) {
    process.stdout.write('x'.repeat(10_000) + '\\n');
    process.stderr.write('line ' + line + '\\n');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  writeFileSync(3, 'to its end');
`;

/** `redirect`: where the shell sends both streams. */
function run(command: string, redirect: string) {
  const line = `{ "$0" --input-type=module -e "$1" ${command}; echo "exit $?" >&4; } 3>&4 ${redirect}`;
  const child = spawnSync('sh', ['-c', `exec 4>&1; ${line}`, process.execPath, script], { encoding: 'utf8' });
  return child.stdout;
}

test('a run whose reader has gone, or whose output goes to a full disk, comes to its end', posix, () => {
  assert.match(run('train', '2>&1 | head -c 5 >/dev/null'), /to its endexit 0\n$/);
  assert.match(run('train', '2>&1 >/dev/null | head -n 1 >/dev/null'), /to its endexit 0\n$/);
  if (existsSync('/dev/full')) assert.match(run('train', '>/dev/full 2>&1'), /to its endexit 0\n$/);
});

test(
  'a command that only prints ends quietly where its reader has seen enough, and fails on a full disk',
  posix,
  () => {
    const shell = (line: string) => spawnSync('sh', ['-c', line, process.execPath, cliPath], { encoding: 'utf8' });
    const piped = shell('{ "$0" "$1" presets shapes; echo "exit $?" >&2; } | head -c 1');
    assert.equal(piped.stderr, 'exit 0\n');
    if (!existsSync('/dev/full')) return;
    const full = shell('"$0" "$1" presets shapes > /dev/full');
    assert.match(full.stderr, /^error: Cannot write to standard output: ENOSPC.*\n$/);
    assert.equal(full.status, 1);
  },
);
