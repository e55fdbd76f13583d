import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { loadNative } from '../../../lib/binding/load.js';
import type { LearnerSpec, StepInput } from '../../../lib/binding/native.js';
import type { Images } from '../../../lib/data/images.js';
import type { EvaluationProgress } from '../../../lib/eval/context.js';
import { officialLinear } from '../../../lib/eval/linear-settings.js';
import type { ProtocolInput } from '../../../lib/eval/protocol.js';
import { evaluateFineTuning, type FineTuneSettings, fineTune } from '../../../lib/eval/protocols/fine-tune.js';
import { evaluateKnn, standardKnn } from '../../../lib/eval/protocols/knn.js';
import { evaluateLinear } from '../../../lib/eval/protocols/linear.js';
import { Encoder, evaluateEncoder, evaluateRun, inferData, readData, resolveConfig } from '../../../lib/index.js';
import { writePaintedPhotos } from '../../support/painted-photos.js';
import { withTempDir } from '../../support/paths.js';
import { withPhotoFolder } from '../../support/photos.js';
import { runToEnd, tinyConfig } from '../../support/tiny.js';
import { makeToy, type Toy, toySpec } from '../toy.js';

const settings: FineTuneSettings = {
  recipe: 'semi-supervised',
  epochs: [6],
  batchSize: 32,
  learningRates: [0.02, 0.1],
  validationFraction: 0.2,
};

async function withToy<T>(noise: number, body: (toy: Toy, input: ProtocolInput) => Promise<T>): Promise<T> {
  const toy = await makeToy({ noise, train: 210, test: 70 });
  try {
    const spec = { ...toySpec, seed: 5 };
    return await body(toy, { ...toy, encoder: { ...toy.encoder, spec } });
  } finally {
    toy.dispose();
  }
}

/** The same images, each of its class and of one more, which is that of the next class. */
function withTwoLabels(images: Images, classes: number): Images {
  assert.equal(images.targets?.kind, 'class');
  const labels = [...(images.targets?.kind === 'class' ? images.targets.labels : [])];
  const own = labels.map((label) => (label < 0 ? [] : [label, (label + 1) % classes]));
  const offsets = [0];
  for (const of of own) offsets.push((offsets.at(-1) as number) + of.length);
  return {
    ...images,
    targets: { kind: 'labels', labels: Int32Array.from(own.flat()), offsets: Int32Array.from(offsets) },
  };
}

describe('fine-tuning', () => {
  test('learns classes, chooses on held-out images, and says what it did', () =>
    withToy(60, async (_toy, input) => {
      const progress: EvaluationProgress[] = [];
      const context = { ...input.context, onProgress: (at: EvaluationProgress) => progress.push(at) };
      const result = await evaluateFineTuning({ ...input, context }, settings);
      assert.ok((result.top1 ?? 0) > 0.9, String(result.top1));
      assert.ok((result.meanPerClass ?? 0) > 0.9 && (result.top5 ?? 0) >= (result.top1 ?? 0) && result.map11 === null);
      // 180 of the 210 have a label, a fifth of each class is held out.
      assert.equal(result.trainImages + result.validationImages, 180);
      assert.ok(Math.abs(result.validationImages - 36) <= 3);
      assert.equal(result.testImages, 60);
      assert.equal(result.steps, 6 * Math.floor(result.trainImages / 32));
      assert.equal(result.trainedOn, 'labelled images');
      const values = result.grid.map(({ validation }) => validation ?? 0);
      assert.deepEqual(
        result.grid.map(({ learningRate }) => learningRate),
        [0.02, 0.1],
      );
      assert.equal(result.chosen, tuningAt(result.grid, values));
      assert.match(result.notes.join(' '), /by a cosine.*the paper says nothing/);
      assert.match(result.notes.join(' '), /of the training images were held out to choose by/);
      const text = fineTune.describe(result);
      assert.match(text, /^fine-tune: \d+ steps of 32 images, 14\d labelled images; tested/);
      assert.match(text, /learning rate 0\.1, 6 epochs +[0-9.]+ %/);
      assert.ok(progress.some(({ phase, done, total }) => phase === 'fine-tuning 2 of 2' && done === total));
    }));

  test('repeats bit for bit', () =>
    withToy(120, async (_toy, input) => {
      const once = { ...settings, learningRates: [0.1], epochs: [2] };
      const first = await evaluateFineTuning(input, once);
      assert.deepEqual(await evaluateFineTuning(input, once), first);
    }));

  test('an encoder stays as it is in every protocol, its running statistics too, bit for bit', () =>
    withToy(60, async (toy, input) =>
      withTempDir(async (dir) => {
        const bytes = async (): Promise<Buffer> => {
          const file = path.join(dir, 'state.safetensors');
          await toy.learner.save(file, {});
          return readFileSync(file);
        };
        const before = await bytes();
        await evaluateKnn(input, standardKnn);
        assert.deepEqual(await bytes(), before);
        await evaluateLinear(input, { ...officialLinear, epochs: 2, batchSize: 32, validationFraction: 0.2 });
        assert.deepEqual(await bytes(), before);
        await evaluateFineTuning(input, settings);
        assert.deepEqual(await bytes(), before);
      }),
    ));

  test('a part of the labels, one combination: nothing is held out, and what is missing is told', () =>
    withToy(60, async (_toy, input) => {
      const data = { ...input.data, classes: 7 };
      const one = { ...settings, learningRates: [0.1], labels: { fraction: 0.1 }, batchSize: 1024, microBatches: 2 };
      const result = await evaluateFineTuning({ ...input, data }, one);
      assert.ok(result.trainImages >= 15 && result.trainImages <= 21, String(result.trainImages));
      assert.equal(result.validationImages, 0);
      assert.equal(result.steps, 6);
      assert.deepEqual(result.grid, [{ learningRate: 0.1, weightDecay: 0, epochs: 6, steps: 6, validation: null }]);
      const notes = result.notes.join(' ');
      assert.match(notes, /1 of the 7 classes has no image with a label to learn from/);
      assert.match(notes, /The batch is (1\d|20) instead of 1,024: there are no more images/);
      assert.match(notes, /drawn class by class, by the seed/);
      assert.doesNotMatch(notes, /held out/);
    }));

  test('transfer: steps, decays divided by the rate, retrained on training and validation images', () =>
    withToy(60, async (_toy, input) => {
      const data = { ...input.data, val: input.data.test };
      const result = await evaluateFineTuning(
        { ...input, data },
        { ...settings, recipe: 'transfer', steps: 20, learningRates: [0.1], weightDecays: [0, 1e-3], headRate: 2 },
      );
      assert.equal(result.trainedOn, 'labelled and validation images');
      assert.deepEqual([result.trainImages, result.validationImages, result.steps], [180, 60, 20]);
      assert.equal(result.grid.length, 2);
      assert.deepEqual([result.grid[0]?.epochs, result.grid[0]?.steps], [null, 20]);
      // 5 steps an epoch of 180 images and one of 60: max(1 - 10 / 6, 0.9).
      assert.equal(result.normDecay, 0.9);
      assert.match(result.notes.join(' '), /of training images or of validation images alone/);
      assert.ok((result.top1 ?? 0) > 0.5);
    }));

  test('any number of labels: mean average precision', () =>
    withToy(30, async (_toy, input) => {
      const { train, test: asked, classes } = input.data;
      const data = { classes, train: withTwoLabels(train, classes), test: withTwoLabels(asked, classes) };
      const result = await evaluateFineTuning({ ...input, data }, { ...settings, epochs: [30], learningRates: [0.3] });
      assert.equal(result.metric, 'map11');
      assert.equal(result.top1, null);
      assert.ok((result.map11 ?? 0) > 0.85, String(result.map11));
      const untrained = await evaluateFineTuning(
        { ...input, data },
        { ...settings, epochs: [1], learningRates: [1e-6] },
      );
      assert.ok((result.map11 ?? 0) > (untrained.map11 ?? 0) + 0.2);
    }));

  test('random weights begin anew, and say so', () =>
    withToy(60, async (_toy, input) => {
      const one = { ...settings, learningRates: [1e-9], epochs: [1] };
      const random = await evaluateFineTuning(input, { ...one, initialization: 'random' });
      assert.match(random.notes.join(' '), /random weights: it is a baseline/);
      assert.match(fineTune.describe(random), /from random weights/);
    }));

  test('what diverges is not chosen; where all does, that is an error', () =>
    withToy(60, async (_toy, input) => {
      const wild = { ...settings, learningRates: [1e30, 0.1] };
      const result = await evaluateFineTuning(input, wild);
      assert.equal(result.chosen.learningRate, 0.1);
      assert.equal(result.grid[0]?.validation, null);
      assert.match(result.notes.join(' '), /1 of the 2 trainings diverged/);
      await assert.rejects(evaluateFineTuning(input, { ...settings, learningRates: [1e30, 1e29] }), {
        code: 'ERR_BYOL_NOT_FINITE',
        message: /diverged with every combination that was tried \(learning rates 1e\+30, 1e\+29\)/,
      });
    }));

  test('an abort takes effect between steps', () =>
    withToy(60, async (_toy, input) => {
      const abort = new AbortController();
      const onProgress = ({ phase }: EvaluationProgress): void => {
        if (phase === 'fine-tuning 1 of 2') abort.abort(new Error('enough'));
      };
      const context = { ...input.context, signal: abort.signal, onProgress };
      const long = { ...settings, epochs: [1000] };
      await assert.rejects(evaluateFineTuning({ ...input, context }, long), /enough/);
    }));

  test('an encoder that does not say what it is made of is refused', () =>
    withToy(60, async (toy) => {
      await assert.rejects(evaluateFineTuning(toy, settings), { code: 'ERR_BYOL_USAGE', message: /its `spec`/ });
    }));
});

describe('what a training is told', () => {
  const native = loadNative();

  async function recorded(changes: Partial<FineTuneSettings>) {
    const specs: LearnerSpec[] = [];
    const steps: StepInput[] = [];
    class Recorded extends native.Learner {
      constructor(spec: LearnerSpec) {
        super(spec);
        specs.push(spec);
      }
      override step(input: StepInput) {
        steps.push(input);
        return super.step(input);
      }
    }
    return withToy(60, async (_toy, input) => {
      const context = { ...input.context, native: { ...native, Learner: Recorded } };
      const result = await evaluateFineTuning({ ...input, context }, { ...settings, ...changes });
      return { specs, steps, result, data: input.data };
    });
  }

  test('the rates of a cosine, the decay divided by its peak, the statistics of steps per epoch', async () => {
    const { specs, steps } = await recorded({
      learningRates: [0.2],
      weightDecays: [1e-3],
      headRate: 5,
      normDecay: 'steps',
      batchSize: 10,
    });
    const [spec] = specs;
    assert.ok(spec && specs.length === 1);
    assert.deepEqual(spec.optimizer, {
      kind: 'sgd',
      momentum: 0.9,
      weightDecay: 1e-3 / 0.2,
      nesterov: true,
      trustCoefficient: 0,
      decayNormAndBias: false,
    });
    // 180 labelled images: 18 steps an epoch, below the bound of max(1 - 10 / s, 0.9).
    assert.equal(spec.norm.decay, 0.9);
    assert.equal(steps.length, 6 * 18);
    for (const [step, { learningRate, projectorRate }] of steps.entries()) {
      assert.ok(Math.abs(learningRate - 0.1 * (1 + Math.cos((Math.PI * step) / 108))) < 1e-12);
      assert.equal(projectorRate, 5);
    }
    const other = await recorded({ learningRates: [0.01], normDecay: 0.99, epochs: [1], schedule: 'constant' });
    assert.equal(other.specs[0]?.norm.decay, 0.99);
    assert.ok(other.steps.every(({ learningRate }) => learningRate === 0.01));
  });

  test('its images with their labels, other ones each epoch, and never those that are chosen by', async () => {
    const { steps, result, data } = await recorded({});
    assert.equal(data.train.targets?.kind, 'class');
    const known = data.train.targets?.kind === 'class' ? data.train.targets.labels : new Int32Array(0);
    const seen = new Set<number>();
    for (const { indices, supervisedLabels, microBatches } of steps) {
      assert.deepEqual(
        supervisedLabels,
        indices.map((image) => known[image] as number),
      );
      assert.equal(microBatches, 1);
      for (const image of indices) seen.add(image);
    }
    assert.ok([...seen].every((image) => (known[image] as number) >= 0));
    assert.equal(seen.size, result.trainImages);
    assert.equal(steps.length, 2 * result.steps);
    // Both combinations see the same crops in the same order.
    const [first, second] = [steps.slice(0, result.steps), steps.slice(result.steps)];
    assert.deepEqual(
      first.map(({ indices, views }) => [indices, views[0]?.plan]),
      second.map(({ indices, views }) => [indices, views[0]?.plan]),
    );
    const perEpoch = result.steps / 6;
    assert.notDeepEqual(first[0]?.indices, first[perEpoch]?.indices);
    // Crops and flips: of a dozen rows not all are the whole image.
    assert.ok(new Set(first[0]?.views[0]?.plan).size > 12);
  });
});

function tuningAt<T>(grid: readonly T[], values: readonly number[]): T {
  return grid[values.indexOf(Math.max(...values))] as T;
}

test('of a run and of a file of weights, by the same settings', () =>
  withTempDir(async (dir) => {
    const folder = path.join(dir, 'run');
    await runToEnd(tinyConfig({ epochs: 1 }), { folder });
    const weights = path.join(folder, 'encoder.safetensors');
    const before = readFileSync(weights);
    const overrides = ['labels.fraction=0.5', 'epochs=[1]', 'batchSize=16', 'learningRates=[0.05]'].map(
      (text) => `evaluation.fine-tune.${text}`,
    );
    const { result, metrics } = await evaluateRun({ folder, protocol: 'fine-tune', overrides });
    assert.equal(result.recipe, 'semi-supervised');
    assert.equal(metrics['fine-tune/top1'], result.top1);
    assert.equal(metrics['fine-tune/map11'], undefined);
    assert.deepEqual(JSON.parse(readFileSync(path.join(folder, 'eval-fine-tune.json'), 'utf8')).result, result);
    assert.deepEqual(readFileSync(weights), before);
    assert.throws(
      () => resolveConfig({ preset: 'shapes', overrides: ['evaluation.fine-tune.labels.fractoin=0.1'] }),
      /did you mean evaluation\.fine-tune\.labels\.fraction\?/,
    );

    await using encoder = await Encoder.load(weights);
    const data = await readData(tinyConfig().data);
    assert.ok(data.test);
    const evaluated = await evaluateEncoder(encoder, {
      protocol: 'fine-tune',
      train: data.train,
      test: data.test,
      settings: { epochs: [1], batchSize: 16, learningRates: [0.05], labels: { fraction: 0.5 } },
    });
    assert.equal(evaluated.result.trainImages, result.trainImages);
    assert.equal(evaluated.result.steps, result.steps);
  }));

test('of photos, decoded when they are needed, with the labels of a list', () =>
  withTempDir((dir) =>
    withPhotoFolder(async (photos) => {
      await writePaintedPhotos(photos, 40);
      const folder = path.join(dir, 'run');
      await runToEnd(tinyConfig({ epochs: 1 }), { folder });
      const list = path.join(dir, 'list.txt');
      const named = ['000.jpeg', '001.jpeg', '009.png', '012.jpeg', '018.webp', '021.jpeg'];
      writeFileSync(list, named.join('\n'));
      const { train, test: asked } = await readData((await inferData(photos)).config);
      assert.ok(asked);
      await using encoder = await Encoder.load(path.join(folder, 'encoder.safetensors'));
      const options = {
        protocol: 'fine-tune',
        train,
        test: asked,
        settings: {
          epochs: [3],
          batchSize: 4,
          learningRates: [0.05, 0.1],
          labels: { list },
          validationFraction: 0.2,
        },
      } as const;
      const { result } = await evaluateEncoder(encoder, options);
      assert.deepEqual([result.trainImages, result.validationImages, result.testImages], [6, 6, 10]);
      assert.deepEqual([result.steps, result.batchSize], [3, 4]);
      assert.deepEqual((await evaluateEncoder(encoder, options)).result, result);
    }),
  ));
