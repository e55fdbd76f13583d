import type { Config } from '../../config/schema.js';
import type { Table } from '../table.js';

/**
 * The paper, whose batches have 16 images for each dimension, states no ridge. With four, the solution follows their noise unless a
 * ridge holds it (bench/tables/optimal-ridge.yaml).
 */
function ridgeFor({ batchSize, projector }: Config): number {
  return projector.output !== 'classes' && batchSize >= 16 * projector.output ? 1e-6 : 0.1;
}

/** Paper section 5 and appendix I.2: the predictor is each batch's least-squares solution, and the target is not averaged. */
export const optimalPredictor: Table = {
  id: 'optimal-predictor',
  title: 'An optimal linear predictor without a moving average (BYOL section 5, I.2)',
  source: 'BYOL section 5',
  columns: ['top-1'],
  rows: [
    { id: 'byol', label: 'BYOL', published: [72.5], source: 'BYOL Table 21' },
    {
      id: 'stop-gradient',
      label: 'stop-gradient, trained predictor',
      published: [5.5],
      source: 'BYOL Table 21',
      settings: { target: { mode: 'stop-gradient' } },
    },
    {
      id: 'optimal',
      label: 'stop-gradient, optimal predictor',
      published: [52.5],
      settings: (base) => ({
        predictor: { kind: 'optimal', ridge: ridgeFor(base) },
        target: { mode: 'stop-gradient' },
      }),
    },
    {
      id: 'faster',
      label: "stop-gradient, predictor's learning rate times 10",
      published: [66.6],
      source: 'BYOL Table 21',
      settings: { target: { mode: 'stop-gradient' }, optimizer: { predictorLearningRateScale: 10 } },
    },
  ],
  // Least squares needs more images than dimensions.
  ciSettings: { projector: { output: 16 }, predictor: { output: 16 } },
  claims: [
    { says: 'With an optimal predictor no moving average is needed.', kind: 'doesNotCollapse', row: 'optimal' },
    {
      says: 'It is better than a trained predictor without a moving average.',
      kind: 'better',
      row: 'optimal',
      than: 'stop-gradient',
    },
    { says: 'BYOL is better than both.', kind: 'better', row: 'byol', than: 'optimal' },
  ],
  notes: [
    "The authors' slides say 45 instead of 52.5. Ridge, and whether projections are normalised first, are not stated. In batches of fewer than 16 images for each dimension it is a tenth of the normal equations' mean diagonal: with next to none (1e-6) the solution follows noise, and kNN ends at 17 % (bench/tables/optimal-ridge.yaml).",
  ],
};
