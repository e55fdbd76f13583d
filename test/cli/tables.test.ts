import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { EXAMPLE } from '../../lib/cli/commands/tables.js';
import { TablesProgress } from '../../lib/cli/tables-progress.js';
import type { StepEvent } from '../../lib/run/events.js';
import { findTable } from '../../lib/tables/find-table.js';
import { type PlannedRun, planTable } from '../../lib/tables/plan.js';
import { tables } from '../../lib/tables/published/index.js';
import type { TableRecord } from '../../lib/tables/records.js';
import { runTable } from '../../lib/tables/run-table.js';
import { runCli } from '../support/cli.js';
import { withTempDir } from '../support/paths.js';
import { fakeTrain } from '../tables/fake-train.js';

test('byol tables --list names every table, what it needs and whether it runs', () => {
  const { code, stdout, stderr } = runCli(['tables', '--list']);
  assert.equal(stderr, '');
  assert.equal(code, 0);
  const lines = stdout.trimEnd().split('\n');
  assert.equal(lines.length, tables.length);
  assert.match(stdout, /^5b +Between BYOL and SimCLR \(BYOL Table 5b\) +8 rows +runs at scales ci and card$/m);
  assert.match(stdout, /^4a, 11 .* needs the segmentation and detection protocols$/m);
  assert.match(stdout, /^1a .* runs; takes --encoder$/m);
});

test('with a name --list prints its published numbers', () => {
  const { code, stdout } = runCli(['tables', 'table 4b', '--list']);
  assert.equal(code, 0);
  assert.match(stdout, /Cannot be run yet\. Missing: the depth protocol\./);
  assert.match(stdout, /\| BYOL \| 84\.6 \| 96\.7 \| 99\.1 \| 0\.541 \| 0\.129 \| BYOL Table 4b \|/);
  assert.match(runCli(['tables', '5b', '--list']).stdout, /Can be run\./);
});

const wrong: ReadonlyArray<readonly [args: string, code: number, message: RegExp]> = [
  ['tables 5c', 2, /There is no table '5c'\. Did you mean '5a' or '5b'\?/],
  ['tables 5b --scale big', 2, /scale must be one of ci, card, paper, got .big./],
  ['tables 5b --seeds 0', 2, /--seeds must be a whole number from 1, got '0'/],
  ['tables 5b --seeds two', 2, /--seeds must be a whole number from 1, got 'two'/],
  ['tables 5b --jobs 0', 2, /--jobs must be a whole number from 1, got '0'/],
  ['tables 5b --epochs 1.5', 2, /--epochs must be a whole number from 1, got '1\.5'/],
  ['tables 5b --limit x', 2, /--limit must be a whole number from 1, got 'x'/],
  ['tables 1a --limit 9', 2, /--limit is of tables whose rows are settings of trainings/],
  ['tables 1a --epochs 2', 2, /--epochs is of tables whose rows are settings of trainings/],
  ['tables all --encoder x', 2, /--encoder is of one table/],
  ['tables 4b', 2, /Table 4b .* cannot run yet\. Missing: the depth protocol/],
  ['tables 5b --encoder x', 2, /--encoder is of tables whose rows are encoders; the rows of table 5b are settings/],
  ['tables 5b --data-of flowers102=x', 2, /--data-of is of tables whose rows are encoders/],
  ['tables 1a --data-of flowers102', 2, /--data-of must be NAME=PATH, got 'flowers102'/],
  ['tables 1a --data-of flower=x', 2, /There is no set 'flower' in the tables/],
  ['tables 1a --encoder none.safetensors', 1, /none\.safetensors.*\[ERR_BYOL_IO\]/],
  ['tables 1a --scale paper', 1, /data\/imagenet is not there.*\[ERR_BYOL_DATA\]/],
  ['tables 1a --data nowhere', 1, /there is no imagenette2-224 or .* in \S*nowhere.*\[ERR_BYOL_DATA\]/],
  ['tables none.yaml', 2, /Cannot read the configuration file none\.yaml: it does not exist\. \[ERR_BYOL_CONFIG\]/],
  ['tables 5b --scale paper', 1, /Scale 'paper' trains preset imagenet-300 on a folder of photos .*\[ERR_BYOL_DATA\]/],
  ['tables 5b --out file', 1, /Cannot .* file\/5b\/ci.*is a file, not a folder\. \[ERR_BYOL_IO\]/],
];

test('wrong command lines are refused, and nothing is written', () =>
  withTempDir((dir) => {
    writeFileSync(path.join(dir, 'file'), '');
    for (const [args, expected, message] of wrong) {
      const { code, stdout, stderr } = runCli([...args.split(' '), '--quiet'], { cwd: dir });
      assert.match(stderr, message);
      assert.equal(code, expected, args);
      assert.equal(stdout, '');
    }
    assert.deepEqual(readdirSync(dir), ['file']);
    assert.ok(!existsSync(path.join(dir, 'tables')));
  }));

test('all tables: each that cannot run here is named with the reason, and left out', () =>
  withTempDir((dir) => {
    const { code, stdout, stderr } = runCli(['tables', 'all', '--scale', 'paper'], { cwd: dir });
    assert.match(stderr, /^Table 5b is left out: Scale 'paper' trains preset imagenet-300 on a folder of photos/m);
    assert.match(stderr, /^Table 4b is left out: It needs the depth protocol\.$/m);
    for (const { id } of tables) assert.match(stdout, new RegExp(`^${id} +.* left out `, 'm'));
    assert.match(stdout, new RegExp(`^0 tables, ${tables.length} left out\\.$`, 'm'));
    assert.equal(code, 1);
    assert.deepEqual(readdirSync(dir), []);
  }));

test("the help's table file is one, and its published numbers are none", () =>
  withTempDir((dir) => {
    writeFileSync(path.join(dir, 'my-table.yaml'), EXAMPLE);
    const { code, stdout, stderr } = runCli(['tables', 'my-table.yaml', '--list'], { cwd: dir });
    assert.equal(stderr, '');
    assert.equal(code, 0);
    assert.match(stdout, /^# How fast the target follows\n\nCan be run\./);
    assert.match(stdout, /\| tau 0\.999 \| - \| my-table\.yaml \|/);
    const help = runCli(['tables', '--help']).stdout;
    for (const line of EXAMPLE.trimEnd().split('\n')) assert.ok(help.includes(line.trim()), line);
  }));

const stepEvent: Omit<StepEvent, 'step' | 'steps'> = {
  type: 'step',
  epoch: 1,
  epochs: 5,
  metrics: {
    loss: 1.2,
    'collapse/std': 0.9,
    'collapse/rank': 30,
    'target/distance': 0.1,
    learning_rate: 0.2,
    tau: 0.98,
    images_per_second: 900,
    data_wait: 0.03,
  },
  secondsLeft: 20,
};

const finishedRecord: TableRecord = {
  table: '14a',
  scale: 'ci',
  row: 'projector1-predictor1',
  seed: 0,
  key: 'x',
  outcome: 'finished',
  knnTop1: 0.5,
  untrainedKnnTop1: 0.3,
  linearTop1: null,
  untrainedLinearTop1: null,
  collapseStd: 0.8,
  collapseRank: 20,
  loss: 1,
  verdict: { state: 'learning', text: 'In words.' },
  epochs: 5,
  steps: 100,
  seconds: 28,
  environment: null,
};

/** What is shown, with a clock of its own. */
function watch() {
  const lines: string[] = [];
  const states: Array<readonly [done: number, total: number, text: string]> = [];
  const clock = { seconds: 0 };
  const progress = new TablesProgress(
    {
      line: (text) => void lines.push(text),
      warn: (text) => void lines.push(text),
      state: (...state) => void states.push(state),
      close: () => {},
    },
    () => clock.seconds,
  );
  return { lines, states, clock, progress };
}

test('progress tells what is left out, each finished run, and records that do not count', () =>
  withTempDir(async (out) => {
    const { lines, clock, progress } = watch();
    const plan = planTable(findTable('14a'), { seeds: 1 });
    progress.plan(plan);
    const { train } = fakeTrain((config) => (config.seed === 0 ? { knn: 0.5, std: 0.8 } : 'diverged'));
    const run = (): Promise<unknown> =>
      runTable(plan, {
        out,
        train: (...given) => {
          clock.seconds += 5;
          return train(...given);
        },
        onEvent: (event) => progress.show(event),
      });
    await run();
    const text = lines.join('\n');
    assert.match(text, /^Depth of projector and predictor/);
    assert.match(text, /not run: projector of 3, predictor of 2 layers \(left out at scale 'ci'/);
    assert.match(
      text,
      /run 1\/5 projector1-predictor1, seed 0: kNN 50\.0 % \(\+20\.0\), spread 0\.80, learning, 5 s; about 20 s left/,
    );
    assert.match(text, /run 5\/5 .*learning, 5 s$/m);
    writeFileSync(path.join(out, '14a', 'ci', 'records', 'projector1-predictor1-seed0.json'), '[]');
    await run();
    assert.match(
      lines.join('\n'),
      /4 runs are finished already\nwarning: .*projector1-predictor1-seed0\.json is not used: it is not a record/,
    );
  }));

test('progress of several runs at once: what was measured, how far each is, and the time that is left', () => {
  const { lines, states, clock, progress } = watch();
  const { runs } = planTable(findTable('14a'), { seeds: 1 });
  const [first, second] = runs as [PlannedRun, PlannedRun];
  const step = (run: PlannedRun, at: number): void =>
    progress.show({ type: 'train', run, event: { ...stepEvent, step: at, steps: 100 } });
  progress.show({ type: 'measuring' });
  progress.show({ type: 'jobs', jobs: { jobs: 2, threads: 1, measured: { together: 4800.4, alone: 3300 } } });
  progress.show({ type: 'jobs', jobs: { jobs: 1, threads: 0, measured: { together: 2800, alone: 3300 } } });
  assert.deepEqual(lines.slice(1), [
    '2 runs at once, 1 thread each: 4,800 images/s; one at a time with all threads: 3,300',
    'one run at a time with all threads: 3,300 images/s; several at once: 2,800',
  ]);
  progress.show({ type: 'run', run: first, number: 1, of: 4 });
  progress.show({ type: 'run', run: second, number: 2, of: 4 });
  step(first, 20);
  step(second, 50);
  assert.deepEqual(states, [
    [
      200,
      4000,
      '0 of 4 runs | projector1-predictor1, seed 0: step 20/100 | projector1-predictor2, seed 0: begins | 900 images/s',
    ],
    [
      700,
      4000,
      '0 of 4 runs | projector1-predictor1, seed 0: step 20/100 | projector1-predictor2, seed 0: step 50/100 | 1,800 images/s',
    ],
  ]);
  // One and a half runs in 30 s: 20 s for each that is left, and half of one is done.
  clock.seconds = 30;
  progress.show({ type: 'recorded', run: first, record: finishedRecord });
  assert.match(lines.at(-1) ?? '', /^run 1\/4 projector1-predictor1, seed 0: kNN 50\.0 % .*; about 50 s left$/);
  step(second, 60);
  assert.match(states.at(-1)?.[2] ?? '', /^run 2\/4 projector1-predictor2, seed 0 \| step 60\/100 \| /);
});
