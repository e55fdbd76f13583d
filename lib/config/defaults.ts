import { oneRate } from './presets/shared.js';
import type { Config } from './schema.js';

/**
 * What a setting with a `kind` starts from when another kind is chosen than the preset's. Settings that both kinds have keep
 * the preset's values.
 */

type Kinds<T extends { kind: string }> = {
  readonly [K in T['kind']]: Readonly<Partial<Extract<T, { kind: K }>>> & { kind: K };
};

const optimizer: Kinds<Config['optimizer']> = {
  // The official code's (byol-facts 2.1).
  lars: {
    kind: 'lars',
    baseLearningRate: 0.2,
    weightDecay: 1.5e-6,
    momentum: 0.9,
    trustCoefficient: 1e-3,
    warmupEpochs: 10,
    ...oneRate,
  },
  // torch.optim.SGD as small-scale recipes use it.
  sgd: {
    kind: 'sgd',
    baseLearningRate: 0.1,
    weightDecay: 5e-4,
    momentum: 0.9,
    nesterov: false,
    decayNormAndBias: true,
    warmupEpochs: 0,
    ...oneRate,
  },
};

/** Where files lie has no default: `data.path` must be given. */
const data: Kinds<Config['data']> = {
  cifar10: { kind: 'cifar10', batches: [1, 2, 3, 4, 5] },
  raw: { kind: 'raw' },
  shapes: { kind: 'shapes', trainImages: 10_000, testImages: 2_000, size: 32, seed: 0 },
  folder: { kind: 'folder' },
};

const predictor: Kinds<NonNullable<Config['predictor']>> = {
  // Hidden widths and output go with the network: they have to be given.
  mlp: { kind: 'mlp', hiddenBias: true, outputBias: false, outputNorm: false },
  optimal: { kind: 'optimal', ridge: 1e-6 },
};

const negatives: Kinds<NonNullable<Config['objective']['negatives']>> = {
  // Paper Table 5b.
  batch: { kind: 'batch', weight: 1, temperature: 0.1 },
  // MoCo v2.
  queue: { kind: 'queue', weight: 1, temperature: 0.2, size: 65_536 },
};

/** By the path of the setting that has kinds. */
export const kindDefaults: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>> = {
  optimizer,
  data,
  predictor,
  'objective.negatives': negatives,
};
