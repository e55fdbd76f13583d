import assert from 'node:assert/strict';
import { test } from 'node:test';
import { presets } from '../../lib/config/presets/index.js';
import type { Config } from '../../lib/config/schema.js';
import { methods } from '../../lib/methods/index.js';
import type { RunData } from '../../lib/report/run-data.js';
import { runsCharts } from '../../lib/report/runs-charts.js';
import { runCurves } from '../../lib/run/report-page.js';
import { epochRecord, finishedResult, stepRecord, testRun } from '../support/run-data.js';
import { unreadable } from '../support/svg-boxes.js';

const records = [stepRecord(5), epochRecord(1, 10, 0.4), stepRecord(15), epochRecord(2, 20)];
const of = (config: Config, changes: Parameters<typeof testRun>[1] = {}): RunData => testRun(records, changes, config);

const titles = (run: RunData): string[] => runsCharts([run]).map(({ title }) => title);
const accuracy = (run: RunData) => {
  const lines = runsCharts([run]).find(({ title }) => title === 'Accuracy')?.lines ?? [];
  return Object.fromEntries(
    lines.map(({ name, from, last, level }) => [name, { from, ...(last && { last }), ...(level && { level }) }]),
  );
};

test("every method's loss chart is of its own loss", () => {
  const title = (method: keyof typeof methods): string => titles(of(methods[method](presets.shapes)))[0] as string;
  assert.equal(title('byol'), 'Loss (4 is chance)');
  assert.match(title('simclr'), /^Loss with negatives \(13\.7 is chance\)$/);
  assert.equal(title('mean-teacher'), 'Consistency loss');
  assert.equal(title('supervised'), 'Cross-entropy of the labels (2.3 is chance)');
  const { objective } = presets.shapes;
  const oneWay = { ...presets.shapes, objective: { ...objective, symmetric: false } };
  assert.equal(titles(of(oneWay))[0], 'Loss (2 is chance)');
});

test('what a method does not have is not drawn', () => {
  assert.ok(titles(of(presets.shapes)).includes('Distance to the target'));
  for (const method of ['simclr', 'supervised', 'simsiam'] as const) {
    const drawn = titles(of(methods[method](presets.shapes)));
    assert.ok(!drawn.includes('tau') && !drawn.includes('Distance to the target'), method);
  }
});

test('kNN after the last epoch is drawn, with the curve where both are of all images', () => {
  const config = presets.shapes;
  assert.deepEqual(accuracy(of(config)), {
    'kNN, test images': { from: 'epochs', last: 0.5 },
    'untrained kNN': { from: null, level: 0.3 },
  });
  assert.deepEqual(accuracy(of(config, { sameImages: false })), {
    'kNN, test images': { from: 'epochs' },
    'kNN, test images, all of them': { from: null, last: 0.5 },
    'untrained kNN': { from: null, level: 0.3 },
  });
  // A stopped run's result is of an epoch that is drawn already.
  const stopped = of(config, { result: { ...finishedResult, interrupted: true } });
  assert.deepEqual(accuracy(stopped)['kNN, test images'], { from: 'epochs' });
  const once = testRun([stepRecord(5), epochRecord(2, 20)]);
  assert.deepEqual(accuracy(once)['kNN, test images'], { from: null, last: 0.5 });
});

test('curves can be read: of a run with everything, without labels, and before its first reading', () => {
  const unlabelled = { ...finishedResult, knn: null, untrained: { knn: null, linear: null } };
  for (const run of [
    testRun(records.map((record) => ({ ...record, 'probe/online/top1': 0.3 }))),
    testRun([stepRecord(5)], { result: unlabelled }),
    testRun([], { result: { ...unlabelled, interrupted: true } }),
    testRun([stepRecord(5, { loss: Number.NaN })]),
  ]) {
    const svg = runCurves(run);
    assert.deepEqual(unreadable(svg), []);
    assert.doesNotMatch(svg, /NaN|Infinity|undefined|viewBox="0 0 0/);
  }
});
