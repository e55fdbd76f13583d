import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { runCli } from '../support/cli.js';
import { withTempDir } from '../support/paths.js';

const small = ['--set', 'encoder.blocks=[1,1]', '--set', 'encoder.width=8', '--size', '16', '--batch-size', '16'];

test('byol bench tells the step in words, and all of it as JSON', async () => {
  await withTempDir(async (dir) => {
    const file = path.join(dir, 'bench.json');
    const args = ['bench', ...small, '--device', 'cpu', '--threads', '1', '--python', 'none', '--steps', '5'];
    const { code, stdout, stderr } = runCli([...args, '--quiet', '--json', file]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /16 images a step, two views of 16 pixels; \w+ on cpu, 1 thread; 5 steps each/);
    assert.match(stdout, /byol-torch +[\d.]+ ms/);
    assert.match(stdout, /[\d.]+ TFLOP\/s, \d+ % of what a matrix product reaches here/);
    assert.match(stdout, /[\d.]+ times the floor of [\d.]+ ms/);
    assert.match(stdout, /Of a step data \d+ %, views \d+ %, forward \d+ %, backward \d+ %, update \d+ %/);
    assert.match(stdout, /Not beside PyTorch: it was not asked for/);
    const { command, environment, result } = JSON.parse(readFileSync(file, 'utf8'));
    assert.match(command, / bench /);
    assert.equal(environment.device, 'cpu');
    assert.deepEqual([result.batch, result.threads], [16, 1]);
  });
});

test('byol bench refuses what cannot be measured', () => {
  const refused = (...args: string[]) => {
    const { code, stderr } = runCli(['bench', ...args]);
    assert.equal(code, 2, stderr);
    return stderr;
  };
  assert.match(refused('--steps', '0'), /--steps must be a whole number above 0, not 0/);
  assert.match(refused('--python', 'eager,fast'), /--python takes eager, default, .* or none, not fast/);
  assert.match(refused('--preset', 'cifar'), /cifar10/);
});
