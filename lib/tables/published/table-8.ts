import type { Table } from '../table.js';

/** Fine-tuning with every label. */
export const table8: Table = {
  id: '8',
  title: 'Fine-tuning with all labels of ImageNet, ResNet-50 (BYOL Table 8)',
  source: 'BYOL Table 8',
  columns: ['top-1', 'top-5'],
  missing: 'the fine-tuning protocol, and ImageNet: folders of photos cannot be read yet',
  rows: [
    { id: 'supervised-simclr-s', label: "Supervised (SimCLR's)", published: [76.5, null] },
    { id: 'autoaugment', label: 'AutoAugment', published: [77.6, 93.8] },
    { id: 'maxup', label: 'MaxUp', published: [78.9, 94.2] },
    { id: 'simclr', label: 'SimCLR', published: [76, 93.1] },
    { id: 'simclr-repro', label: 'SimCLR (repro)', published: [76.5, 93.5] },
    { id: 'byol', label: 'BYOL', published: [77.7, 93.9] },
  ],
  claims: [],
};
