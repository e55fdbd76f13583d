import { officialViews } from '../../augment/pipeline.js';
import type { Config } from '../schema.js';

/** What several presets have in common. */

type Views = Config['views'];

/** Of ImageNet's training images (byol-facts 3.1). */
export const imagenetStatistics = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } satisfies Partial<Views>;

/** Of CIFAR-10's 50,000 training images, over all pixels. */
export const cifarStatistics = {
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.247, 0.2435, 0.2616],
} satisfies Partial<Views>;

/** Paper Table 6 and the official code's definitions of the operations (byol-facts 3.2). */
export const officialViewSettings = {
  resampling: 'bicubic',
  antialias: false,
  jitter: 'official',
  blurBorder: 'zero',
  pipelines: officialViews,
} satisfies Partial<Views>;

/**
 * Batch normalisation everywhere. Decay 0.9, as the official code counts it: 0.1 of the new statistics per batch. The groups
 * are those of the follow-up paper's draft, for whoever chooses norm 'group'.
 */
export const officialNorm = {
  encoder: 'batch',
  projector: 'batch',
  predictor: 'batch',
  groups: 16,
  weightStandardization: false,
  decay: 0.9,
  epsilon: 1e-5,
} satisfies Config['norm'];

/** BYOL's loss: 2 - 2cos of both directions, batch statistics per view, nothing pushed apart (paper section 3.1). */
export const byolObjective = {
  similarity: 'l2',
  symmetric: true,
  scale: 1,
  statistics: 'separate',
  statisticsGroups: 1,
  negatives: null,
} satisfies Config['objective'];

/** One learning rate for all parts, which falls to 0. */
export const oneRate = {
  predictorFirstEpochs: 0,
  projectorLearningRateScale: 1,
  predictorLearningRateScale: 1,
  predictorSchedule: 'cosine',
  schedule: { kind: 'cosine' },
} satisfies Partial<Config['optimizer']>;
