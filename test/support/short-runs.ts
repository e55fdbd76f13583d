import { presets } from '../../lib/config/presets/index.js';
import type { Config } from '../../lib/config/schema.js';

/**
 * Trainings of seconds that tests and `npm run bench learning` share: what they learn differs by seed, precision and
 * processor, so the bounds that tests assert lie far from everything in bench/results/learning.json.
 */

/** The preset `shapes`, with a third of its images and two thirds of its epochs. */
export function shortConfig(changes: Partial<Config> = {}): Config {
  const { shapes } = presets;
  return structuredClone({
    ...shapes,
    data: { kind: 'shapes', trainImages: 2048, testImages: 1000, size: 32, seed: 0 },
    epochs: 8,
    onlineProbe: false,
    evaluation: {
      knn: { ...shapes.evaluation.knn, everyEpochs: 0 },
      linear: { ...shapes.evaluation.linear, atEnd: false },
      batchSize: shapes.evaluation.batchSize,
    },
    ...changes,
  } as Config);
}

/** The same run without a predictor, which collapses long before its end (paper Table 5b). */
export function collapsingConfig(changes: Partial<Config> = {}): Config {
  return shortConfig({ predictor: null, epochs: 4, ...changes });
}

/** Gain in kNN that a short run must show. */
export const LEAST_SHORT_GAIN = 0.04;
