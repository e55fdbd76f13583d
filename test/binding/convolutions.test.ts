/** Which form of a convolution is fastest is measured once per machine: processes take over what others found. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { withTempDir } from '../support/paths.js';
import { readRaw } from '../support/safetensors.js';
import { runScenario } from './run-scenario.js';

/** The choices that a process made which has this folder's cache, a line each. */
function choicesOfProcess(folder: string): string[] {
  const { status, stderr } = runScenario('choice of convolutions', { argument: folder });
  assert.equal(status, 0, stderr);
  const state = readRaw(path.join(folder, 'state.safetensors')).get('convolutions');
  const [others, ...lines] = Buffer.from(state?.bytes ?? [])
    .toString()
    .trimEnd()
    .split('\n');
  assert.equal(others, 'others measured');
  return lines;
}

const other = (line: string): string =>
  line.endsWith(' library') ? line.replace(/library$/, 'unfolded') : line.replace(/unfolded$/, 'library');

test('a process chooses as the one before it, whatever it would measure itself', async () => {
  await withTempDir(async (folder) => {
    const first = choicesOfProcess(folder);
    assert.ok(first.length > 5, first.join('\n'));
    const file = path.join(folder, 'cache', 'convolutions.txt');
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    assert.deepEqual(lines.map((line) => line.split('\t')[2]).sort(), [...first].sort());

    const flipped = lines.map(other);
    writeFileSync(file, flipped.map((line) => `${line}\n`).join(''));
    assert.deepEqual(choicesOfProcess(folder), first.map(other));
    assert.deepEqual(readFileSync(file, 'utf8').trimEnd().split('\n'), flipped);
  });
});
