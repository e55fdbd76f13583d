import { betterInEach } from '../encoders/cell-claims.js';
import type { ColumnMeasure, EncoderTable } from '../encoders/encoder-table.js';
import type { PublishedNumber } from '../table.js';
import { untrainedRow } from './encoders.js';

interface Column extends ColumnMeasure {
  readonly published: PublishedNumber;
}

/**
 * What the paper has of BYOL's ResNet-50, wherever it prints it. Few labels are tried on CIFAR-10 too: of the sample that stands for
 * ImageNet 1 % is an image a class, and a few hundred test images do not decide.
 */
const asked = {
  kNN: { set: 'imagenet', by: 'knn', number: 'top1', published: null },
  linear: { set: 'imagenet', by: 'linear', number: 'top1', published: 74.3 },
  '1 % of labels': { set: 'imagenet', by: 'fine-tune-1', number: 'top1', published: 53.2 },
  '10 % of labels': { set: 'imagenet', by: 'fine-tune-10', number: 'top1', published: 68.8 },
  '1 % of labels, CIFAR10': { set: 'cifar10', by: 'fine-tune-1', number: 'top1', published: null },
  '10 % of labels, CIFAR10': { set: 'cifar10', by: 'fine-tune-10', number: 'top1', published: null },
  'all labels': { set: 'imagenet', by: 'fine-tune-all', number: 'top1', published: 77.7 },
  'linear, Places365': { set: 'places365', by: 'linear', number: 'top1', published: 51 },
  'linear, CIFAR10': { set: 'cifar10', by: 'logistic', number: 'metric', published: 91.3 },
  'linear, VOC2007': { set: 'voc2007', by: 'logistic', number: 'metric', published: 82.5 },
  'linear, Flowers': { set: 'flowers102', by: 'logistic', number: 'metric', published: 96.1 },
  'fine-tuned, VOC2007': { set: 'voc2007', by: 'fine-tune-transfer', number: 'metric', published: 85.4 },
  'fine-tuned, Flowers': { set: 'flowers102', by: 'fine-tune-transfer', number: 'metric', published: 97 },
} as const satisfies Readonly<Record<string, Column>>;

const columns = Object.keys(asked);

/** Every protocol, from one encoder. */
export const protocolsTable: EncoderTable = {
  id: 'protocols',
  title: 'One encoder, every protocol',
  source: 'BYOL Tables 1a, 2, 3, 8 and 13',
  columns,
  measures: Object.values(asked),
  rows: [
    {
      id: 'byol',
      label: 'BYOL',
      published: Object.values(asked).map(({ published }) => published),
      encoder: { method: 'byol' },
    },
    untrainedRow(columns, { label: 'untrained network; fine-tuned: random weights' }),
  ],
  claims: [
    ...betterInEach(columns, 'byol', 'untrained', (column) => `BYOL beats the untrained network: ${column}.`),
    {
      says: 'Ten times the labels help.',
      kind: 'better',
      of: { row: 'byol', column: '10 % of labels' },
      than: { row: 'byol', column: '1 % of labels' },
    },
  ],
  // After as few steps as the other tables take, fine-tuning makes up for most of what random weights lack.
  ciLength: 2.5,
  notes: ["At scale 'ci' one learning rate is tried in fine-tuning."],
};
