/** Encoders are trained, found again and asked: in the same way as their run asks them. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import type { Config } from '../../../lib/config/schema.js';
import { readResult } from '../../../lib/run/run-folder.js';
import { encoderFolder, measure } from '../../../lib/tables/encoders/measure.js';
import type { PlannedEncoder, PlannedEvaluation } from '../../../lib/tables/encoders/plan.js';
import { withTempDir } from '../../support/paths.js';
import { shortConfig } from '../../support/short-runs.js';

const data: Config['data'] = { kind: 'shapes', trainImages: 256, testImages: 200, size: 16, seed: 0 };
const start = shortConfig({ data, epochs: 1, device: 'cpu', precision: 'float32', seed: 3 });
const config: Config = { ...start, views: { ...start.views, size: 16 } };
const trained = { kind: 'trained', name: 'byol-seed3', config, seed: 3, key: 'a' } as const;

const planned = (encoder: PlannedEncoder): PlannedEvaluation => ({
  name: 'byol-knn-imagenet-seed3',
  row: { id: 'byol', label: 'BYOL', published: [] },
  seed: 3,
  encoder,
  by: 'knn',
  protocol: 'knn',
  settings: { ...config.evaluation.knn, bankImages: 0, queryImages: 0 },
  set: { name: 'imagenet', config: data, text: 'generated images' },
  key: 'a',
});

test('a trained encoder is asked as its run asks it, and so is the network before its first step', () =>
  withTempDir(async (dir) => {
    const encoders = path.join(dir, 'encoders');
    const first = await measure(planned(trained), { encoders });
    const run = await readResult(encoderFolder(encoders, trained));
    assert.ok(run?.knn && run.untrained.knn);
    assert.equal(first?.outcome, 'finished');
    assert.equal(first.metric, 'top1');
    assert.deepEqual(first.numbers, { top1: run.knn.top1, top5: run.knn.top5 });

    const untrained = await measure(planned({ kind: 'untrained', config, seed: 3, key: 'b' }), { encoders });
    assert.deepEqual(untrained?.numbers, { top1: run.untrained.knn.top1, top5: run.untrained.knn.top5 });

    // It is there: nothing is trained a second time.
    const train = (): never => assert.fail('it was trained again');
    const again = await measure(planned(trained), { encoders, train });
    assert.deepEqual(again?.numbers, first.numbers);
    const folder = encoderFolder(encoders, trained);
    const given = await measure(planned({ kind: 'given', path: folder, seed: 3, key: 'c' }), { encoders, train });
    // In the precision that this machine chooses.
    assert.ok(Math.abs((given?.numbers.top1 ?? 0) - run.knn.top1) < 0.05);
  }));

test('what stops leaves nothing, and a training goes on where it was', () =>
  withTempDir(async (dir) => {
    const encoders = path.join(dir, 'encoders');
    const abort = new AbortController();
    const stopped = await measure(planned(trained), {
      encoders,
      signal: abort.signal,
      onTrain: () => abort.abort(),
    });
    assert.equal(stopped, null);
    const finished = await measure(planned(trained), { encoders });
    assert.equal(finished?.outcome, 'finished');
  }));
