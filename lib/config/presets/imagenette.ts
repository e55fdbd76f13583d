import type { Config } from '../schema.js';
import { imagenet1000 } from './imagenet.js';

/**
 * The only small-scale recipe of the authors (official README): ResNet-18, Imagenette's 160-pixel version at 128 pixels, batch
 * 256, otherwise the settings of 1000 epochs. Their online classifier reaches 92.3 %.
 */
export const imagenette = {
  ...imagenet1000,
  preset: 'imagenette',
  data: { kind: 'folder', path: 'data/imagenette2-160', labels: 'auto', brokenLimit: 0.05 },
  views: { ...imagenet1000.views, size: 128 },
  encoder: { ...imagenet1000.encoder, block: 'basic', blocks: [2, 2, 2, 2] },
  optimizer: { ...imagenet1000.optimizer, baseLearningRate: 2, weightDecay: 1e-6 },
  batchSize: 256,
  evaluation: {
    knn: { ...imagenet1000.evaluation.knn, k: 20 },
    linear: { ...imagenet1000.evaluation.linear, batchSize: 256, validationFraction: 0.1 },
    transform: 'official',
    batchSize: 256,
  },
} satisfies Config;
