import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { cliPath, runCli } from '../support/cli.js';
import { withTempDir } from '../support/paths.js';

/** Whole runs of the command, as small as they get. */
const tiny = `
preset: shapes
device: cpu
precision: float32
threads: 1
data: {trainImages: 96, testImages: 40, size: 16}
views: {size: 16}
encoder: {blocks: [1, 1], width: 4}
projector: {hidden: [16], output: 8}
predictor: {hidden: [16], output: 8}
epochs: 2
batchSize: 32
evaluation:
  knn: {k: 5}
  linear: {epochs: 2}
`;

test("byol train trains, and its run is evaluated, finished and in nobody else's way", async () => {
  await withTempDir((dir) => {
    writeFileSync(path.join(dir, 'tiny.yaml'), tiny);
    const command = ['train', '--config', 'tiny.yaml', '--seed', '3', '--set', 'optimizer.momentum=0.8'];
    const trained = runCli(command, { cwd: dir });
    assert.equal(trained.code, 0, trained.stderr);
    assert.match(trained.stdout, /^test accuracy +untrained +trained +points\nkNN top-1 .*\d %.*\nlinear top-1 .*\d %/);
    assert.match(trained.stdout, /\nDone: 2 epochs, 6 steps, /);
    assert.match(trained.stderr, /96 training and 40 test images, 10 classes/);
    assert.match(trained.stderr, /epoch 2\/2 {3}loss \d/);
    const run = path.join(dir, 'runs', 'shapes');
    for (const file of ['config.json', 'encoder.safetensors', 'report.html'])
      assert.ok(existsSync(path.join(run, file)), file);
    const config = JSON.parse(readFileSync(path.join(run, 'config.json'), 'utf8'));
    assert.deepEqual([config.preset, config.seed, config.optimizer.momentum, config.epochs], ['shapes', 3, 0.8, 2]);

    const again = runCli(command, { cwd: dir });
    assert.equal(again.code, 1);
    assert.match(
      again.stderr,
      /^error: There is already a run in runs\/shapes\. .*--resume.*--out DIR.*\[ERR_BYOL_RUN_EXISTS\]\n$/,
    );

    const differing = runCli([...command, '--epochs', '9'], { cwd: dir });
    assert.equal(differing.code, 1);
    assert.match(
      differing.stderr,
      /^error: There is already a run with other settings in runs\/shapes; choose another folder \(--out DIR.*\[ERR_BYOL_RUN_EXISTS\]\n/,
    );
    assert.doesNotMatch(differing.stderr, /--resume/);

    const other = runCli(['train', '--resume', 'runs/shapes', '--epochs', '9'], { cwd: dir });
    assert.equal(other.code, 2);
    assert.match(other.stderr, /these settings differ: .*\n {2}epochs: 2 -> 9\n/);

    const finished = runCli(['train', '--resume', 'runs/shapes', '--quiet'], { cwd: dir });
    assert.equal(finished.code, 0);
    assert.equal(finished.stdout, trained.stdout, 'the result of a finished run is shown again');
    assert.match(finished.stderr, /^warning: .*finished; there is nothing to resume/);

    const knn = runCli(['eval', 'knn', '--run', 'runs/shapes', '--set', 'evaluation.knn.k=3'], { cwd: dir });
    assert.equal(knn.code, 0, knn.stderr);
    assert.match(knn.stdout, /^kNN: k 3, temperature 0\.1, bank of 96 training images\n/);
    assert.ok(existsSync(path.join(run, 'eval-knn.json')));
    const linear = runCli(['eval', 'linear', '--run', 'runs/shapes', '--quiet'], { cwd: dir });
    assert.equal(linear.code, 0, linear.stderr);
    assert.match(linear.stdout, /learning rate 0\.4 .*%/);
    assert.equal(linear.stdout.match(/chosen/g)?.length, 1);
    assert.equal(linear.stderr, '');
  });
});

/** Starts a command and interrupts it as soon as it prints the text. */
async function interruptAt(text: string, dir: string, ...args: string[]) {
  const child = spawn(process.execPath, [cliPath, ...args], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
  const exit = once(child, 'exit');
  let stdout = '';
  let stderr = '';
  let sent = false;
  child.stdout.on('data', (part) => {
    stdout += part;
  });
  child.stderr.on('data', (part) => {
    stderr += part;
    if (!sent && stderr.includes(text)) sent = child.kill('SIGINT');
  });
  const [code] = await exit;
  return { code, stdout, stderr };
}

test('Ctrl-C saves, says how to go on, and that works', async () => {
  await withTempDir(async (dir) => {
    writeFileSync(path.join(dir, 'tiny.yaml'), tiny);
    const first = await interruptAt(
      'epoch    1/',
      dir,
      'train',
      '--config',
      'tiny.yaml',
      '--epochs',
      '1000',
      '--out',
      'my run',
    );
    assert.equal(first.code, 130, first.stderr);
    assert.match(first.stderr, /SIGINT: stopping after this step and saving/);
    assert.match(first.stdout, /Stopped after .*go on with:\n {2}npx byol train --resume 'my run'\n$/);
    const second = await interruptAt('going on  at step ', dir, 'train', '--resume', 'my run');
    assert.equal(second.code, 130, second.stderr);
    const steps = (text: string) => Number(/Stopped after .* ([\d,]+) steps/.exec(text)?.[1]?.replace(',', ''));
    assert.ok(steps(first.stdout) >= 3);
    assert.ok(steps(second.stdout) >= steps(first.stdout));
  });
});

test('byol views writes a picture', async () => {
  await withTempDir((dir) => {
    const args = ['views', '--preset', 'shapes', '--set', 'data.trainImages=20', '--count', '3', '--out', 'sheet.png'];
    const { code, stdout, stderr } = runCli(args, { cwd: dir });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^sheet\.png: 3 images/);
    const png = readFileSync(path.join(dir, 'sheet.png'));
    // Three columns and three rows of 32-pixel views, four times enlarged.
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [6 + 3 * 134, 6 + 3 * 134]);
  });
});

test('bad data and bad paths fail in one sentence and leave nothing behind', async () => {
  await withTempDir((dir) => {
    const cases: ReadonlyArray<readonly [args: string[], message: RegExp]> = [
      [
        ['train', '--preset', 'cifar10-small', '--data', 'nowhere'],
        /There is no folder \/.*nowhere\..*\[ERR_BYOL_DATA\]/,
      ],
      [['train', '--preset', 'shapes', '--data', 'nowhere'], /There is nothing at nowhere/],
      [['train', 'nowhere'], /There is nothing at nowhere: give a folder or file with images\..*\[ERR_BYOL_DATA\]/],
      [['train', '--preset', 'shapes', '--set', 'data.trainImages=50'], /50 training images, but batchSize is 64/],
      [['views', '--preset', 'shapes', '--set', 'data.trainImages=20', '--out', 'no/such/folder.png'], /ERR_BYOL_IO/],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = runCli(args, { cwd: dir });
      assert.equal(code, 1);
      assert.equal(stdout, '');
      assert.match(stderr, /^error: .*\n$/);
      assert.match(stderr, message);
    }
    assert.ok(!existsSync(path.join(dir, 'runs')));
  });
});
