import type { Table } from '../table.js';

/** Semi-supervised learning. */
export const table2: Table = {
  id: '2',
  title: 'Fine-tuning with few labels of ImageNet (BYOL Table 2)',
  source: 'BYOL Table 2',
  columns: ['top-1, 1 % of labels', 'top-1, 10 %', 'top-5, 1 %', 'top-5, 10 %'],
  missing: 'the semi-supervised protocol, and ImageNet: folders of photos cannot be read yet',
  rows: [
    { id: 'supervised-r50', label: 'Supervised, R50', published: [25.4, 56.4, 48.4, 80.4] },
    { id: 'instdisc-r50', label: 'InstDisc, R50', published: [null, null, 39.2, 77.4] },
    { id: 'pirl-r50', label: 'PIRL, R50', published: [null, null, 57.2, 83.8] },
    { id: 'simclr-r50', label: 'SimCLR, R50', published: [48.3, 65.6, 75.5, 87.8] },
    { id: 'byol-r50', label: 'BYOL, R50', published: [53.2, 68.8, 78.4, 89] },
    { id: 'cpc-v2-r161', label: 'CPC v2, R161', published: [null, null, 77.9, 91.2] },
    { id: 'simclr-r50-2x', label: 'SimCLR, R50 2×', published: [58.5, 71.7, 83, 91.2] },
    { id: 'byol-r50-2x', label: 'BYOL, R50 2×', published: [62.2, 73.5, 84.1, 91.7] },
    { id: 'simclr-r50-4x', label: 'SimCLR, R50 4×', published: [63, 74.4, 85.8, 92.6] },
    { id: 'byol-r50-4x', label: 'BYOL, R50 4×', published: [69.1, 75.7, 87.9, 92.5] },
    { id: 'byol-r200-2x', label: 'BYOL, R200 2×', published: [71.2, 77.7, 89.5, 93.7] },
  ],
  claims: [],
};
