import type { Config } from '../schema.js';
import { cifar10Small } from './cifar10-small.js';
import { imagenetStatistics } from './shared.js';

/**
 * A folder of photos on two cores: views of 64 pixels and a network of 0.3 million parameters. A thousand photos take minutes;
 * more of them take longer, and teach more.
 */
export const photosSmall = {
  ...cifar10Small,
  preset: 'photos-small',
  data: { kind: 'folder', path: 'data/photos', labels: 'auto', brokenLimit: 0.05 },
  views: { ...cifar10Small.views, size: 64, ...imagenetStatistics },
  // As in preset shapes: a predictor that learns faster takes the chance out of when a short run begins to learn.
  optimizer: { ...cifar10Small.optimizer, predictorLearningRateScale: 5 },
  epochs: 100,
  // Of a thousand photos only small batches make enough steps.
  batchSize: 64,
  evaluation: {
    ...cifar10Small.evaluation,
    // A class of a small set has fewer photos than the usual 200 neighbours.
    knn: { ...cifar10Small.evaluation.knn, k: 20, everyEpochs: 10 },
  },
  checkpoint: { everyEpochs: 10, everyMinutes: 2, keep: 2 },
  log: 'none',
} satisfies Config;
