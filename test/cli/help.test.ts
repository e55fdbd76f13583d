import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { presetNames } from '../../lib/config/presets/index.js';
import { runCli } from '../support/cli.js';
import { withTempDir } from '../support/paths.js';

const withoutNative: ReadonlyArray<readonly [args: string, shown: readonly string[]]> = [
  [
    '--help',
    [
      'byol train',
      'byol eval [protocol] [path]',
      'byol tables',
      'byol views',
      'byol embed',
      'byol data',
      'byol metrics',
      'byol presets',
      'byol doctor',
      'byol build',
      'Exit codes',
    ],
  ],
  [
    'train --help',
    [
      'preset',
      'config',
      'data',
      'set',
      'out',
      'resume',
      'init-from',
      'device',
      'seed',
      'epochs',
      'quiet',
      'verbose',
    ].map((name) => `--${name}`),
  ],
  ['eval', ['knn ', 'linear ']],
  ['eval --help', ['--run', '--set', '--data', '--device', '--quiet']],
  ['tables --help', ['"ci", "card", "paper"', '--list', '--seeds', '--data', '--out', '--keep-runs', '--quiet']],
  ['tables --list', ['optimal-predictor', 'needs the depth protocol']],
  ['tables 5b --list', ['unsupervised Mean Teacher']],
  ['views --help', ['--preset', '--config', '--data', '--set', '--out', '--count']],
  ['doctor --help', ['byol doctor']],
  ['build --help', ['byol build']],
  ['presets', presetNames],
  ['presets cifar10', ['preset: cifar10', '  kind: sgd']],
  ['--version', ['.']],
];

test('help and presets list everything and never load the native part', async (context) => {
  await withTempDir(async (dir) => {
    const trap = path.join(dir, 'trap.cjs');
    const sprung = path.join(dir, 'sprung');
    writeFileSync(
      trap,
      `process.dlopen = () => { require('node:fs').writeFileSync(${JSON.stringify(sprung)}, ''); throw new Error('loaded'); };\n`,
    );
    const env = { NODE_OPTIONS: `--require ${trap}` };
    for (const [args, shown] of withoutNative) {
      await context.test(`byol ${args}`, () => {
        const { code, stdout, stderr } = runCli(args.split(' '), { env });
        assert.equal(stderr, '');
        assert.equal(code, 0);
        for (const text of shown) assert.ok(stdout.includes(text), `${text} is missing in:\n${stdout}`);
        assert.ok(!existsSync(sprung));
      });
    }
    await context.test('wrong settings are found before it is loaded', () => {
      assert.equal(runCli(['train', '--preset', 'shapes', '--epochs', '0'], { env }).code, 2);
      assert.ok(!existsSync(sprung));
    });
    await context.test('the trap works', () => {
      runCli(['views', '--preset', 'shapes', '--out', path.join(dir, 'views.png')], { env });
      assert.ok(existsSync(sprung));
    });
  });
});
