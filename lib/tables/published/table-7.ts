import type { Table } from '../table.js';

/** What is done beside the plain linear classifier. */
export const table7: Table = {
  id: '7',
  title: 'Variants of the linear protocol (BYOL Table 7)',
  source: 'BYOL Table 7',
  columns: [
    'top-1, plain',
    'top-1, pretraining augmentations',
    'top-1, regularised logits',
    'top-1, both',
    'top-5, plain',
    'top-5, pretraining augmentations',
    'top-5, regularised logits',
    'top-5, both',
  ],
  missing: 'ImageNet: folders of photos cannot be read yet, and these variants of the protocol',
  rows: [
    { id: 'r50-1x', label: 'R50 1×', published: [74.3, 74.4, 74.7, 74.8, 91.6, 91.8, 91.8, 91.8] },
    { id: 'r50-4x', label: 'R50 4×', published: [78.6, 78.6, 78.9, 79, 94.2, 94.3, 94.3, 94.5] },
    { id: 'r200-2x', label: 'R200 2×', published: [79.6, 79.6, 79.8, 80, 94.8, 94.8, 95, 95] },
  ],
  claims: [],
};
