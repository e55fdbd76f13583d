import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { runCli } from '../support/cli.js';
import { withTempDir } from '../support/paths.js';

const shapes = '--preset shapes --set data.testImages=50 --device cpu --threads 1'.split(' ');
const small = [
  ...shapes,
  ...'--set data.trainImages=200 --size 16 --set encoder.blocks=[1,1] --set encoder.width=8'.split(' '),
];

test('byol plan tells what a run would take from real steps, and leaves nothing behind', async () => {
  await withTempDir(async (dir) => {
    const file = path.join(dir, 'plan.json');
    const out = path.join(dir, 'runs', 'later');
    const args = ['plan', ...small, '--batch-size', '16', '--epochs', '3', '--out', out, '--seconds', '0.5'];
    const { code, stdout, stderr } = runCli([...args, '--price', '3.6', '--json', file, '--quiet']);
    assert.equal(code, 0, stderr);
    assert.equal(existsSync(path.join(dir, 'runs')), false);
    const plan = JSON.parse(readFileSync(file, 'utf8'));
    // 200 images are 12 steps of 16 and a rest that is left out.
    assert.deepEqual([plan.images, plan.testImages, plan.batch, plan.steps], [200, 50, 16, 36]);
    assert.ok(plan.step.steps >= 1 && plan.step.steps <= 35, `${plan.step.steps} steps were measured`);
    assert.ok(Math.abs(plan.seconds.training / (36 * plan.step.seconds) - 1) < 1e-9);
    assert.ok(plan.memory.needed > 2 ** 24 && plan.memory.needed < plan.memory.total);
    assert.ok(plan.disk.checkpoint > 4 * plan.parameters, 'a training state has more than the encoder');
    const { training, evaluation, saving } = plan.seconds;
    const cost = (((training + evaluation + saving) / 3600) * 3.6).toFixed(2);
    assert.match(stdout, /steps +36 of 16 images, in 3 epochs/);
    assert.match(stdout, /measured +[\d,]+ images\/s over \d+ steps?, decoding and views included/);
    assert.match(stdout, new RegExp(`cost +${cost} at 3.6 an hour`));
  });
});

test('a step that is too large to be tried is expected from smaller ones', () => {
  // Of any core's rate half a TFLOP is too much for a trial, and 64 images of it are not.
  const large = '--set data.trainImages=600 --size 64 --batch-size 512 --precision float32'.split(' ');
  const { code, stdout, stderr } = runCli(['plan', ...shapes, ...large, '--seconds', '0.1', '--quiet']);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /images\/s expected from steps of 8 and 24 images: a whole one was too large for a trial/);
});

test('byol plan refuses what it cannot plan', () => {
  const refused = (...args: string[]): string => {
    const { code, stderr } = runCli(['plan', ...args]);
    assert.equal(code, 2, stderr);
    return stderr;
  };
  assert.match(refused(), /give images \(byol plan DIR\), --preset NAME or --config FILE/);
  assert.match(refused('--preset', 'shapes', '--price', '-1'), /--price must be a number above 0, not -1/);
});
