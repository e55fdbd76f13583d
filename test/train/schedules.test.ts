import assert from 'node:assert/strict';
import { test } from 'node:test';
import { presets } from '../../lib/config/presets/index.js';
import type { Config } from '../../lib/config/schema.js';
import { EpochSteps } from '../../lib/data/epoch-steps.js';
import { learningRate, makeSchedule, objectiveWeight, tau } from '../../lib/train/schedules.js';

const close = (actual: number, expected: number, tolerance = 1e-12): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`);

const tenSteps = new EpochSteps({ images: 109, rows: 10, boundary: 'drop-last' });

test('the official 1000-epoch schedule at its first, warm-up, middle and last step (byol-facts 2.2, 2.3)', () => {
  // 312,784 steps of 4096 of 1,281,167 images, 3,127 of them warm-up, peak 0.2 * 4096 / 256 = 3.2.
  const rate = (step: number): number => learningRate(step, 3.2, 3127, 312_784);
  close(rate(0), 0);
  close(rate(1), 3.2 / 3127);
  close(rate(3126), (3.2 * 3126) / 3127);
  close(rate(3127), 3.2);
  // Half of the cosine: (312,784 - 3,127) / 2 steps after the warm-up; the length is odd, so a step to either side.
  close((rate(157_955) + rate(157_956)) / 2, 1.6, 1e-9);
  close(rate(312_783), 1.6 * (1 + Math.cos((Math.PI * 309_656) / 309_657)));
  assert.ok(rate(312_783) > 0 && rate(312_783) < 1e-9);
});

test('tau rises from its base to 1 over all steps (section 3.3)', () => {
  const target = { mode: 'ema', tauBase: 0.996, schedule: 'cosine', init: 'independent' } as const;
  close(tau(0, target, 1000), 0.996);
  close(tau(500, target, 1000), 0.998);
  close(tau(999, target, 1000), 1 - (0.004 * (Math.cos((Math.PI * 999) / 1000) + 1)) / 2);
  close(tau(1000, target, 1000), 1);
});

test('a constant tau stays: "no target" is 0 throughout, not 0 at the start (Table 5a)', () => {
  const target = { mode: 'ema', tauBase: 0, schedule: 'constant', init: 'copy' } as const;
  for (const step of [0, 500, 999]) assert.equal(tau(step, target, 1000), 0);
});

test("Mean Teacher's tau: the mean of all networks so far, then a moving average", () => {
  const target = { mode: 'ema', tauBase: 0.9, schedule: 'warm', init: 'copy' } as const;
  assert.deepEqual(
    [0, 1, 3, 9, 10, 500].map((step) => tau(step, target, 1000)),
    [0, 0.5, 0.75, 0.9, 0.9, 0.9],
  );
});

test('a learning rate that falls in steps: warm-up, then a factor after each part of the run (MoCo v1)', () => {
  const steps: Config['optimizer']['schedule'] = { kind: 'steps', at: [0.6, 0.8], factor: 0.1 };
  const rate = (step: number): number => learningRate(step, 3, 10, 200, steps);
  close(rate(5), 1.5);
  for (const step of [10, 119]) close(rate(step), 3);
  for (const step of [120, 159]) close(rate(step), 0.3);
  for (const step of [160, 199]) close(rate(step), 0.03);
  const { optimizer } = presets.cifar10;
  const config = { ...presets.cifar10, epochs: 200, optimizer: { ...optimizer, schedule: steps } };
  const schedule = makeSchedule(config, tenSteps);
  close(schedule.learningRate(1199), schedule.peakLearningRate);
  close(schedule.learningRate(1200), schedule.peakLearningRate / 10);
});

test('targets from the online network itself follow at once', () => {
  for (const mode of ['stop-gradient', 'gradient'] as const) {
    assert.equal(tau(7, { mode, tauBase: 0.99, schedule: 'cosine', init: 'copy' }, 1000), 0);
  }
});

test("Mean Teacher's ramp-up: W exp(-5 (1 - t)^2), then W; 1 without labels to learn from", () => {
  const supervision = {
    labelFraction: 0.1,
    labelledPerBatch: null,
    labelSmoothing: 0,
    consistency: 100,
    rampUpEpochs: 5,
  };
  close(objectiveWeight(0, supervision, 20), 100 * Math.exp(-5));
  close(objectiveWeight(50, supervision, 20), 100 * Math.exp(-5 / 4));
  for (const step of [100, 101, 1e6]) close(objectiveWeight(step, supervision, 20), 100);
  close(objectiveWeight(0, { ...supervision, rampUpEpochs: 0 }, 20), 100);
  assert.equal(objectiveWeight(0, null, 20), 1);
});

test("the predictor's rate: a multiple, or constant while the others decay (SimSiam)", () => {
  const { optimizer } = presets.cifar10;
  const schedule = (changes: Partial<typeof optimizer>) =>
    makeSchedule(
      { ...presets.cifar10, epochs: 10, optimizer: { ...optimizer, ...changes } as typeof optimizer },
      tenSteps,
    );
  assert.equal(schedule({ predictorLearningRateScale: 10 }).predictorRate(57), 10);
  const constant = schedule({ predictorSchedule: 'constant', predictorLearningRateScale: 2 });
  for (const step of [0, 57, 99]) {
    close(constant.learningRate(step) * constant.predictorRate(step), 2 * constant.peakLearningRate);
  }
});

test('the predictor first: alone at its peak, then warm-up and cosine of what is left', () => {
  const { optimizer } = presets.cifar10;
  const { optimizer: changed, ...rest } = {
    ...presets.cifar10,
    epochs: 10,
    optimizer: { ...optimizer, warmupEpochs: 2 },
  };
  const plain = makeSchedule({ ...rest, epochs: 7, optimizer: changed }, tenSteps);
  const schedule = makeSchedule(
    { ...rest, optimizer: { ...changed, predictorFirstEpochs: 3, predictorLearningRateScale: 5 } },
    tenSteps,
  );
  assert.deepEqual([schedule.predictorFirstSteps, schedule.warmupSteps, schedule.steps], [30, 20, 100]);
  for (const step of [0, 1, 29]) {
    assert.ok(schedule.learningRate(step) < 1e-11 * schedule.peakLearningRate);
    close(schedule.learningRate(step) * schedule.predictorRate(step), 5 * schedule.peakLearningRate);
  }
  // From there on, the run of seven epochs that there is without it.
  for (const step of [30, 31, 49, 50, 99]) {
    assert.equal(schedule.learningRate(step), plain.learningRate(step - 30));
    assert.equal(schedule.predictorRate(step), 5);
  }
});

test('the peak follows the images of an optimiser step, accumulated ones included', () => {
  const config = { ...presets['imagenet-300'], batchSize: 512, accumulate: 8 };
  close(makeSchedule(config, tenSteps).peakLearningRate, 4.8);
});

/** Images per optimiser step and epochs of a preset, with the steps that the official code takes. */
const officialRuns = [
  // floor(epochs * 1,281,167 / 4096); warm-up floor(10 * 1,281,167 / 4096).
  ['imagenet-40', 1_281_167, 12_511, 3127],
  ['imagenet-100', 1_281_167, 31_278, 3127],
  ['imagenet-300', 1_281_167, 93_835, 3127],
  ['imagenet-1000', 1_281_167, 312_784, 3127],
  // floor(1000 * 9469 / 256); warm-up floor(10 * 9469 / 256).
  ['imagenette', 9469, 36_988, 369],
] as const;

for (const [name, images, steps, warmup] of officialRuns) {
  test(`${name} takes the official number of steps, with its schedules at the first, the warm-up's and the last`, () => {
    const config = presets[name];
    const { batchSize, accumulate, epochBoundary, target, optimizer } = config;
    const schedule = makeSchedule(
      config,
      new EpochSteps({ images, rows: batchSize * accumulate, boundary: epochBoundary }),
    );
    assert.deepEqual([schedule.steps, schedule.warmupSteps], [steps, warmup]);
    const peak = (optimizer.baseLearningRate * batchSize) / 256;
    close(schedule.learningRate(0), 0);
    close(schedule.learningRate(1), peak / warmup);
    close(schedule.learningRate(warmup - 1), (peak * (warmup - 1)) / warmup);
    close(schedule.learningRate(warmup), peak);
    // cos(pi - x) = -cos(x): one step before the end of each cosine; 1 - cos(x) is 2 sin(x / 2)^2, without cancellation.
    const nearEnd = (length: number): number => Math.sin(Math.PI / (2 * length)) ** 2;
    close(schedule.learningRate(steps - 1), peak * nearEnd(steps - warmup), 1e-14);
    close(schedule.tau(0), target.tauBase);
    close(schedule.tau(steps - 1), 1 - (1 - target.tauBase) * nearEnd(steps));
    assert.ok(
      schedule.learningRate(steps - 1) > 0 && schedule.tau(steps - 1) < 1,
      'the ends themselves are not reached',
    );
  });
}

test('without batches across epochs the same run is shorter by the images that are left out', () => {
  const steps = (images: number, rows: number): number =>
    makeSchedule({ ...presets['imagenet-1000'] }, new EpochSteps({ images, rows, boundary: 'drop-last' })).steps;
  assert.equal(steps(9469, 256), 36_000);
  assert.equal(steps(1_281_167, 4096), 312_000);
});

test("Mean Teacher's ramp-up follows epochs that are no whole number of steps", () => {
  const supervision = {
    labelFraction: 0.1,
    labelledPerBatch: null,
    labelSmoothing: 0,
    consistency: 100,
    rampUpEpochs: 5,
  };
  const epochs = new EpochSteps({ images: 25, rows: 10, boundary: 'stream' });
  const schedule = makeSchedule({ ...presets.cifar10, supervision }, epochs);
  // Five epochs of 2.5 steps: t = step / 12.5.
  close(schedule.objectiveWeight(5), 100 * Math.exp(-5 * 0.6 ** 2));
  close(schedule.objectiveWeight(12), 100 * Math.exp(-5 * 0.04 ** 2));
  close(schedule.objectiveWeight(13), 100);
});
