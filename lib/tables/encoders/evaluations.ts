import type { Config } from '../../config/schema.js';
import type { ScaleName } from '../scales.js';

/** What is asked of encoders in tables: a protocol with its settings at a scale. */
export interface TableEvaluation {
  /** For a reader of the report. */
  readonly title: string;
  /** The same in a word, before an encoder's name. */
  readonly short: string;
  readonly protocol: string;
  /** Over the protocol's defaults. `base`: the scale's pretraining, whose own evaluation settings fit its images. */
  settings(scale: ScaleName, base: Config): object;
}

/** One training, short enough for scale 'ci': a grid would take as many. */
const ciTuning = { batchSize: 64, learningRates: [0.05], weightDecays: [0] } as const;

/** Paper C.1, with a part of the labels; `steps` of scale 'ci'. */
function fewLabels(fraction: number, steps: number): Pick<TableEvaluation, 'protocol' | 'settings'> {
  const recipe = { recipe: 'semi-supervised', labels: { fraction } } as const;
  return {
    protocol: 'fine-tune',
    settings: (scale) => (scale === 'ci' ? { ...recipe, ...ciTuning, steps } : recipe),
  };
}

/** Paper Table 7. */
const regularizer = { alpha: 20, beta: 0.01 } as const;

/** The linear protocol, and what is done beside it. Where nothing is drawn anew each epoch, there is nothing to augment. */
function linearVariant(variant: object): Pick<TableEvaluation, 'protocol' | 'settings'> {
  return {
    protocol: 'linear',
    settings: (scale, { evaluation: { linear } }) => ({
      ...linear,
      ...variant,
      ...(scale === 'ci' && { features: 'per-epoch', epochs: 20 }),
    }),
  };
}

export const tableEvaluations = {
  knn: {
    title: 'the nearest neighbours of frozen features',
    short: 'kNN',
    protocol: 'knn',
    // All images, also where fewer serve during a run.
    settings: (_scale, base) => ({ ...base.evaluation.knn, bankImages: 0, queryImages: 0 }),
  },
  linear: {
    title: 'a linear classifier on frozen features (paper C.1)',
    short: 'linear',
    protocol: 'linear',
    settings: (_scale, base) => base.evaluation.linear,
  },
  'linear-plain': {
    title: 'a linear classifier on frozen features, crops and flips (paper C.1)',
    short: 'plain',
    ...linearVariant({}),
  },
  'linear-augmented': {
    title: 'the same on views augmented as in pretraining (paper Table 7)',
    short: 'pretraining augmentations',
    ...linearVariant({ augmentation: 'pretraining' }),
  },
  'linear-regularized': {
    title: 'the same with clipped and penalised logits (paper Table 7)',
    short: 'regularised logits',
    ...linearVariant({ logitRegularizer: regularizer }),
  },
  'linear-both': {
    title: 'the same with both (paper Table 7)',
    short: 'both',
    ...linearVariant({ augmentation: 'pretraining', logitRegularizer: regularizer }),
  },
  logistic: {
    title: 'logistic regression on frozen features, its penalty chosen of 45 (paper D.2)',
    short: 'linear',
    protocol: 'logistic',
    settings: () => ({}),
  },
  'fine-tune-transfer': {
    title: 'fine-tuning of the whole encoder (paper D.3)',
    short: 'fine-tuned',
    protocol: 'fine-tune',
    settings: (scale) => ({ recipe: 'transfer', ...(scale === 'ci' && { ...ciTuning, steps: 200 }) }),
  },
  'fine-tune-1': { title: 'fine-tuning with 1 % of the labels (paper C.1)', short: '1 %', ...fewLabels(0.01, 60) },
  'fine-tune-10': { title: 'fine-tuning with 10 % of the labels (paper C.1)', short: '10 %', ...fewLabels(0.1, 120) },
  'fine-tune-all': { title: 'fine-tuning with all labels (paper C.1)', short: 'all labels', ...fewLabels(1, 300) },
} as const satisfies Readonly<Record<string, TableEvaluation>>;

/** 'linear', 'fine-tune-10', ... */
export type EvaluationName = keyof typeof tableEvaluations;

export function tableEvaluation(name: EvaluationName): TableEvaluation {
  return tableEvaluations[name];
}
