import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StepMetrics } from '../../lib/binding/native.js';
import { type MetricDefinitions, metricDefinitions } from '../../lib/metrics/definitions.js';
import { Meter } from '../../lib/metrics/meter.js';
import { metricWords } from '../../lib/metrics/words.js';
import { runsCharts } from '../../lib/report/runs-charts.js';
import type { MetricsRecord } from '../../lib/run/metrics-file.js';
import { testRun } from '../support/run-data.js';

/** All there is to a metric. */
const definitions: MetricDefinitions = {
  ...metricDefinitions,
  'target/movement': {
    from: 'learner',
    over: 'mean',
    read: ({ targetMovement }) => targetMovement,
    title: 'Movement of the target',
    range: [0, 1],
    chart: 'own',
    group: 'representation',
    words: { in: ['epoch'], say: (value) => `moved ${value.toFixed(1)}` },
  },
};

const reading = (targetMovement: number): StepMetrics => ({
  steps: 1,
  loss: 2,
  probeLoss: 0,
  probeTop1: 0,
  probeTop5: 0,
  supervisedLoss: 0,
  supervisedTop1: 0,
  projectionStd: 1,
  projectionRank: 8,
  targetDistance: 0.1,
  targetMovement,
  firstBadStep: -1,
});

test('a metric is one entry: it is measured, recorded, drawn and told', () => {
  const facts = { onlineProbe: false, classes: 10, supervisedOnly: false };
  const meter = new Meter({ facts, rows: 16, definitions });
  meter.addReading(reading(0.2));
  meter.addReading(reading(0.4));
  const values: Record<string, number | undefined> = { ...meter.values() };
  assert.equal(values['target/movement'], (0.2 + 0.4) / 2);
  assert.equal(meter.sums.values['target/movement'], 0.2 + 0.4);

  assert.ok(metricWords(values, 'epoch', definitions).includes('moved 0.3'));
  assert.ok(!metricWords(values, 'step', definitions).includes('moved 0.3'));

  // As a line of metrics.jsonl comes back.
  const record = JSON.parse(JSON.stringify({ type: 'step', step: 2, epoch: 1, ...values })) as MetricsRecord;
  const run = testRun([record]);
  const drawn = runsCharts([run], definitions).find(({ title }) => title === 'Movement of the target');
  assert.deepEqual(
    drawn?.lines.map(({ from, metric }) => [from, metric]),
    [['readings', 'target/movement']],
  );
  assert.deepEqual(run.readings.values['target/movement']?.mean, [0.3]);
  assert.deepEqual([drawn?.min, drawn?.max], [0, 1]);
});
