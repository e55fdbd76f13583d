import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epochSumsSchema, StepMeter } from '../../lib/metrics/meter.js';

const metrics = (steps: number, probeTop1: number, probeTop5: number) => ({
  steps,
  loss: 2,
  probeLoss: 1,
  probeTop1,
  probeTop5,
  supervisedLoss: 0,
  supervisedTop1: 0,
  projectionStd: 1,
  projectionRank: 8,
  targetDistance: 0.1,
  targetMovement: 0.1,
  firstBadStep: -1,
});

test('accuracies of the online classifier are means over steps', () => {
  const meter = new StepMeter();
  meter.addMetrics(metrics(1, 0.25, 0.5));
  meter.addMetrics(metrics(3, 0.5, 1));
  assert.deepEqual([meter.reading().probeTop1, meter.reading().probeTop5], [(0.25 + 1.5) / 4, 3.5 / 4]);
});

test('sums of a checkpoint that did not count top-5 are read, and give none for that epoch', () => {
  const { probeTop5: _left, ...old } = new StepMeter().sums;
  const meter = new StepMeter(epochSumsSchema.parse({ ...old, steps: 2, probeTop1: 1 }));
  meter.addMetrics(metrics(2, 0.5, 1));
  assert.deepEqual([meter.reading().probeTop1, meter.reading().probeTop5], [0.5, null]);
});
