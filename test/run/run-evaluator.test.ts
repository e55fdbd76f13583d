import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NativeModule } from '../../lib/binding/native.js';
import { presets } from '../../lib/config/presets/index.js';
import { ByolError } from '../../lib/errors.js';
import { RunEvaluator } from '../../lib/run/run-evaluator.js';
import type { TrainingResources } from '../../lib/train/resources.js';
import { RecordingNative } from '../eval/recording-native.js';

/** An evaluator whose kNN and linear protocol find what these functions give. */
function evaluatorOf(knn: () => object, linear: () => { top1: number; top5: number }) {
  const recording = new RecordingNative();
  const labels = Array.from({ length: 60 }, (_, i) => i % 3);
  const { shapes } = presets;
  const evaluation = structuredClone(shapes.evaluation);
  const config = { ...shapes, evaluation: { ...evaluation, linear: { ...evaluation.linear, atEnd: true, epochs: 1 } } };
  recording.results = [
    config.evaluation.linear.learningRates.map(linear),
    config.evaluation.linear.learningRates.map(linear),
  ];
  const { data } = recording.input(labels, labels);
  class KnnClassifier {
    async add(): Promise<void> {}
    async accuracy(): Promise<object> {
      return knn();
    }
    dispose(): void {}
  }
  const resources = {
    ...data,
    learner: recording.network,
    native: { ...recording.module, KnnClassifier } as unknown as NativeModule,
    resolved: { device: 'cpu', precision: 'float32' },
    classNames: ['a', 'b', 'c'],
    config,
  } as unknown as TrainingResources;
  const warnings: string[] = [];
  return { evaluator: new RunEvaluator(resources, undefined, (message) => warnings.push(message)), warnings };
}

const good = { top1: 0.5, top5: 0.9 };
const notFinite = (): never => {
  throw new ByolError('ERR_BYOL_NOT_FINITE', 'The features are not finite numbers.');
};

test('an evaluation without finite numbers is left out with a warning, and the other one is made', async () => {
  const first = evaluatorOf(notFinite, () => good);
  const results = await first.evaluator.final();
  assert.deepEqual([results.knn, results.linear?.top1], [null, 0.5]);
  assert.deepEqual(first.warnings, ['An evaluation was left out. The features are not finite numbers.']);

  const second = evaluatorOf(
    () => good,
    () => ({ top1: Number.NaN, top5: Number.NaN }),
  );
  const others = await second.evaluator.final();
  assert.deepEqual([others.knn?.top1, others.linear], [0.5, null]);
  assert.match(second.warnings.join(), /diverged with every learning rate/);
});

test('other failures of an evaluation are failures of the run', async () => {
  const { evaluator, warnings } = evaluatorOf(
    () => {
      throw new ByolError('ERR_BYOL_OOM', 'Out of memory.');
    },
    () => good,
  );
  await assert.rejects(evaluator.final(), { code: 'ERR_BYOL_OOM' });
  assert.deepEqual(warnings, []);
});
