/** Runs on images of which only some, or none, have labels. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import type { Config } from '../../lib/config/schema.js';
import type { Dataset, ImageSplit } from '../../lib/data/dataset.js';
import { writeRawStore } from '../../lib/data/kinds/raw.js';
import { generateShapes } from '../../lib/data/kinds/shapes/generate.js';
import { methods } from '../../lib/methods/index.js';
import type { RunResult, TrainEvent } from '../../lib/run/events.js';
import { withTempDir } from '../support/paths.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

const shapes = { kind: 'shapes', trainImages: 32, testImages: 16, size: 16, seed: 1 } as const;
type Whole = Dataset & Required<Pick<Dataset, 'test'>>;
const without = (images: ImageSplit): ImageSplit => ({ ...images, targets: null });
const unknown = (images: ImageSplit): ImageSplit => ({
  ...images,
  targets: { kind: 'class', labels: new Int32Array(images.count).fill(-1) },
});

function measured(dir: string): Config {
  const config = tinyConfig({ epochs: 2, data: { kind: 'raw', path: path.join(dir, 'data') } });
  const { knn, linear } = config.evaluation;
  return {
    ...config,
    evaluation: {
      ...config.evaluation,
      knn: { ...knn, everyEpochs: 1 },
      linear: { ...linear, atEnd: true, epochs: 2, batchSize: 8 },
    },
  };
}

async function runOn(
  change: (data: Whole) => Dataset,
): Promise<{ readonly result: RunResult; readonly warnings: string[]; readonly start: TrainEvent | undefined }> {
  return withTempDir(async (dir) => {
    await writeRawStore(path.join(dir, 'data'), change(await generateShapes(shapes)));
    const { result, events } = await runToEnd(measured(dir), { folder: path.join(dir, 'run') });
    return {
      result,
      warnings: events.flatMap((event) => (event.type === 'warning' ? [event.message] : [])),
      start: events.find((event) => event.type === 'start'),
    };
  });
}

for (const [how, strip] of [
  ['no labels', without],
  ['unknown labels', unknown],
] as const) {
  test(`training images with ${how} are learnt from, and what needs labels is left out with a word`, async () => {
    const { result, warnings } = await runOn((data) => ({ ...data, train: strip(data.train) }));
    assert.deepEqual([result.interrupted, result.knn, result.linear], [false, null, null]);
    assert.deepEqual([result.untrained.knn, result.untrained.linear], [null, null]);
    assert.equal(result.metrics?.['probe/online/top1'], undefined);
    assert.ok(warnings.some((text) => /training images have none: kNN, the linear protocol and the online/.test(text)));
  });

  test(`test images with ${how} leave the online classifier its training images`, async () => {
    const { result, warnings } = await runOn((data) => ({ ...data, test: strip(data.test) }));
    assert.deepEqual([result.interrupted, result.knn, result.linear], [false, null, null]);
    assert.equal(typeof result.metrics?.['probe/online/top1'], 'number');
    assert.ok(warnings.some((text) => /test images have none: kNN and the linear protocol are left out/.test(text)));
  });
}

test('images without labels are nothing to warn of, whatever the names of classes', async () => {
  const { result, warnings, start } = await runOn((data) => ({
    ...data,
    train: without(data.train),
    test: unknown(data.test),
  }));
  assert.deepEqual([result.interrupted, result.knn], [false, null]);
  assert.ok(start?.type === 'start' && start.classes.length === 0);
  assert.ok(!warnings.some((text) => /labels/.test(text)));
});

test('supervision by labels that are all unknown is refused', async () => {
  await withTempDir(async (dir) => {
    const data = await generateShapes(shapes);
    await writeRawStore(path.join(dir, 'data'), { ...data, train: unknown(data.train) });
    for (const method of ['supervised', 'mean-teacher'] as const) {
      await assert.rejects(runToEnd(methods[method](measured(dir)), { folder: path.join(dir, method) }), {
        code: 'ERR_BYOL_DATA',
        message: /the training images have no/,
      });
    }
  });
});
