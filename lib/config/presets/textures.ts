import type { Pipeline } from '../../augment/pipeline.js';
import type { Config } from '../schema.js';
import { shapes } from './shapes.js';

/** Solarised, a pattern and its ground change places where they are light: with it a run needs half as many steps again. */
const view: Pipeline = shapes.views.pipelines[0].filter(({ kind }) => kind !== 'solarize');

/**
 * The base of the tables' scale 'ci' (lib/tables/scales.ts), found with `npm run bench ci-base`: a run takes less than a minute
 * on one thread and ends where the curve is flat, so that what a setting changes is more than what a seed does. One rate for all
 * parts, as the paper has it: tables change them.
 */
export const textures = {
  ...shapes,
  preset: 'textures',
  data: { kind: 'textures', trainImages: 6_000, testImages: 2_000, size: 16, seed: 0 },
  views: { ...shapes.views, size: 16, pipelines: [view, view] },
  // With a third group kNN was ten points lower after the same number of steps.
  encoder: { ...shapes.encoder, blocks: [1, 1] },
  target: { ...shapes.target, tauBase: 0.95 },
  optimizer: { ...shapes.optimizer, predictorLearningRateScale: 1 },
  epochs: 20,
  evaluation: {
    ...shapes.evaluation,
    knn: { ...shapes.evaluation.knn, everyEpochs: 4 },
  },
} satisfies Config;
