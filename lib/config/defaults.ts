import { nameOf } from '../data/data-kind.js';
import { dataKinds } from '../data/kinds/index.js';
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
const kindDefaults: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>> = {
  optimizer,
  predictor,
  'objective.negatives': negatives,
};

/** What the setting at `path` starts from with this kind; undefined: nothing. */
export function defaultsOf(path: string, kind: string): Readonly<Record<string, unknown>> | undefined {
  if (path === 'data') return dataKinds().find((known) => nameOf(known) === kind)?.defaults;
  return kindDefaults[path]?.[kind];
}
