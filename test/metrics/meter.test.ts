import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StepMetrics, StepTimes } from '../../lib/binding/native.js';
import { type MetricDefinitions, metricDefinitions } from '../../lib/metrics/definitions.js';
import { epochSumsSchema, Meter } from '../../lib/metrics/meter.js';

/** Of so many alike steps. */
const reading = (steps: number, probeTop1: number, probeTop5: number) => ({
  steps,
  loss: 2 * steps,
  probeLoss: steps,
  probeTop1: probeTop1 * steps,
  probeTop5: probeTop5 * steps,
  supervisedLoss: 0.5 * steps,
  supervisedTop1: 0,
  projectionStd: steps,
  projectionRank: 8,
  targetDistance: 0.1,
  targetMovement: 0.1,
  firstBadStep: -1,
});

const labelled = { facts: { onlineProbe: true, classes: 10, supervisedOnly: false }, rows: 64 };

/** Of a step that augmented and computed for so long. */
const times = (augment: number, compute: number): StepTimes => ({
  augment,
  forward: compute / 2,
  backward: compute / 4,
  update: compute / 4,
  total: augment + compute,
});

test('accuracies of the online classifier are means over steps', () => {
  const meter = new Meter(labelled);
  meter.addReading(reading(1, 0.25, 0.5));
  meter.addReading(reading(3, 0.5, 1));
  const values = meter.values();
  assert.deepEqual([values['probe/online/top1'], values['probe/online/top5']], [(0.25 + 1.5) / 4, 3.5 / 4]);
});

test('means do not depend on how many steps a reading tells of, to the last bit', () => {
  // Losses as the learner has them, float32.
  const losses = Array.from({ length: 8 }, (_, i) => Math.fround(2 + Math.sin(i)));
  const meanOf = (...ends: readonly number[]) => {
    const meter = new Meter(labelled);
    ends.forEach((end, i) => {
      const some = losses.slice(ends[i - 1] ?? 0, end);
      meter.addReading({ ...reading(some.length, 0, 0), loss: some.reduce((sum, loss) => sum + loss, 0) });
    });
    return meter.values().loss;
  };
  for (const ends of [[3, 8], [1, 4, 8], [7, 8], losses.map((_, i) => i + 1)]) assert.equal(meanOf(...ends), meanOf(8));
});

test('what a run does not have is left out: labels, more than five classes', () => {
  const keys = (facts: Partial<(typeof labelled)['facts']>): string[] => {
    const meter = new Meter({ rows: 64, facts: { ...labelled.facts, ...facts } });
    meter.addReading(reading(1, 0.25, 0.5));
    return Object.keys(meter.values()).filter((name) => name.startsWith('probe/'));
  };
  assert.deepEqual(keys({}), ['probe/online/top1', 'probe/online/top5']);
  assert.deepEqual(keys({ classes: 5 }), ['probe/online/top1']);
  assert.deepEqual(keys({ onlineProbe: false }), []);
});

test('with labels alone the loss is their cross-entropy', () => {
  const meter = new Meter({ ...labelled, facts: { ...labelled.facts, supervisedOnly: true } });
  meter.addReading(reading(2, 0, 0));
  assert.equal(meter.values().loss, 0.5);
});

test('speed and waiting come from the clocks', () => {
  const meter = new Meter(labelled);
  for (let i = 0; i < 4; i += 1) meter.addTiming(times(0.1, 0.375), 0.5);
  const { images_per_second, data_wait } = meter.values();
  assert.deepEqual([images_per_second, data_wait], [128, 0.25]);
});

test('a step is told by parts, which together are its time', () => {
  const meter = new Meter(labelled);
  meter.addTiming(times(0.125, 0.25), 0.5);
  meter.addTiming(times(0.125, 0.5), 1);
  const values = meter.values();
  const parts = ['data', 'augment', 'forward', 'backward', 'update'].map(
    (part) => values[`time/${part}` as 'time/data'],
  );
  assert.deepEqual(parts, [0.25, 0.125, 0.1875, 0.09375, 0.09375]);
  assert.equal(
    parts.reduce<number>((sum, part) => sum + (part as number), 0),
    labelled.rows / values.images_per_second,
  );
});

test('what is computed stands beside what the device computes at best, once that is known', () => {
  const meter = new Meter(labelled);
  for (let i = 0; i < 4; i += 1) meter.addTiming(times(0.1, 0.375), 0.5);
  const of = (matrixRate: number | null) => {
    const values = meter.values({ flop: 3e12, matrixRate });
    return [values['compute/tflops'], values['compute/share']];
  };
  assert.deepEqual(of(24e12), [6, 0.25]);
  assert.deepEqual(of(null), [6, undefined]);
  assert.equal(meter.values()['compute/tflops'], undefined);
});

test('of memory the most of all readings counts', () => {
  const meter = new Meter(labelled);
  assert.equal(meter.values()['memory/peak'], undefined);
  for (const peak of [100, 300, 200]) meter.addMemory(peak);
  assert.equal(meter.values()['memory/peak'], 300);
});

test('sums go on where they stopped, through a checkpoint', () => {
  const whole = new Meter(labelled);
  const first = new Meter(labelled);
  for (const meter of [whole, first]) {
    meter.addReading(reading(1, 0.25, 0.5));
    meter.addTiming(times(0, 0.25), 0.5);
    meter.addMemory(1024);
  }
  const second = new Meter(labelled, epochSumsSchema.parse(JSON.parse(JSON.stringify(first.sums))));
  for (const meter of [whole, second]) meter.addReading(reading(3, 0.5, 1));
  assert.deepEqual(second.values(), whole.values());
});

test('sums of version 0.1.0 are read; of one that did not count top-5 that epoch has none', () => {
  const old = {
    steps: 2,
    loss: 3,
    probeTop1: 1,
    projectionStd: 2,
    projectionRank: 7,
    targetDistance: 0.3,
    timedSteps: 2,
    wallSeconds: 1,
    computeSeconds: 0.5,
  };
  const meter = new Meter(labelled, epochSumsSchema.parse(old));
  meter.addReading(reading(2, 0.5, 1));
  const values = meter.values();
  assert.deepEqual([values.loss, values['collapse/std'], values['collapse/rank']], [(3 + 4) / 4, 1, 8]);
  // Its steps were not timed by parts: of the epoch none are known.
  meter.addTiming(times(0.1, 0.2), 0.5);
  assert.equal(meter.values()['time/forward'], undefined);
  assert.deepEqual([values['probe/online/top1'], values['probe/online/top5']], [0.5, undefined]);
  const counted = new Meter(labelled, epochSumsSchema.parse({ ...old, probeTop5: 1.5 }));
  assert.equal(counted.values()['probe/online/top5'], 0.75);
});

test('an entry added later is not known of the steps before it', () => {
  const definitions: MetricDefinitions = {
    ...metricDefinitions,
    'toy/sum': { ...metricDefinitions.loss, read: ({ loss, projectionStd }: StepMetrics) => loss + projectionStd },
    'toy/last': { ...metricDefinitions.loss, over: 'last', read: ({ loss }: StepMetrics) => loss },
  };
  const before = new Meter(labelled);
  before.addReading(reading(1, 0, 0));
  const after = new Meter({ ...labelled, definitions }, before.sums);
  after.addReading(reading(1, 0, 0));
  const values: Record<string, number | undefined> = { ...after.values() };
  assert.deepEqual([values['toy/sum'], values['toy/last']], [undefined, 2]);
});
