import { betterInEach, type CellClaim } from '../encoders/cell-claims.js';
import type { ColumnMeasure, EncoderTable } from '../encoders/encoder-table.js';
import { BYOL_HAS_HARDLY_BEGUN, deeper, wider } from './encoders.js';

const columns = ['top-1, 1 % of labels', 'top-1, 10 %', 'top-5, 1 %', 'top-5, 10 %'] as const;

const measure = (by: ColumnMeasure['by'], number: ColumnMeasure['number']): ColumnMeasure => ({
  set: 'imagenet',
  by,
  number,
});

/** More labels help: a claim about one row. */
const moreLabels = (row: string, name: string): CellClaim => ({
  says: `${name} gains from ten times the labels.`,
  kind: 'better',
  of: { row, column: 'top-1, 10 %' },
  than: { row, column: 'top-1, 1 % of labels' },
});

/** Semi-supervised learning. */
export const table2: EncoderTable = {
  id: '2',
  title: 'Fine-tuning with few labels of ImageNet (BYOL Table 2)',
  source: 'BYOL Table 2',
  columns,
  measures: [
    measure('fine-tune-1', 'top1'),
    measure('fine-tune-10', 'top1'),
    measure('fine-tune-1', 'top5'),
    measure('fine-tune-10', 'top5'),
  ],
  rows: [
    {
      id: 'supervised-r50',
      label: 'Supervised, R50',
      published: [25.4, 56.4, 48.4, 80.4],
      // Nothing but these labels: the same training from random weights.
      encoder: { method: 'untrained' },
    },
    { id: 'instdisc-r50', label: 'InstDisc, R50', published: [null, null, 39.2, 77.4] },
    { id: 'pirl-r50', label: 'PIRL, R50', published: [null, null, 57.2, 83.8] },
    { id: 'simclr-r50', label: 'SimCLR, R50', published: [48.3, 65.6, 75.5, 87.8], encoder: { method: 'simclr' } },
    { id: 'byol-r50', label: 'BYOL, R50', published: [53.2, 68.8, 78.4, 89], encoder: { method: 'byol' } },
    { id: 'cpc-v2-r161', label: 'CPC v2, R161', published: [null, null, 77.9, 91.2] },
    {
      id: 'simclr-r50-2x',
      label: 'SimCLR, R50 2×',
      published: [58.5, 71.7, 83, 91.2],
      encoder: { method: 'simclr', settings: wider(2) },
    },
    {
      id: 'byol-r50-2x',
      label: 'BYOL, R50 2×',
      published: [62.2, 73.5, 84.1, 91.7],
      encoder: { method: 'byol', settings: wider(2) },
    },
    {
      id: 'simclr-r50-4x',
      label: 'SimCLR, R50 4×',
      published: [63, 74.4, 85.8, 92.6],
      encoder: { method: 'simclr', settings: wider(4) },
    },
    {
      id: 'byol-r50-4x',
      label: 'BYOL, R50 4×',
      published: [69.1, 75.7, 87.9, 92.5],
      encoder: { method: 'byol', settings: wider(4) },
    },
    {
      id: 'byol-r200-2x',
      label: 'BYOL, R200 2×',
      published: [71.2, 77.7, 89.5, 93.7],
      encoder: { method: 'byol', settings: deeper(2) },
    },
  ],
  ciRows: ['supervised-r50', 'simclr-r50', 'byol-r50'],
  claims: [
    ...betterInEach(
      columns,
      'byol-r50',
      'supervised-r50',
      (column) => `BYOL's encoder is worth more than random weights: ${column}.`,
    ),
    ...betterInEach(
      columns,
      'byol-r50',
      'simclr-r50',
      (column) => `BYOL is better than SimCLR: ${column}.`,
      BYOL_HAS_HARDLY_BEGUN,
    ),
    moreLabels('byol-r50', 'BYOL'),
    moreLabels('supervised-r50', 'Supervised learning'),
  ],
  notes: [
    '"Supervised" is measured as the same training from random weights.',
    "The labels are drawn class by class, by the seed; SimCLR's lists of ImageNet, which the paper has, are a setting of byol eval fine-tune (labels.list).",
    "At scale 'ci' one learning rate is tried.",
  ],
};
