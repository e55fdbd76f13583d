import assert from 'node:assert/strict';
import { test } from 'node:test';
import { presets } from '../../lib/config/presets/index.js';
import type { Config } from '../../lib/config/schema.js';
import { methods } from '../../lib/methods/index.js';
import type { MetricsRecord } from '../../lib/run/metrics-file.js';
import { type CurvesInput, runCharts, runCurves } from '../../lib/run/report-page.js';
import { unreadable } from '../support/svg-boxes.js';

const step = (number: number): MetricsRecord => ({
  type: 'step',
  step: number,
  epoch: 0,
  loss: 3,
  'collapse/std': 0.8,
  'collapse/rank': 9,
  'target/distance': 0.1,
  learning_rate: 0.2,
  tau: 0.99,
  images_per_second: 900,
  data_wait: 0,
});
const epoch = (number: number, knn?: number): MetricsRecord => ({
  ...(step(10 * number) as Extract<MetricsRecord, { type: 'step' }>),
  type: 'epoch',
  epoch: number,
  ...(knn !== undefined && { 'knn/top1': knn, 'knn/top5': knn }),
});

function input(config: Config, changes: Partial<CurvesInput['result']> = {}): CurvesInput {
  return {
    config,
    records: [step(5), epoch(1, 0.4), step(15), epoch(2)],
    sameImages: true,
    result: {
      interrupted: false,
      steps: 20,
      knn: { top1: 0.5, top5: 0.9 },
      untrained: { knn: { top1: 0.3, top5: 0.8 }, linear: null },
      ...changes,
    },
  };
}

const titles = (of: CurvesInput): string[] => runCharts(of).map(({ title }) => title);
const accuracy = (of: CurvesInput) =>
  Object.fromEntries(
    (runCharts(of).find(({ title }) => title === 'Accuracy')?.series ?? []).map(({ name, points }) => [name, points]),
  );

test("every method's loss chart is of its own loss", () => {
  const of = (method: keyof typeof methods): string => titles(input(methods[method](presets.shapes)))[0] as string;
  assert.equal(of('byol'), 'Loss (4 is chance)');
  assert.match(of('simclr'), /^Loss with negatives \(13\.7 is chance\)$/);
  assert.equal(of('mean-teacher'), 'Consistency loss');
  assert.equal(of('supervised'), 'Cross-entropy of the labels (2.3 is chance)');
  const { objective } = presets.shapes;
  assert.equal(
    titles(input({ ...presets.shapes, objective: { ...objective, symmetric: false } }))[0],
    'Loss (2 is chance)',
  );
});

test('what a method does not have is not drawn', () => {
  assert.ok(titles(input(presets.shapes)).includes('Distance to the target'));
  for (const method of ['simclr', 'supervised', 'simsiam'] as const) {
    const drawn = titles(input(methods[method](presets.shapes)));
    assert.ok(!drawn.includes('tau') && !drawn.includes('Distance to the target'), method);
  }
});

test('kNN after the last epoch is drawn, with the curve where both are of all images', () => {
  const config = presets.shapes;
  assert.deepEqual(accuracy(input(config))['kNN, test images'], [
    [10, 0.4],
    [20, 0.5],
  ]);
  const some = { ...input(config), sameImages: false };
  assert.deepEqual(accuracy(some)['kNN, test images'], [[10, 0.4]]);
  assert.deepEqual(accuracy(some)['kNN, all test images'], [[20, 0.5]]);
  // A stopped run's result is of an epoch that is drawn already.
  assert.deepEqual(accuracy(input(config, { interrupted: true }))['kNN, test images'], [[10, 0.4]]);
  const once = { ...input(config), records: [step(5), epoch(2)] };
  assert.deepEqual(accuracy(once)['kNN, test images'], [[20, 0.5]]);
});

test('curves can be read: of a run with everything, without labels, and before its first reading', () => {
  const unlabelled = { knn: null, untrained: { knn: null, linear: null } };
  const full = input(presets.shapes);
  for (const of of [
    { ...full, records: full.records.map((record) => ({ ...record, 'probe/online/top1': 0.3 })) },
    { ...input(presets.shapes, unlabelled), records: [step(5)] },
    { ...input(presets.shapes, { ...unlabelled, interrupted: true }), records: [] },
    { ...full, records: [{ ...step(5), loss: Number.NaN } as MetricsRecord] },
  ]) {
    const svg = runCurves(of);
    assert.deepEqual(unreadable(svg), []);
    assert.doesNotMatch(svg, /NaN|Infinity|undefined|viewBox="0 0 0/);
  }
});
