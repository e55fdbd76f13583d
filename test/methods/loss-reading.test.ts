import assert from 'node:assert/strict';
import { test } from 'node:test';
import { presets } from '../../lib/config/presets/index.js';
import type { Config } from '../../lib/config/schema.js';
import { methods } from '../../lib/methods/index.js';
import { readLoss } from '../../lib/methods/loss-reading.js';

const byol: Config = presets.shapes;
const withObjective = (changes: Partial<Config['objective']>): Config => ({
  ...byol,
  objective: { ...byol.objective, ...changes },
});

test('chance is what unrelated predictions cost: 2 a direction, a guess among the candidates, or a guess of the class', () => {
  const close = (config: Config, expected: number): void => {
    assert.ok(Math.abs((readLoss(config).chance ?? Number.NaN) - expected) < 1e-9);
  };
  close(byol, 4);
  close(methods.simsiam(byol), 4);
  close(withObjective({ symmetric: false }), 2);
  close(withObjective({ similarity: 'layer' }), 4);
  close(withObjective({ similarity: 'batch', symmetric: false }), 2);
  const { temperature } = methods.simclr(byol).objective.negatives ?? {};
  close(methods.simclr(byol), 4 + 4 * (temperature as number) * Math.log(2 * byol.batchSize - 1));
  close(methods['moco-v2'](byol), 2 + 0.2 * Math.log(4097));
  close(methods.supervised(byol), Math.log(10));
  close(withObjective({ negatives: { kind: 'batch', weight: 0, temperature: 0.1 } }), 4);
  for (const config of [
    withObjective({ similarity: 'none' }),
    methods['mean-teacher'](byol),
    withObjective({ negatives: { kind: 'batch', weight: 0.5, temperature: 0.1 } }),
  ]) {
    assert.equal(readLoss(config).chance, null);
  }
});

test('the title says what is minimised', () => {
  const titles = Object.values(methods).map((method) => readLoss(method(byol)).title);
  assert.deepEqual(titles, [
    'Loss',
    'Loss with negatives',
    'Loss with negatives',
    'Loss with negatives',
    'Loss',
    'Consistency loss',
    'Cross-entropy of the labels',
  ]);
});
