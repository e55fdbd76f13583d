import { betterInEach } from '../encoders/cell-claims.js';
import type { EncoderTable } from '../encoders/encoder-table.js';
import type { SetName } from '../encoders/sets.js';
import { untrainedRow } from './encoders.js';

/** In the order of the columns. */
const sets = {
  Places365: 'places365',
  ImageNet: 'imagenet',
  Food101: 'food101',
  CIFAR10: 'cifar10',
  CIFAR100: 'cifar100',
  Birdsnap: 'birdsnap',
  SUN397: 'sun397',
  Cars: 'cars',
  Aircraft: 'aircraft',
  DTD: 'dtd',
  Pets: 'pets',
  Caltech101: 'caltech101',
  Flowers: 'flowers102',
} as const satisfies Readonly<Record<string, SetName>>;

const columns = Object.keys(sets);

/** Other images to pretrain on. */
export const table13: EncoderTable = {
  id: '13',
  title: 'Pretraining on Places365, linear evaluation (BYOL Table 13)',
  source: 'BYOL Table 13',
  columns,
  // Of the large sets by the protocol of ImageNet (paper C.1), of the others by that of transfer (D.2).
  measures: Object.values(sets).map((set) =>
    set === 'places365' || set === 'imagenet'
      ? { set, by: 'linear', number: 'top1' }
      : { set, by: 'logistic', number: 'metric' },
  ),
  rows: [
    {
      id: 'byol-imagenet',
      label: 'BYOL, ImageNet',
      published: [51, 74.3, 75.3, 91.3, 78.4, 57.3, 62.6, 67.2, 60.6, 76.5, 90.4, 94.3, 96.1],
      encoder: { method: 'byol' },
    },
    {
      id: 'byol-places',
      label: 'BYOL, Places',
      published: [53.2, 58.5, 64.7, 84.5, 66.1, 28.8, 64.2, 55.6, 55.9, 68.5, 66.1, 84.3, 90],
      encoder: { method: 'byol', on: 'places365' },
    },
    {
      id: 'simclr-places',
      label: 'SimCLR, Places',
      published: [53, 56.5, 61.7, 80.8, 61.1, 21.2, 62.5, 40.1, 44.3, 64.3, 59.4, 77.1, 85.9],
      encoder: { method: 'simclr', on: 'places365' },
    },
    untrainedRow(columns),
  ],
  claims: [
    ...betterInEach(
      columns,
      'byol-places',
      'untrained',
      (column) => `Pretrained on Places, BYOL beats the untrained network: ${column}.`,
    ),
    ...betterInEach(
      columns,
      'byol-places',
      'simclr-places',
      (column) => `On Places BYOL is better than SimCLR: ${column}.`,
    ),
    ...betterInEach(
      columns.slice(1),
      'byol-imagenet',
      'byol-places',
      (column) => `ImageNet is better to pretrain on than Places: ${column}.`,
    ),
  ],
};
