import { cropAndFlip } from '../augment/pipeline.js';
import type { Config } from '../config/schema.js';
import { classifier, type Method, type MethodDefinition, sameViews } from './method.js';

/** The supervised baseline: cross-entropy on all labels with smoothing 0.1, crop and flip (byol-facts 7.4). */
const recipe: Method = (base: Config): Config => ({
  ...base,
  views: sameViews(base, cropAndFlip),
  projector: classifier(base),
  predictor: null,
  target: { ...base.target, mode: 'stop-gradient' },
  objective: { ...base.objective, symmetric: false },
  supervision: { labelFraction: 1, labelledPerBatch: null, labelSmoothing: 0.1, consistency: 0, rampUpEpochs: 0 },
});

export const supervised = {
  name: 'supervised',
  title: 'Supervised',
  summary: 'cross-entropy on all labels, the baseline',
  recipe,
} as const satisfies MethodDefinition;
