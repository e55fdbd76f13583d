import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { runCli } from '../support/cli.js';
import { withTempDir } from '../support/paths.js';

/** Wrong command lines end with exit code 2, one clear message on standard error, and nothing written. */
const wrong: ReadonlyArray<readonly [args: string, message: RegExp]> = [
  ['', /^error: Give a command\. \[ERR_BYOL_USAGE\]\nHelp: byol --help\n$/],
  ['trian', /^error: Unknown command: trian\. \[ERR_BYOL_USAGE\]\nDid you mean: byol train\?\n$/],
  ['train', /no settings to start from: give images \(byol train DIR\), --preset NAME or --config FILE/],
  ['train a --data b', /a and --data b both say where the images lie/],
  ['train a b', /Unknown argument: b/],
  ['train --preset', /Not enough arguments following: preset/],
  ['train --preset shaps', /There is no preset 'shaps'\. Did you mean 'shapes'\?/],
  [
    'train --preset shapes --epoch 3',
    /Unknown argument: epoch\. .*\nDid you mean --epochs\? Help: byol train --help\n$/,
  ],
  ['train --preset shapes --seed 1 --seed 2', /--seed is given more than once/],
  ['train --preset shapes --seed x', /seed: expected a whole number of at least 0, got 'x'/],
  ['train --preset shapes --epochs 0', /epochs: expected a whole number above 0, got 0/],
  ['train --preset shapes --device gpu', /device: expected 'auto', 'cpu', 'cuda' or 'cuda:N', got 'gpu'/],
  [
    'train --preset shapes --set optimizer.momentm=1',
    /optimizer\.momentm: not a setting; did you mean optimizer\.momentum\?/,
  ],
  ['train --config nowhere.yaml', /Cannot read the configuration file nowhere\.yaml: it does not exist/],
  ['train --config bad.yaml', /bad\.yaml:2:1: not valid YAML/],
  ['train --preset shapes --out a --resume b', /both name a run folder/],
  ['eval svm --run x', /There is no protocol 'svm'\. There are: knn, linear, /],
  ['eval kn x', /There is no protocol 'kn'\. Did you mean 'knn'\?/],
  ['eval knn', /It is not said where the encoder is: byol eval knn PATH/],
  ['eval knn a --run b', /a and --run b both say where the encoder is/],
  ['eval knn a.safetensors', /a\.safetensors does not say which images to evaluate it with: give --data PATH/],
  ['embed a.safetensors bad.yaml --device gpu --out a.npy', /--device cannot be what was given/],
  ['embed --out a.npy', /It is not said where the encoder is: byol embed PATH/],
  [
    'embed a.safetensors --out a.npy',
    /It is not said which images a\.safetensors is to embed: give files, folders or --data PATH/,
  ],
  ['embed a b.jpg --data c --out a.npy', /Images are given and --data c too; one is enough/],
  ['embed a b.jpg --set seed=1 --out a.npy', /--set changes a run's settings/],
  ['views', /no settings to start from/],
  ['views --preset shapes --count 0', /--count must be a whole number from 1 to 64/],
  ['eval --set evaluation.knn.k=20 knn --run', /Not enough arguments following: run/],
  ['train --preset shapes --set epochs=3 seed=1', /seed=1 is not a path; each setting has its own --set: --set seed=1/],
  ['train --preset shapes --epochs 3 --set epochs=5', /--epochs 3 and --set epochs=5 set the same; one is enough/],
  ['train --preset cifar10 --data a --set data.path=b', /--data a and --set data\.path=b set the same/],
  ['train --preset shapes --method simclr --set method=byol', /--method simclr and --set method=byol set the same/],
  ['train --preset shapes --method simclrr', /There is no method 'simclrr'\. Did you mean 'simclr'/],
  ['eval knn --run x --device cpu --set device=cuda', /--device cpu and --set device=cuda set the same/],
  ['train --preset shapes --epochs abc', /epochs: expected a whole number above 0, got 'abc'/],
  ['train --preset shapes --epochs -1', /epochs: expected a whole number above 0, got -1/],
  ['train --preset shapes --epochs 1.5', /epochs: expected a whole number above 0, got 1\.5/],
  ['train --preset shapes --out=', /--out is empty/],
  ['data pack a --out b --size=', /--size is empty/],
  ['tables 5b --limit=', /--limit is empty/],
  [
    'data check',
    /^error: Something is missing: byol data check <path>\. \[ERR_BYOL_USAGE\]\nHelp: byol data check --help\n$/,
  ],
  ['data chek a', /^error: Unknown argument: chek\. \[ERR_BYOL_USAGE\]\nHelp: byol data --help\n$/],
  ['data pack a', /^error: Missing required argument: out\. \[ERR_BYOL_USAGE\]\nHelp: byol data pack --help\n$/],
  ['presets nothing', /There is no preset 'nothing'/],
];

test('wrong command lines are refused with exit code 2', async (context) => {
  await withTempDir(async (dir) => {
    writeFileSync(path.join(dir, 'bad.yaml'), 'epochs: 3\nepochs: 4\n');
    for (const [args, message] of wrong) {
      await context.test(`byol ${args}`, () => {
        const { code, stdout, stderr } = runCli(args.split(' ').filter(Boolean), { cwd: dir });
        assert.match(stderr, message);
        assert.match(stderr, /^error: /);
        assert.equal(code, 2);
        assert.equal(stdout, '');
      });
    }
    assert.deepEqual(readdirSync(dir), ['bad.yaml']);
  });
});

test('several wrong settings are told at once, one a line, the code behind the first', () => {
  const { code, stderr } = runCli(['train', '--preset', 'shapes', '--set', 'epochs=0', '--set', 'lr=1']);
  assert.equal(
    stderr,
    'error: 2 invalid settings: [ERR_BYOL_CONFIG]\n' +
      '  epochs: expected a whole number above 0, got 0 (--set)\n' +
      '  lr: not a setting; did you mean optimizer.baseLearningRate? (--set)\n',
  );
  assert.equal(code, 2);
});

test('what fails though the command line is right ends with exit code 1', () =>
  withTempDir((dir) => {
    const { code, stderr } = runCli(['eval', 'knn', '--run', 'nowhere'], { cwd: dir });
    assert.match(stderr, /^error: There is no run in nowhere: .* \[ERR_BYOL_RUN\]\n/);
    assert.equal(code, 1);
    assert.ok(!existsSync(path.join(dir, 'nowhere')));
  }));

test('--verbose shows where an error comes from', () => {
  assert.doesNotMatch(runCli(['presets', 'nothing']).stderr, /\n {4}at /);
  assert.match(runCli(['presets', 'nothing', '--verbose']).stderr, /\n {4}at .*presets\/index\.js/);
});
