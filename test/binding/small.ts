import { loadNative } from '../../lib/binding/load.js';
import type {
  Accuracy,
  EmbedInput,
  KnnRule,
  LearnerSpec,
  LinearProbeSpec,
  LogisticRegressionSpec,
  NativeEncoderSpec,
  NativeFeatureBank,
  NativeModule,
  StepInput,
} from '../../lib/binding/native.js';
import { officialLearner, plainStep, squareView } from '../support/byol-spec.js';
import { identityPlan } from '../support/plans.js';
import { equallySized } from '../support/stores.js';

export const learnerSpec = officialLearner;

/** The learner's encoder alone. */
const { projector: _1, predictor: _2, ...encoderNorm } = learnerSpec.norm;
export const encoderSpec: NativeEncoderSpec = {
  encoder: learnerSpec.encoder,
  norm: encoderNorm,
  precision: learnerSpec.precision,
  device: learnerSpec.device,
  seed: learnerSpec.seed,
};

export const probeSpec: LinearProbeSpec = {
  features: 8,
  classes: 3,
  learningRates: [0.1, 1],
  momentum: 0.9,
  nesterov: true,
  weightDecay: 0,
  logitRegularizer: { alpha: 20, beta: 0.01 },
  seed: 1,
  device: 'cpu',
};

export const regressionSpec: LogisticRegressionSpec = { features: 8, classes: 3, loss: 'softmax', device: 'cpu' };

export const knnRule: KnnRule = { classes: 3, k: 2, similarity: 'cosine', vote: 'weighted', temperature: 0.1 };

/** By all rows of a bank. */
export async function knn(
  native: NativeModule,
  train: NativeFeatureBank,
  test: NativeFeatureBank,
  rule: KnnRule = knnRule,
): Promise<Accuracy> {
  const classifier = new native.KnnClassifier(test, rule);
  try {
    await classifier.add(train);
    return await classifier.accuracy();
  } finally {
    classifier.dispose();
  }
}

export const size = 8;

export const view = squareView(size);

export const wider = (width: number): LearnerSpec => ({ ...learnerSpec, encoder: { ...learnerSpec.encoder, width } });

/** Random-looking labelled images, `side` pixels wide and high. */
export function makeImages(native: NativeModule, count: number, side: number = size) {
  let state = 12345;
  const pixels = Uint8Array.from({ length: count * side * side * 3 }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 24;
  });
  const labels = Int32Array.from({ length: count }, (_, i) => i % 3);
  return equallySized(native, pixels, count, side, side, labels);
}

/** The plans of a step's two views. */
export function plansOf({ views: [first, second] }: StepInput): [Float32Array, Float32Array] {
  if (first === undefined || second === undefined) throw new Error('a step of fewer than two views');
  return [first.plan, second.plan];
}

/** The same step with other plans. */
export function withPlans(step: StepInput, plans: readonly [Float32Array, Float32Array]): StepInput {
  return { ...step, views: step.views.map(({ spec }, i) => ({ plan: plans[i === 0 ? 0 : 1], spec })) };
}

export const firstRows = (rows: number): Int32Array => Int32Array.from({ length: rows }, (_, i) => i);

/** A step on the first `rows` images, the second view mirrored. */
export function stepInput(images: StepInput['images'], rows: number, side: number = size): StepInput {
  const sized = { ...view, height: side, width: side };
  return {
    images,
    indices: firstRows(rows),
    microBatches: 1,
    views: [
      { plan: identityPlan(rows, side, side), spec: sized },
      { plan: identityPlan(rows, side, side, { flip: true }), spec: sized },
    ],
    learningRate: 0.1,
    tau: 0.9,
    ...plainStep,
  };
}

export function embedInput(images: EmbedInput['images'], bank: EmbedInput['bank'], rows: number): EmbedInput {
  return {
    images,
    indices: firstRows(rows),
    plan: identityPlan(rows, size, size),
    view,
    statistics: 'batch',
    bank,
    offset: 0,
  };
}

/** The addon on one thread, which tiny networks are fastest with. */
export function nativeOnOneThread(): NativeModule {
  const native = loadNative();
  native.setThreads(1);
  return native;
}
