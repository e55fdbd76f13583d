import { presets } from '../../lib/config/presets/index.js';
import type { Config } from '../../lib/config/schema.js';
import { ReadingsThinner } from '../../lib/report/readings.js';
import type { RunData } from '../../lib/report/run-data.js';
import type { RunResult } from '../../lib/run/events.js';
import type { MetricsRecord } from '../../lib/run/metrics-file.js';
import { type RunDataInput, runData } from '../../lib/run/run-data.js';

/** A run's page data without a run. */

export const finishedResult: RunResult = {
  folder: 'runs/test',
  epochs: 2,
  steps: 20,
  interrupted: false,
  knn: { top1: 0.5, top5: 0.9 },
  linear: null,
  untrained: { knn: { top1: 0.3, top5: 0.8 }, linear: null },
  metrics: null,
  verdict: { state: 'learning', text: 'Learning: kNN 50.0 %, untrained 30.0 %.' },
  encoder: null,
  seconds: 60,
};

/** What a MetricsTail would have read. */
export function tailOf(records: readonly MetricsRecord[], most = 1000): RunDataInput['tail'] {
  const [readings, epochs] = [new ReadingsThinner(most), new ReadingsThinner(most)];
  let lastEpoch: RunDataInput['tail']['lastEpoch'] = null;
  let last = 0;
  for (const { type, step, epoch, ...values } of records) {
    (type === 'step' ? readings : epochs).add(step, step / 10, values);
    if (type === 'epoch') lastEpoch = { epoch, step, values };
    last = Math.max(last, step);
  }
  return {
    readings: (wanted) => readings.read(wanted),
    epochs: (wanted) => epochs.read(wanted),
    lastEpoch,
    step: last,
  };
}

export function testRun(
  records: readonly MetricsRecord[],
  changes: Partial<RunDataInput> = {},
  config: Config = presets.shapes,
): RunData {
  return runData({
    name: 'test',
    config,
    environment: { cpu: 'some processor', cores: 2 },
    result: finishedResult,
    state: 'finished',
    status: 'Finished: 2 epochs, 20 steps.',
    tail: tailOf(records),
    sameImages: true,
    links: [],
    views: null,
    ...changes,
  });
}

/** As a training writes it after some step. */
export function stepRecord(step: number, values: Readonly<Record<string, number>> = {}): MetricsRecord {
  return {
    type: 'step',
    step,
    epoch: 1,
    loss: 3,
    'collapse/std': 0.8,
    'collapse/rank': 9,
    'target/distance': 0.1,
    learning_rate: 0.2,
    tau: 0.99,
    images_per_second: 900,
    data_wait: 0,
    ...values,
  };
}

export function epochRecord(epoch: number, step: number, knn?: number): MetricsRecord {
  return {
    ...stepRecord(step),
    type: 'epoch',
    epoch,
    ...(knn !== undefined && { 'knn/top1': knn, 'knn/top5': knn }),
  } as MetricsRecord;
}
