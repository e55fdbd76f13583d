import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NativeModule } from '../../lib/binding/native.js';
import { presets } from '../../lib/config/presets/index.js';
import type { Images } from '../../lib/data/images.js';
import { ByolError } from '../../lib/errors.js';
import { RunEvaluator } from '../../lib/run/run-evaluator.js';
import type { TrainingResources } from '../../lib/train/resources.js';
import { type InputChanges, RecordingNative } from '../eval/recording-native.js';

/** An evaluator whose kNN and linear protocol find what these functions give. */
function evaluatorOf(knn: () => object, linear: () => { top1: number; top5: number }, changes: InputChanges = {}) {
  const recording = new RecordingNative();
  const labels = Array.from({ length: 60 }, (_, i) => i % 3);
  const { shapes } = presets;
  const evaluation = structuredClone(shapes.evaluation);
  const config = { ...shapes, evaluation: { ...evaluation, linear: { ...evaluation.linear, atEnd: true, epochs: 1 } } };
  recording.results = [
    config.evaluation.linear.learningRates.map(linear),
    config.evaluation.linear.learningRates.map(linear),
  ];
  const { data } = recording.input(labels, labels, changes);
  class KnnClassifier {
    async add(): Promise<void> {}
    async accuracy(): Promise<object> {
      return knn();
    }
    dispose(): void {}
  }
  const resources = {
    val: null,
    ...data,
    learner: recording.network,
    native: { ...recording.module, KnnClassifier } as unknown as NativeModule,
    resolved: { device: 'cpu', precision: 'float32' },
    classNames: ['a', 'b', 'c'],
    config,
  } as unknown as TrainingResources;
  const warnings: string[] = [];
  const evaluator = new RunEvaluator(resources, undefined, (message) => warnings.push(message));
  return { evaluator, warnings, recording };
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

test("the linear protocol chooses by the data set's own validation images, where they have labels", async () => {
  const { data } = new RecordingNative().input([0, 1, 2, 2, 1, 0], []);
  const own = await chosenBy(data.train);
  assert.deepEqual(own, [0, 1, 2, 3, 4, 5]);

  const unlabelled = await chosenBy({ ...data.train, targets: null });
  assert.ok(unlabelled.length > 0 && unlabelled.length < 60 && !own.every((image) => unlabelled.includes(image)));
});

/** The images that the linear protocol chose the learning rate by. */
async function chosenBy(val: Images): Promise<readonly number[]> {
  const { evaluator, recording } = evaluatorOf(
    () => good,
    () => good,
    { data: { val } },
  );
  await evaluator.final();
  return recording.probes[0]?.evaluated[0]?.images ?? [];
}
