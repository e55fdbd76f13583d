import { betterInEach } from '../encoders/cell-claims.js';
import type { EncoderTable } from '../encoders/encoder-table.js';
import { deeper, untrainedRow, wider } from './encoders.js';

const columns = ['top-1', 'top-5'] as const;

/** Larger encoders, frozen. */
export const table1b: EncoderTable = {
  id: '1b',
  title: 'Linear evaluation on ImageNet, other encoders (BYOL Table 1b)',
  source: 'BYOL Table 1b',
  columns,
  measures: [
    { set: 'imagenet', by: 'linear', number: 'top1' },
    { set: 'imagenet', by: 'linear', number: 'top5' },
  ],
  rows: [
    {
      id: 'simclr-r50-2x',
      label: 'SimCLR, R50 2× (94M parameters)',
      published: [74.2, 92],
      encoder: { method: 'simclr', settings: wider(2) },
    },
    { id: 'cmc-r50-2x', label: 'CMC, R50 2× (94M parameters)', published: [70.6, 89.7] },
    {
      id: 'byol-r50-2x',
      label: 'BYOL, R50 2× (94M parameters)',
      published: [77.4, 93.6],
      encoder: { method: 'byol', settings: wider(2) },
    },
    { id: 'cpc-v2-r161', label: 'CPC v2, R161 (305M parameters)', published: [71.5, 90.1] },
    {
      id: 'moco-r50-4x',
      label: 'MoCo, R50 4× (375M parameters)',
      published: [68.6, null],
      encoder: { method: 'moco-v1', settings: wider(4) },
    },
    {
      id: 'simclr-r50-4x',
      label: 'SimCLR, R50 4× (375M parameters)',
      published: [76.5, 93.2],
      encoder: { method: 'simclr', settings: wider(4) },
    },
    {
      id: 'byol-r50-4x',
      label: 'BYOL, R50 4× (375M parameters)',
      published: [78.6, 94.2],
      encoder: { method: 'byol', settings: wider(4) },
    },
    {
      id: 'byol-r200-2x',
      label: 'BYOL, R200 2× (250M parameters)',
      published: [79.6, 94.8],
      encoder: { method: 'byol', settings: deeper(2) },
    },
    untrainedRow(columns, {
      id: 'untrained-2x',
      label: 'untrained network, 2×',
      encoder: { method: 'untrained', settings: wider(2) },
    }),
  ],
  ciRows: ['simclr-r50-2x', 'byol-r50-2x', 'untrained-2x'],
  // 2× is then as wide as the encoders of the other tables, which serve here too.
  ciSettings: { encoder: { width: 8 } },
  claims: [
    ...betterInEach(
      columns,
      'byol-r50-2x',
      'untrained-2x',
      (column) => `BYOL beats the untrained network in ${column}.`,
    ),
    ...betterInEach(
      columns,
      'byol-r50-2x',
      'simclr-r50-2x',
      (column) => `At 2× BYOL is better than SimCLR in ${column}.`,
    ),
    ...betterInEach(
      columns,
      'byol-r50-4x',
      'simclr-r50-4x',
      (column) => `At 4× BYOL is better than SimCLR in ${column}.`,
    ),
    ...betterInEach(columns, 'byol-r50-4x', 'byol-r50-2x', (column) => `BYOL gains from width in ${column}.`),
  ],
  notes: ["At scale 'ci' 1× has half the channels of the other tables' networks, and 2× theirs."],
};
