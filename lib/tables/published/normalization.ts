import type { ConfigPatch } from '../../config/layers.js';
import { presets } from '../../config/presets/index.js';
import type { Table } from '../table.js';

type Kind = 'batch' | 'group' | 'affine' | 'none';

const norm = (encoder: Kind, heads: Kind, weightStandardization = false): ConfigPatch => ({
  norm: { encoder, projector: heads, predictor: heads, weightStandardization },
});

/** Richemond et al. 2020 (arXiv 2010.10241): BYOL works even without batch statistics. */
export const normalization: Table = {
  id: 'normalization',
  title: 'BYOL without batch statistics (arXiv 2010.10241)',
  source: 'arXiv 2010.10241, abstract',
  columns: ['top-1'],
  rows: [
    { id: 'batch', label: 'BYOL: batch normalisation everywhere', published: [74.3] },
    {
      id: 'none',
      label: 'no normalisation anywhere',
      published: [0.1],
      source: "authors' slides; a review",
      // Without the head start of the predictor (ciSettings), as BYOL is; with it the spread ended at 0.16 and 0.42, and kNN where
      // it had begun.
      settings: ({ optimizer }) => ({
        ...norm('none', 'none'),
        ...(optimizer.predictorFirstEpochs > 0 && {
          optimizer: { predictorFirstEpochs: 0 },
          target: { tauBase: presets.textures.target.tauBase },
        }),
      }),
    },
    {
      id: 'affine',
      label: 'none, initialised from batch statistics once',
      published: [65.7],
      source: "authors' slides",
      settings: norm('affine', 'affine'),
    },
    {
      id: 'group',
      label: 'group normalisation and weight standardisation',
      published: [73.9],
      // Four channels a group in the first layer, as 16 groups of a ResNet-50's 64.
      settings: ({ encoder }) => ({ norm: { ...norm('group', 'group', true).norm, groups: encoder.width / 4 } }),
    },
    {
      id: 'encoder-only',
      label: 'batch normalisation in the encoder only (300 epochs)',
      published: [72.1],
      source: "a review's quote of the table",
      settings: norm('batch', 'none'),
    },
  ],
  // In a run of minutes the network learns the direction that all projections have in common before the predictor does, unless
  // batch statistics take it out: docs/guide/without-batch-statistics.md. So the predictor has an epoch for itself, in every row.
  ciSettings: { optimizer: { predictorFirstEpochs: 1 }, target: { tauBase: 0.99 } },
  claims: [
    { says: 'Without any normalisation BYOL collapses.', kind: 'collapses', row: 'none' },
    { says: 'A careful initialisation is enough to learn.', kind: 'doesNotCollapse', row: 'affine' },
    { says: 'So it is better than no normalisation.', kind: 'better', row: 'affine', than: 'none' },
    { says: 'Batch statistics are not needed.', kind: 'close', row: 'group', to: 'batch' },
  ],
  notes: [
    "Scale 'ci' trains some thousand steps, and lets the predictor learn alone for one epoch, in every row but that without any normalisation; the follow-up needed no such start in 1000 epochs.",
  ],
};
