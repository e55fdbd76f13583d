import type { Config } from '../schema.js';
import { cifar10Small } from './cifar10-small.js';

/** Needs no files: generated images, a few minutes on two cores from start to the linear classifier. */
export const shapes: Config = {
  ...cifar10Small,
  preset: 'shapes',
  data: { kind: 'shapes', trainImages: 6_000, testImages: 2_000, size: 32, seed: 0 },
  // Of the generated images.
  views: { ...cifar10Small.views, mean: [0.5, 0.5, 0.5], std: [0.29, 0.29, 0.29] },
  epochs: 20,
  evaluation: {
    ...cifar10Small.evaluation,
    knn: { ...cifar10Small.evaluation.knn, everyEpochs: 2, queryImages: 1_000 },
    linear: { ...cifar10Small.evaluation.linear, epochs: 40 },
  },
  checkpoint: { everyEpochs: 1, everyMinutes: 1, keep: 2 },
};
