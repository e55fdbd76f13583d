import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resultText } from '../../lib/cli/result-text.js';
import { presets } from '../../lib/config/presets/index.js';
import type { PresetRecord, RecordMatch } from '../../lib/config/records.js';
import { resolveConfig } from '../../lib/methods/resolve.js';
import type { RunResult } from '../../lib/run/events.js';

const config = presets['cifar10-small'];

const result: RunResult = {
  folder: 'runs/cifar10-small',
  epochs: 40,
  steps: 1560,
  interrupted: false,
  knn: { top1: 0.438, top5: 0.9 },
  linear: { top1: 0.5, top5: 0.92, learningRate: 0.4 },
  untrained: { knn: { top1: 0.302, top5: 0.8 }, linear: { top1: 0.351, top5: 0.8, learningRate: 0.4 } },
  metrics: null,
  verdict: { state: 'learning', text: 'Learning: kNN 43.8 %.' },
  encoder: 'runs/cifar10-small/encoder.safetensors',
  seconds: 620,
};

const record: PresetRecord = {
  preset: 'cifar10-small',
  configHash: 'k',
  runs: 10,
  seeds: 5,
  precisions: ['bfloat16', 'float32'],
  untrainedKnnTop1: { mean: 0.3, sd: 0.01, min: 0.29, max: 0.31 },
  knnTop1: { mean: 0.435, sd: 0.02, min: 0.429, max: 0.441 },
  linearTop1: { mean: 0.501, sd: 0.02, min: 0.497, max: 0.505 },
  file: 'bench/results/cifar10-small.json',
};

const matched = (state: RecordMatch['state']): RecordMatch => ({ state, record });

test('a finished run stands beside the untrained encoder, with its verdict and its files', () => {
  assert.equal(
    resultText(config, result, null),
    [
      'test accuracy   untrained   trained   points',
      'kNN top-1          30.2 %    43.8 %    +13.6',
      'linear top-1       35.1 %    50.0 %    +14.9',
      '',
      'Learning: kNN 43.8 %.',
      '',
      'Done: 40 epochs, 1,560 steps, 10 min 20 s.',
      'Run folder  runs/cifar10-small',
      'Encoder     runs/cifar10-small/encoder.safetensors',
    ].join('\n'),
  );
});

test('the speed of the last epoch is told with where its time went', () => {
  const metrics = {
    loss: 1,
    'collapse/std': 0.9,
    'collapse/rank': 30,
    'target/distance': 0.1,
    images_per_second: 1234.4,
    data_wait: 0.1,
    'time/data': 0.01,
    'time/augment': 0.02,
    'time/forward': 0.4,
    'time/backward': 0.52,
    'time/update': 0.05,
    'compute/tflops': 1.2345,
    'compute/share': 0.426,
    'memory/peak': 1.25 * 2 ** 30,
  };
  const speedOf = (of: RunResult['metrics']): string | undefined =>
    resultText(config, { ...result, metrics: of }, null)
      .split('\n')
      .find((line) => line.startsWith('Speed'));
  assert.equal(
    speedOf(metrics),
    "Speed       1,234 images/s, 1.23 TFLOP/s (43 % of this machine's matrix rate), 1.3 GiB at most; " +
      'of a step data 1 %, views 2 %, forward 40 %, backward 52 %, update 5 %',
  );
  const { 'compute/share': _share, 'time/data': _data, ...less } = metrics;
  assert.equal(speedOf(less), 'Speed       1,234 images/s, 1.23 TFLOP/s, 1.3 GiB at most');
});

test('what the preset gave when it was recorded stands beside it', () => {
  const text = resultText(config, result, matched('same'));
  assert.match(text, /kNN top-1 .* 43\.8 % {4}\+13\.6 {3}43\.5 % \(42\.9 to 44\.1\)/);
  assert.match(
    text,
    /Recorded: .* of 10 runs of preset cifar10-small, bench\/results\/cifar10-small\.json\. This run's kNN is as expected\./,
  );
  const withKnn = (top1: number): string =>
    resultText(config, { ...result, knn: { top1, top5: 0.8 } }, matched('same'));
  // Below every recorded run, but within three standard deviations.
  assert.match(withKnn(0.38), /as expected/);
  assert.match(
    withKnn(0.37),
    /unusual: below 37\.5 %, three standard deviations under the mean\. Something may be wrong\./,
  );
});

test('from few runs nothing is called unusual', () => {
  const match: RecordMatch = { state: 'same', record: { ...record, runs: 1, seeds: 1, precisions: ['bfloat16'] } };
  const text = resultText(config, { ...result, knn: { top1: 0.1, top5: 0.4 } }, match);
  assert.match(text, /of 1 run of preset .* too few to say whether another result is unusual/);
});

test('records of other settings say so', () => {
  const changed = resolveConfig({
    preset: 'cifar10-small',
    overrides: ['epochs=5', 'predictor=null', 'seed=4', 'threads=1'],
  });
  assert.match(
    resultText(changed, result, matched('changed')),
    /Not the same experiment: this run changed predictor, epochs\./,
  );
  assert.match(resultText(config, result, matched('outdated')), /that record is outdated/);
  for (const state of ['changed', 'outdated'] as const) {
    assert.doesNotMatch(resultText(changed, result, matched(state)), /43\.5 %/);
  }
});

test('a run without labels has no numbers to show', () => {
  const unlabelled = { ...result, knn: null, linear: null, untrained: { knn: null, linear: null } };
  assert.match(resultText(config, unlabelled, null), /kNN top-1 +- +- +-\n/);
});

test('a stopped run says how to go on', () => {
  const stopped = {
    ...result,
    interrupted: true,
    encoder: null,
    epochs: 3,
    steps: 120,
    linear: null,
    folder: "runs/it's mine",
  };
  const text = resultText(config, stopped, null);
  assert.match(
    text,
    /Stopped after 3 epochs, 120 steps, .*go on with:\n {2}npx byol train --resume 'runs\/it'\\''s mine'$/,
  );
});
