import type { LearnerSpec, ObjectiveSpec, StepInput, ViewSpec } from '../../lib/binding/native.js';
import { officialNorm } from '../../lib/config/presets/shared.js';

/** BYOL's own objective, as the native learner takes it. */
export const byolObjective: ObjectiveSpec = {
  similarity: 'l2',
  target: 'ema',
  symmetric: true,
  scale: 1,
  jointStatistics: false,
  statisticsGroups: 1,
  negatives: null,
};

/** What a step of plain BYOL leaves alone. */
export const plainStep: Pick<StepInput, 'projectorRate' | 'predictorRate' | 'objectiveWeight' | 'supervisedLabels'> = {
  projectorRate: 1,
  predictorRate: 1,
  objectiveWeight: 1,
  supervisedLabels: null,
};

/** The smallest learner that has every part, after the official definitions; its steps take milliseconds. */
export const officialLearner: LearnerSpec = {
  encoder: {
    block: 'basic',
    blocks: [1, 1],
    width: 4,
    stem: 'small',
    padding: 'same',
    initialization: 'official',
    shortcut: 'official',
    zeroInitLastNorm: false,
  },
  norm: officialNorm,
  projector: { hidden: [8], output: 4, hiddenBias: true, outputBias: false, outputNorm: false },
  objective: byolObjective,
  supervision: null,
  predictor: { kind: 'mlp', hidden: [8], output: 4, hiddenBias: true, outputBias: false, outputNorm: false },
  targetInit: 'independent',
  optimizer: {
    kind: 'lars',
    momentum: 0.9,
    weightDecay: 1e-4,
    nesterov: false,
    trustCoefficient: 1e-3,
    decayNormAndBias: false,
  },
  classes: 3,
  precision: 'float32',
  deterministic: false,
  device: 'cpu',
  seed: 1,
};

/** The same with torchvision's network, SGD, and no labels. */
export const torchvisionLearner: LearnerSpec = {
  ...officialLearner,
  encoder: {
    ...officialLearner.encoder,
    padding: 'symmetric',
    initialization: 'torchvision',
    shortcut: 'torchvision',
  },
  targetInit: 'copy',
  optimizer: {
    kind: 'sgd',
    momentum: 0.9,
    weightDecay: 0,
    nesterov: false,
    trustCoefficient: 0,
    decayNormAndBias: false,
  },
  classes: 0,
  seed: 5,
};

export function squareView(size: number): ViewSpec {
  return {
    height: size,
    width: size,
    resampling: 'bicubic',
    antialias: false,
    beyondCrop: false,
    jitter: 'official',
    blurRadius: 0,
    blurBorder: 'zero',
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
  };
}
