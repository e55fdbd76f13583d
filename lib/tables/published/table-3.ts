import { betterInEach } from '../encoders/cell-claims.js';
import type { EncoderTable } from '../encoders/encoder-table.js';
import type { SetName } from '../encoders/sets.js';
import { BYOL_HAS_HARDLY_BEGUN, untrainedRow } from './encoders.js';

/** In the order of the columns. */
const sets = {
  Food101: 'food101',
  CIFAR10: 'cifar10',
  CIFAR100: 'cifar100',
  Birdsnap: 'birdsnap',
  SUN397: 'sun397',
  Cars: 'cars',
  Aircraft: 'aircraft',
  VOC2007: 'voc2007',
  DTD: 'dtd',
  Pets: 'pets',
  Caltech101: 'caltech101',
  Flowers: 'flowers102',
} as const satisfies Readonly<Record<string, SetName>>;

const columns = Object.keys(sets);

/** Each column in the measure that its data set is reported in. */
export const table3: EncoderTable = {
  id: '3',
  title: 'Transfer to other classification tasks, ResNet-50 (BYOL Table 3)',
  source: 'BYOL Table 3',
  columns,
  measures: Object.values(sets).map((set) => ({ set, by: 'logistic', number: 'metric' })),
  rows: [
    {
      id: 'linear-byol',
      label: 'linear: BYOL',
      published: [75.3, 91.3, 78.4, 57.2, 62.2, 67.8, 60.6, 82.5, 75.5, 90.4, 94.2, 96.1],
      encoder: { method: 'byol' },
      by: 'logistic',
    },
    {
      id: 'linear-simclr-repro',
      label: 'linear: SimCLR (repro)',
      published: [72.8, 90.5, 74.4, 42.4, 60.6, 49.3, 49.8, 81.4, 75.7, 84.6, 89.3, 92.6],
      encoder: { method: 'simclr' },
      by: 'logistic',
    },
    {
      id: 'linear-simclr',
      label: 'linear: SimCLR',
      published: [68.4, 90.6, 71.6, 37.4, 58.8, 50.3, 50.3, 80.5, 74.5, 83.6, 90.3, 91.2],
      by: 'logistic',
    },
    {
      id: 'linear-supervised-in',
      label: 'linear: Supervised-IN',
      published: [72.3, 93.6, 78.3, 53.7, 61.9, 66.7, 61, 82.8, 74.9, 91.5, 94.5, 94.7],
      encoder: { method: 'supervised' },
      by: 'logistic',
    },
    {
      id: 'fine-tuned-byol',
      label: 'fine-tuned: BYOL',
      published: [88.5, 97.8, 86.1, 76.3, 63.7, 91.6, 88.1, 85.4, 76.2, 91.7, 93.8, 97],
      encoder: { method: 'byol' },
      by: 'fine-tune-transfer',
    },
    {
      id: 'fine-tuned-simclr-repro',
      label: 'fine-tuned: SimCLR (repro)',
      published: [87.5, 97.4, 85.3, 75, 63.9, 91.4, 87.6, 84.5, 75.4, 89.4, 91.7, 96.6],
      encoder: { method: 'simclr' },
      by: 'fine-tune-transfer',
    },
    {
      id: 'fine-tuned-simclr',
      label: 'fine-tuned: SimCLR',
      published: [88.2, 97.7, 85.9, 75.9, 63.5, 91.3, 88.1, 84.1, 73.2, 89.2, 92.1, 97],
      by: 'fine-tune-transfer',
    },
    {
      id: 'fine-tuned-supervised-in',
      label: 'fine-tuned: Supervised-IN',
      published: [88.3, 97.5, 86.4, 75.8, 64.3, 92.1, 86, 85, 74.6, 92.1, 93.3, 97.6],
      encoder: { method: 'supervised' },
      by: 'fine-tune-transfer',
    },
    {
      id: 'fine-tuned-random-init',
      label: 'fine-tuned: Random init',
      published: [86.9, 95.9, 80.2, 76.1, 53.6, 91.4, 85.9, 67.3, 64.8, 81.5, 72.6, 92],
      encoder: { method: 'untrained' },
      by: 'fine-tune-transfer',
    },
    untrainedRow(columns, { id: 'linear-untrained', label: 'linear: untrained network', by: 'logistic' }),
  ],
  ciRows: [
    'linear-byol',
    'linear-simclr-repro',
    'linear-supervised-in',
    'linear-untrained',
    'fine-tuned-byol',
    'fine-tuned-random-init',
  ],
  claims: [
    ...betterInEach(
      columns,
      'linear-byol',
      'linear-untrained',
      (column) => `Features of BYOL tell more than those of an untrained network: ${column}.`,
    ),
    ...betterInEach(
      columns,
      'fine-tuned-byol',
      'fine-tuned-random-init',
      (column) => `Fine-tuned, BYOL's encoder is worth more than random weights: ${column}.`,
    ),
    ...betterInEach(
      columns,
      'linear-byol',
      'linear-simclr-repro',
      (column) => `BYOL is better than SimCLR: ${column}.`,
      BYOL_HAS_HARDLY_BEGUN,
    ),
  ],
  notes: [
    "Of fine-tuning from random weights the paper has SimCLR's numbers, of twice as many steps and a grid of its own; measured is the same training as of the others.",
    "At scale 'ci' one learning rate is tried in fine-tuning.",
  ],
};
