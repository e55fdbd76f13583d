import { presets } from '../../lib/config/presets/index.js';
import type { Config } from '../../lib/config/schema.js';

/**
 * Trainings of seconds that tests and `npm run bench learning` share: what they learn differs by seed, precision and
 * processor, so the bounds that tests assert lie far from everything in bench/results/learning.json.
 */

/** The preset `shapes` with smaller images, a smaller network and a quarter of the epochs, so that the target has to follow faster. */
export function shortConfig(changes: Partial<Config> = {}): Config {
  const { shapes } = presets;
  return structuredClone({
    ...shapes,
    data: { kind: 'shapes', trainImages: 6000, testImages: 1000, size: 24, seed: 0 },
    views: { ...shapes.views, size: 24 },
    encoder: { ...shapes.encoder, blocks: [1, 1, 1] },
    target: { ...shapes.target, tauBase: 0.95 },
    optimizer: { ...shapes.optimizer, predictorLearningRateScale: 3 },
    epochs: 3,
    onlineProbe: false,
    evaluation: {
      knn: { ...shapes.evaluation.knn, everyEpochs: 0 },
      linear: { ...shapes.evaluation.linear, atEnd: false },
      batchSize: shapes.evaluation.batchSize,
    },
    ...changes,
  } as Config);
}

/** Without a predictor, and with a third of the images: it collapses long before its end (paper Table 5b). */
export function collapsingConfig(changes: Partial<Config> = {}): Config {
  const data = { kind: 'shapes', trainImages: 2048, testImages: 1000, size: 24, seed: 0 } as const;
  return shortConfig({ predictor: null, data, epochs: 4, ...changes });
}

/** Gain in kNN that a short run must show. */
export const LEAST_SHORT_GAIN = 0.04;
