/** Whole training steps of the learner against independent float64 PyTorch code (test/python/byol_reference.py). */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { loadNative } from '../../lib/binding/load.js';
import type { LearnerSpec, NativeLearner, OptimizerSpec, ViewSpec } from '../../lib/binding/native.js';
import { officialNorm } from '../../lib/config/presets/shared.js';
import { readSafetensors } from '../../lib/export/safetensors.js';
import { byolObjective, officialLearner, plainStep, squareView } from '../support/byol-spec.js';
import { root, withTempDir } from '../support/paths.js';
import { identityPlan } from '../support/plans.js';
import { findPython, runPython } from '../support/python.js';
import { equallySized } from '../support/stores.js';

const size = 12;
const batch = 6;
const steps = [
  { ...plainStep, learningRate: 0, tau: 0.9 },
  { ...plainStep, learningRate: 0.3, tau: 0.92 },
  { ...plainStep, learningRate: 0.2, tau: 0.97 },
];
const view: ViewSpec = { ...squareView(size), mean: [0.5, 0.4, 0.3], std: [0.25, 0.3, 0.2] };
const lars: OptimizerSpec = { ...officialLearner.optimizer, weightDecay: 1e-3, trustCoefficient: 0.02 };

interface Case {
  readonly name: string;
  readonly spec: LearnerSpec;
  readonly microBatches: number;
  /** Scalars of every step that differ from plain BYOL's. */
  readonly scalars?: { projectorRate?: number; predictorRate?: number; objectiveWeight?: number };
}

function specOf(changes: Partial<LearnerSpec>): LearnerSpec {
  const head = { hidden: [16], output: 8, hiddenBias: true, outputBias: false, outputNorm: false };
  return {
    ...officialLearner,
    encoder: { ...officialLearner.encoder, width: 8 },
    projector: head,
    predictor: { kind: 'mlp', ...head },
    optimizer: lars,
    seed: 3,
    ...changes,
  };
}

const official = specOf({});
const cases: Case[] = [
  { name: 'official: LARS, SAME padding, basic blocks', spec: official, microBatches: 1 },
  {
    name: 'ImageNet stem, bottlenecks, SAME padding, four micro-batches',
    spec: specOf({ encoder: { ...official.encoder, block: 'bottleneck', stem: 'imagenet' } }),
    microBatches: 4,
  },
  {
    name: "torchvision's variants, symmetric padding, SGD with Nesterov and decay of everything",
    spec: specOf({
      encoder: {
        ...official.encoder,
        stem: 'imagenet',
        padding: 'symmetric',
        initialization: 'torchvision',
        shortcut: 'torchvision',
      },
      targetInit: 'copy',
      optimizer: { ...lars, kind: 'sgd', nesterov: true, decayNormAndBias: true },
    }),
    microBatches: 1,
  },
  {
    name: 'group normalisation and weight standardisation',
    spec: specOf({
      norm: {
        ...officialNorm,
        encoder: 'group',
        projector: 'group',
        predictor: 'group',
        groups: 4,
        weightStandardization: true,
      },
    }),
    microBatches: 1,
  },
  {
    name: 'the modified initialisation: affine layers that start as the first batch normalised, two micro-batches',
    spec: specOf({ norm: { ...officialNorm, encoder: 'affine', projector: 'affine', predictor: 'affine' } }),
    microBatches: 2,
  },
  {
    name: 'another norm in every part, on the outputs of the heads too',
    spec: specOf({
      norm: { ...officialNorm, encoder: 'layer', projector: 'batch', predictor: 'none', weightStandardization: true },
      projector: { ...official.projector, outputNorm: true },
      optimizer: { ...lars, kind: 'sgd', nesterov: false, decayNormAndBias: true },
    }),
    microBatches: 1,
  },
  { name: 'no predictor', spec: specOf({ predictor: null }), microBatches: 1 },
  {
    name: 'SimCLR: joint statistics, targets with gradient, NT-Xent',
    spec: specOf({
      predictor: null,
      objective: {
        ...byolObjective,
        target: 'gradient',
        jointStatistics: true,
        scale: 2.5,
        negatives: { kind: 'batch', weight: 1, temperature: 0.2 },
      },
    }),
    microBatches: 1,
  },
  {
    name: 'MoCo: queue, one direction, keys with statistics over other images, two micro-batches',
    spec: specOf({
      predictor: null,
      targetInit: 'copy',
      objective: {
        ...byolObjective,
        symmetric: false,
        statisticsGroups: 2,
        negatives: { kind: 'queue', weight: 1, temperature: 0.2, size: 24 },
      },
    }),
    microBatches: 2,
  },
  {
    name: 'between BYOL and SimCLR: predictor, target and negatives, heads with rates of their own',
    spec: specOf({ objective: { ...byolObjective, negatives: { kind: 'batch', weight: 0.5, temperature: 0.3 } } }),
    microBatches: 1,
    scalars: { projectorRate: 2, predictorRate: 10 },
  },
  {
    name: 'SimSiam: targets with stop-gradient; layer normalisation in the loss',
    spec: specOf({ objective: { ...byolObjective, target: 'stop-gradient', similarity: 'layer', scale: 0.25 } }),
    microBatches: 1,
  },
  {
    name: "the batch's optimal predictor, batch normalisation in the loss",
    spec: specOf({
      predictor: { kind: 'optimal', ridge: 0.1 },
      objective: { ...byolObjective, target: 'stop-gradient', similarity: 'batch' },
    }),
    microBatches: 1,
  },
  {
    name: 'Mean Teacher: some labels, probabilities that follow the target',
    spec: specOf({
      projector: { hidden: [], output: 3, hiddenBias: true, outputBias: true, outputNorm: false },
      predictor: null,
      objective: { ...byolObjective, symmetric: false, similarity: 'softmax' },
      supervision: { labelSmoothing: 0, target: true, many: false },
    }),
    microBatches: 1,
    scalars: { objectiveWeight: 7 },
  },
  {
    name: 'supervised: label smoothing, no target',
    spec: specOf({
      projector: { hidden: [], output: 3, hiddenBias: true, outputBias: true, outputNorm: false },
      predictor: null,
      objective: { ...byolObjective, symmetric: false },
      supervision: { labelSmoothing: 0.1, target: false, many: false },
    }),
    microBatches: 1,
  },
];

/** Every third image has no label that supervision may use. */
const supervisedLabels = (images: number): Int32Array =>
  Int32Array.from({ length: images }, (_, i) => (i % 5 === 0 ? -1 : i % 3));

/** Largest difference between a tensor of the state and the reference's, relative to the largest value of the latter. */
function relativeError(actual: Float32Array, file: string): number {
  const bytes = readFileSync(file);
  const expected = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  assert.equal(actual.length, expected.length, file);
  let difference = 0;
  // Where the true value is 0, as the gradient of a bias before a normalisation, only rounding is left.
  let largest = 3e-3;
  for (const [i, value] of expected.entries()) {
    largest = Math.max(largest, Math.abs(value));
    difference = Math.max(difference, Math.abs(value - (actual[i] as number)));
  }
  return difference / largest;
}

async function runProduct(
  dir: string,
  learner: NativeLearner,
  { spec, microBatches, scalars: own }: Case,
): Promise<number[]> {
  const native = loadNative();
  const rows = batch * microBatches;
  const count = rows * steps.length;
  // Two stores, so that the views differ; random-looking bytes by a linear congruence.
  let seed = 12345;
  const pixels = Uint8Array.from({ length: count * size * size * 3 }, () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return seed >>> 24;
  });
  const labels = Int32Array.from({ length: count }, (_, i) => i % 3);
  const images = equallySized(native, pixels, count, size, size, labels);
  const plan1 = identityPlan(rows, size, size);
  const plan2 = identityPlan(rows, size, size, { flip: true });
  const losses: number[] = [];
  for (const [step, scalars] of steps.entries()) {
    const indices = Int32Array.from({ length: rows }, (_, i) => step * rows + i);
    await learner.step({
      images,
      indices,
      microBatches,
      views: [
        { plan: plan1, spec: view },
        { plan: plan2, spec: view },
      ],
      ...scalars,
      ...own,
      supervisedLabels: spec.supervision && supervisedLabels(count).subarray(step * rows, (step + 1) * rows),
    });
    losses.push((await learner.readMetrics()).loss);
  }
  const all = Int32Array.from({ length: count }, (_, i) => i);
  for (const [name, flip] of [
    ['view1', false],
    ['view2', true],
  ] as const) {
    const plan = identityPlan(count, size, size, { flip });
    const values = await native.executePlan({
      images,
      indices: all,
      plan,
      view,
      executor: 'reference',
      dtype: 'float32',
      threads: 1,
      device: 'cpu',
    });
    writeFileSync(path.join(dir, name), new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  images.dispose();
  return losses;
}

const python = findPython('torch');
for (const testCase of cases) {
  const { name, spec, microBatches, scalars } = testCase;
  test(`three steps in float64 PyTorch: ${name}`, { skip: typeof python === 'string' ? python : false }, async () => {
    if (typeof python === 'string') return;
    await withTempDir(async (dir) => {
      const native = loadNative();
      const learner = new native.Learner(spec);
      const start = path.join(dir, 'start.safetensors');
      await learner.save(start, {});
      const losses = await runProduct(dir, learner, testCase);
      const end = path.join(dir, 'end.safetensors');
      await learner.save(end, {});
      const encoderFile = path.join(dir, 'encoder.safetensors');
      await learner.exportEncoder(encoderFile, {});
      learner.dispose();

      const images = batch * microBatches * steps.length;
      const out = path.join(dir, 'reference');
      const job = {
        state: start,
        views: [path.join(dir, 'view1'), path.join(dir, 'view2')],
        labels: Array.from({ length: images }, (_, i) => i % 3),
        supervisedLabels: [...supervisedLabels(images)],
        size,
        batch,
        microBatches,
        steps: steps.map((step) => ({ ...step, ...scalars })),
        ...spec.encoder,
        decay: spec.norm.decay,
        epsilon: spec.norm.epsilon,
        groups: spec.norm.groups,
        weightStandardization: spec.norm.weightStandardization,
        norms: { encoder: spec.norm.encoder, projector: spec.norm.projector, predictor: spec.norm.predictor },
        outputNorm: {
          projector: spec.projector.outputNorm,
          predictor: spec.predictor?.kind === 'mlp' && spec.predictor.outputNorm,
        },
        predictor: spec.predictor?.kind === 'mlp',
        ridge: spec.predictor?.kind === 'optimal' ? spec.predictor.ridge : null,
        objective: spec.objective,
        supervision: spec.supervision,
        optimizer: spec.optimizer,
        out,
      };
      writeFileSync(path.join(dir, 'job.json'), JSON.stringify(job));
      const printed = JSON.parse(
        runPython(python, path.join(root, 'test/python/byol_reference.py'), path.join(dir, 'job.json')),
      ) as { losses: number[] };
      for (const [i, loss] of printed.losses.entries()) {
        assert.ok(Math.abs(loss - (losses[i] as number)) < 1e-4, `loss of step ${i}: ${losses[i]}, reference ${loss}`);
      }
      let compared = 0;
      const compare = (tensors: ReturnType<typeof readSafetensors>['tensors'], wanted: (name: string) => boolean) => {
        for (const [tensor, { data }] of tensors) {
          if (!wanted(tensor)) continue;
          const error = relativeError(data as Float32Array, path.join(out, `${tensor}.f64`));
          assert.ok(error < 2e-3, `${tensor}: relative error ${error}`);
          compared++;
        }
      };
      compare(
        readSafetensors(end).tensors,
        (tensor) =>
          !['step', 'queue.position', 'convolutions'].includes(tensor) && !/statistics|initialized/.test(tensor),
      );
      compare(readSafetensors(encoderFile).tensors, (tensor) => tensor.includes('running_'));
      assert.ok(compared > 30, `only ${compared} tensors compared`);
    });
  });
}
