import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { shortFormPatch, shortForms } from '../../lib/cli/short-forms.js';
import { valueAt } from '../../lib/config/schema-tree.js';
import { resolveConfig } from '../../lib/methods/resolve.js';
import { runCli, runNode } from '../support/cli.js';
import { root, withTempDir } from '../support/paths.js';

const tiny = [
  '--set=data={trainImages: 64, testImages: 20, size: 16}',
  '--set=encoder={blocks: [1], width: 4}',
  '--set=evaluation.linear.atEnd=false',
  ...['--size', '16', '--batch-size', '16', '--epochs', '1', '--threads', '1', '--precision', 'float32'],
];

test('a command is one file in commands/', async () => {
  await withTempDir((dir) => {
    mkdirSync(path.join(dir, 'dist'));
    cpSync(path.join(root, 'dist/lib'), path.join(dir, 'dist/lib'), { recursive: true });
    cpSync(path.join(root, 'package.json'), path.join(dir, 'package.json'));
    symlinkSync(path.join(root, 'node_modules'), path.join(dir, 'node_modules'));
    writeFileSync(
      path.join(dir, 'dist/lib/cli/commands/toy.js'),
      `export const command = {
         command: 'toy <word>',
         describe: 'Says a word',
         builder: (yargs) => yargs.positional('word', { type: 'string' }),
         handler: ({ word }) => process.stdout.write(word + '!'),
       };`,
    );
    const main = path.join(dir, 'dist/lib/cli/main.js');
    assert.equal(runNode([main, 'toy', 'hello']).stdout, 'hello!');
    assert.match(runNode([main, '--help']).stdout, /byol toy <word> +Says a word\n/);
    assert.match(runNode([main, 'toi']).stderr, /Did you mean: byol toy\?/);
  });
});

test('every short form is of a setting, and gives it', () => {
  // With the one that presets leave out.
  const all = resolveConfig({ preset: 'shapes', patch: { data: { limit: 9 } } });
  for (const [name, setting] of Object.entries(shortForms)) {
    assert.notEqual(valueAt(all, setting.split('.')), undefined, name);
  }
  const patch = shortFormPatch({ lr: '0.3', 'weight-decay': '0', device: 'cpu', size: '24', epochs: undefined });
  assert.deepEqual(patch, {
    optimizer: { baseLearningRate: 0.3, weightDecay: 0 },
    views: { size: 24 },
    device: 'cpu',
  });
  assert.equal(resolveConfig({ preset: 'shapes', patch }).optimizer.baseLearningRate, 0.3);
  const wrong = runCli(['train', '--preset', 'shapes', '--lr', 'fast']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /optimizer\.baseLearningRate: .*'fast'/);
  const twice = runCli(['train', '--preset', 'shapes', '--lr', '1', '--set', 'optimizer.baseLearningRate=2']);
  assert.match(twice.stderr, /--lr 1 and --set optimizer\.baseLearningRate=2 set the same/);
});

test('nouns list when they stand alone', () => {
  assert.match(runCli(['methods']).stdout, /^byol +BYOL .*\n(.*\n)*supervised +Supervised/);
  assert.ok(JSON.parse(runCli(['methods', '--json']).stdout).some(({ name }: { name: string }) => name === 'moco-v2'));
  assert.match(runCli(['tables']).stdout, /5b/);
  assert.match(runCli(['presets']).stdout, /cifar10-small/);
});

test('the shell can complete commands and options', () => {
  assert.match(runCli(['completion']).stdout, /complete .*byol/);
  assert.match(runCli(['--get-yargs-completions', 'byol', 'tr']).stdout, /^train/m);
  assert.match(runCli(['--get-yargs-completions', 'byol', 'train', '--pre']).stdout, /^--preset/m);
});

test('a run is stopped, resumed by its folder, told as JSON, and replaced only when that is asked for', async () => {
  await withTempDir((dir) => {
    const train = ['train', '--preset', 'shapes', '--out', 'run', '--quiet', ...tiny];
    const first = runCli([...train, '--json'], { cwd: dir });
    assert.equal(first.code, 0, first.stderr);
    const result = JSON.parse(first.stdout);
    assert.deepEqual([result.epochs, result.steps, result.interrupted], [1, 4, false]);
    assert.equal(result.encoder, path.join('run', 'encoder.safetensors'));

    const resumed = runCli(['resume', 'run', '--quiet', '--json'], { cwd: dir });
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.match(resumed.stderr, /finished; there is nothing to resume/);
    assert.deepEqual(JSON.parse(resumed.stdout), result);
    assert.match(runCli(['resume', 'nowhere'], { cwd: dir }).stderr, /There is no run in nowhere/);
    assert.match(runCli(['resume', 'run', '--set', 'epochs=7'], { cwd: dir }).stderr, /epochs: 1 -> 7/);

    writeFileSync(path.join(dir, 'run/notes.txt'), 'mine');
    writeFileSync(path.join(dir, 'run/eval-knn.json'), '{}');
    const again = runCli([...train, '--seed', '5'], { cwd: dir });
    assert.equal(again.code, 1);
    assert.match(again.stderr, /already a run .*--overwrite/s);
    const inside = ['--init-from', 'run/encoder.safetensors', '--overwrite'];
    assert.match(runCli([...train, ...inside], { cwd: dir }).stderr, /belong to the run that would be replaced/);
    const broken = runCli([...train, '--overwrite', '--set', 'data.path=x'], { cwd: dir });
    assert.equal(broken.code, 2, 'and the run is still there:');
    assert.ok(existsSync(path.join(dir, 'run/result.json')));

    const replaced = runCli([...train, '--seed', '5', '--overwrite', '--json'], { cwd: dir });
    assert.equal(replaced.code, 0, replaced.stderr);
    assert.equal(JSON.parse(readFileSync(path.join(dir, 'run/config.json'), 'utf8')).seed, 5);
    assert.ok(!existsSync(path.join(dir, 'run/eval-knn.json')));
    assert.equal(readFileSync(path.join(dir, 'run/notes.txt'), 'utf8'), 'mine');
  });
});
