import { betterInEach } from '../encoders/cell-claims.js';
import type { EncoderTable } from '../encoders/encoder-table.js';
import { untrainedRow } from './encoders.js';

const columns = ['top-1', 'top-5'] as const;

/** Encoders of the same size, frozen. */
export const table1a: EncoderTable = {
  id: '1a',
  title: 'Linear evaluation on ImageNet, ResNet-50 (BYOL Table 1a)',
  source: 'BYOL Table 1a',
  columns,
  measures: [
    { set: 'imagenet', by: 'linear', number: 'top1' },
    { set: 'imagenet', by: 'linear', number: 'top5' },
  ],
  rows: [
    { id: 'local-aggregation', label: 'Local Aggregation', published: [60.2, null] },
    { id: 'pirl', label: 'PIRL', published: [63.6, null] },
    { id: 'cpc-v2', label: 'CPC v2', published: [63.8, 85.3] },
    { id: 'cmc', label: 'CMC', published: [66.2, 87] },
    { id: 'simclr', label: 'SimCLR', published: [69.3, 89], encoder: { method: 'simclr' } },
    { id: 'moco-v2-800-ep', label: 'MoCo v2 (800 ep)', published: [71.1, null], encoder: { method: 'moco-v2' } },
    { id: 'infomin-aug.', label: 'InfoMin Aug.', published: [73, 91.1] },
    { id: 'byol', label: 'BYOL', published: [74.3, 91.6], encoder: { method: 'byol' } },
    untrainedRow(columns),
  ],
  ciRows: ['simclr', 'byol', 'untrained'],
  claims: [
    ...betterInEach(columns, 'byol', 'untrained', (column) => `BYOL beats the untrained network in ${column}.`),
    ...betterInEach(columns, 'simclr', 'untrained', (column) => `SimCLR beats the untrained network in ${column}.`),
    ...betterInEach(columns, 'byol', 'simclr', (column) => `BYOL is better than SimCLR in ${column}.`),
  ],
  notes: ['Published numbers are each after its own number of epochs; measured are all after the same.'],
};
