import type { ConfigPatch } from '../../config/layers.js';
import type { PublishedNumber, Row, Table } from '../table.js';
import { simclr } from './settings.js';

/**
 * Paper F.2: the gradients of N batches, each N times smaller, are averaged before a step. Only what is computed within a
 * batch sees its size: batch statistics, and SimCLR's negatives.
 */
function rows(parts: number, byol: readonly PublishedNumber[], ofSimclr: readonly PublishedNumber[]): Row[] {
  const batch = 4096 / parts;
  const of = (method: string, patch: ConfigPatch, published: readonly PublishedNumber[]): Row => ({
    id: `${method.toLowerCase()}-part${parts}`,
    label: `${method}, batch ${batch}${parts === 1 ? ': the base' : `: 1/${parts} of the base`}`,
    published,
    settings: ({ batchSize, accumulate }) =>
      // Batch statistics need two images.
      batchSize / parts < 2 ? null : { ...patch, batchSize: batchSize / parts, accumulate: accumulate * parts },
  });
  return [of('BYOL', {}, byol), of('SimCLR', simclr, ofSimclr)];
}

export const table16: Table = {
  id: '16',
  title: 'Batch size (BYOL Table 16, Figure 3a)',
  source: 'BYOL Table 16',
  columns: ['top-1', 'top-5'],
  rows: [
    ...rows(1, [72.5, 90.8], [67.9, 88.5]),
    ...rows(2, [72.4, 90.7], [67.8, 88.5]),
    ...rows(4, [72.2, 90.7], [67.4, 88.1]),
    ...rows(8, [72.2, 90.8], [66.5, 87.6]),
    ...rows(
      16,
      [71.8, 90.7],
      [
        [64.3, 2.1],
        [86.3, 1],
      ],
    ),
    ...rows(32, [[69.6, 0.5], 89.6], [63.6, 85.9]),
    ...rows(
      64,
      [
        [59.7, 1.5],
        [83.2, 1.2],
      ],
      [
        [59.2, 2.9],
        [83, 1.9],
      ],
    ),
  ],
  figure: {
    title: 'Figure 3a',
    axis: 'batch, as a part of the base',
    points: ['1', '1/2', '1/4', '1/8', '1/16', '1/32', '1/64'],
    lines: ['BYOL', 'SimCLR'].map((name) => ({
      name,
      rows: [1, 2, 4, 8, 16, 32, 64].map((parts) => `${name.toLowerCase()}-part${parts}`),
    })),
  },
  // A 64th of scale 'ci's usual batch would be one image. Twice the batch, half the steps for each epoch.
  ciSettings: { batchSize: 128, epochs: 30 },
  ciRows: ['byol-part1', 'simclr-part1', 'byol-part8', 'byol-part16', 'simclr-part16', 'byol-part64'],
  claims: [
    { says: 'BYOL loses nothing at an eighth of the batch.', kind: 'close', row: 'byol-part8', to: 'byol-part1' },
    { says: 'BYOL loses little at a sixteenth of the batch.', kind: 'close', row: 'byol-part16', to: 'byol-part1' },
    {
      says: 'SimCLR loses accuracy there.',
      kind: 'better',
      row: 'simclr-part1',
      than: 'simclr-part16',
      explained:
        'It does what it should, and ten patterns do not mind: in the small batches the projections use 7 dimensions in place of 38 (collapse/rank), and kNN is 99.7 % with both.',
    },
    {
      says: 'At a sixteenth of the batch SimCLR loses more than BYOL.',
      kind: 'losesMore',
      drop: { from: 'simclr-part1', to: 'simclr-part16' },
      thanDrop: { from: 'byol-part1', to: 'byol-part16' },
    },
    { says: 'BYOL too falls at a 64th of the batch.', kind: 'better', row: 'byol-part1', than: 'byol-part64' },
  ],
  notes: [
    'Batches are parts of the base batch (4096 in the paper): below 32 images, batch statistics are noise. SimCLR here is the family member of Table 5b with both views in one batch; the paper reports a reproduction of its own.',
  ],
};
