import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { quoteArgument, quoteCommand } from '../../lib/text/shell.js';

test('plain words stay as they are, others become one word', () => {
  assert.equal(quoteCommand(['byol', 'train', '--out=runs/a-1.5']), 'byol train --out=runs/a-1.5');
  assert.equal(quoteArgument("it's"), `'it'\\''s'`);
  assert.equal(quoteArgument(''), "''");
});

test('a shell reads a quoted command back as it was', { skip: process.platform === 'win32' }, () => {
  const words = [
    'my run #1',
    '',
    "it's",
    '$HOME `ls` \\',
    '"x"',
    '~',
    '*',
    'a\nb',
    '{a,b}',
    'é',
    '!',
    '--set=a={b: [1]}',
  ];
  const { stdout } = spawnSync('sh', ['-c', `printf '%s\\0' ${quoteCommand(words)}`], { encoding: 'utf8' });
  assert.deepEqual(stdout.split('\0').slice(0, -1), words);
});
