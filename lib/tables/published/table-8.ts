import { betterInEach } from '../encoders/cell-claims.js';
import type { EncoderTable } from '../encoders/encoder-table.js';
import { untrainedRow } from './encoders.js';

const columns = ['top-1', 'top-5'] as const;

/** Fine-tuning with every label. */
export const table8: EncoderTable = {
  id: '8',
  title: 'Fine-tuning with all labels of ImageNet, ResNet-50 (BYOL Table 8)',
  source: 'BYOL Table 8',
  columns,
  measures: [
    { set: 'imagenet', by: 'fine-tune-all', number: 'top1' },
    { set: 'imagenet', by: 'fine-tune-all', number: 'top5' },
  ],
  rows: [
    { id: 'supervised-simclr-s', label: "Supervised (SimCLR's)", published: [76.5, null] },
    { id: 'autoaugment', label: 'AutoAugment', published: [77.6, 93.8] },
    { id: 'maxup', label: 'MaxUp', published: [78.9, 94.2] },
    { id: 'simclr', label: 'SimCLR', published: [76, 93.1] },
    { id: 'simclr-repro', label: 'SimCLR (repro)', published: [76.5, 93.5], encoder: { method: 'simclr' } },
    { id: 'byol', label: 'BYOL', published: [77.7, 93.9], encoder: { method: 'byol' } },
    untrainedRow(columns, { label: 'random weights, trained alike' }),
  ],
  ciRows: ['simclr-repro', 'byol', 'untrained'],
  claims: [
    ...betterInEach(
      columns,
      'byol',
      'untrained',
      (column) => `BYOL's encoder is worth more than random weights: ${column}.`,
    ),
    ...betterInEach(
      columns,
      'simclr-repro',
      'untrained',
      (column) => `SimCLR's encoder is worth more than random weights: ${column}.`,
    ),
    ...betterInEach(columns, 'byol', 'simclr-repro', (column) => `BYOL is better than SimCLR: ${column}.`),
  ],
  notes: [
    "The supervised systems' trainings are longer, with augmentations of their own, and are not measured here.",
    "At scale 'ci' one learning rate is tried.",
  ],
};
