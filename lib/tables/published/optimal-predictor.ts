import type { Table } from '../table.js';

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
      settings: { predictor: { kind: 'optimal', ridge: 0.1 }, target: { mode: 'stop-gradient' } },
    },
    {
      id: 'faster',
      label: "stop-gradient, predictor's learning rate times 10",
      published: [66.6],
      source: 'BYOL Table 21',
      settings: { target: { mode: 'stop-gradient' }, optimizer: { predictorLearningRateScale: 10 } },
    },
    {
      id: 'optimal-without-ridge',
      label: 'stop-gradient, optimal predictor with next to no ridge (1e-6)',
      published: [null],
      settings: { predictor: { kind: 'optimal', ridge: 1e-6 }, target: { mode: 'stop-gradient' } },
    },
  ],
  // Least squares needs more images than dimensions; the paper has 4096 for 256.
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
    "The authors' slides say 45 instead of 52.5. Ridge, and whether projections are normalised first, are not stated. Here the ridge is a tenth of the normal equations' mean diagonal: in batches of four images for each dimension the solution follows noise with next to none, as the last row shows.",
  ],
};
