import type { Table } from '../table.js';

/** Other images to pretrain on. */
export const table13: Table = {
  id: '13',
  title: 'Pretraining on Places365, linear evaluation (BYOL Table 13)',
  source: 'BYOL Table 13',
  columns: [
    'Places365',
    'ImageNet',
    'Food101',
    'CIFAR10',
    'CIFAR100',
    'Birdsnap',
    'SUN397',
    'Cars',
    'Aircraft',
    'DTD',
    'Pets',
    'Caltech101',
    'Flowers',
  ],
  missing: 'Places365 and the transfer protocols: folders of photos cannot be read yet',
  rows: [
    {
      id: 'byol-imagenet',
      label: 'BYOL, ImageNet',
      published: [51, 74.3, 75.3, 91.3, 78.4, 57.3, 62.6, 67.2, 60.6, 76.5, 90.4, 94.3, 96.1],
    },
    {
      id: 'byol-places',
      label: 'BYOL, Places',
      published: [53.2, 58.5, 64.7, 84.5, 66.1, 28.8, 64.2, 55.6, 55.9, 68.5, 66.1, 84.3, 90],
    },
    {
      id: 'simclr-places',
      label: 'SimCLR, Places',
      published: [53, 56.5, 61.7, 80.8, 61.1, 21.2, 62.5, 40.1, 44.3, 64.3, 59.4, 77.1, 85.9],
    },
  ],
  claims: [],
};
