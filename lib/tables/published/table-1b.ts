import type { Table } from '../table.js';

/** Larger encoders, frozen. */
export const table1b: Table = {
  id: '1b',
  title: 'Linear evaluation on ImageNet, other encoders (BYOL Table 1b)',
  source: 'BYOL Table 1b',
  columns: ['top-1', 'top-5'],
  missing: 'ImageNet: folders of photos cannot be read yet',
  rows: [
    { id: 'simclr-r50-2x', label: 'SimCLR, R50 2× (94M parameters)', published: [74.2, 92] },
    { id: 'cmc-r50-2x', label: 'CMC, R50 2× (94M parameters)', published: [70.6, 89.7] },
    { id: 'byol-r50-2x', label: 'BYOL, R50 2× (94M parameters)', published: [77.4, 93.6] },
    { id: 'cpc-v2-r161', label: 'CPC v2, R161 (305M parameters)', published: [71.5, 90.1] },
    { id: 'moco-r50-4x', label: 'MoCo, R50 4× (375M parameters)', published: [68.6, null] },
    { id: 'simclr-r50-4x', label: 'SimCLR, R50 4× (375M parameters)', published: [76.5, 93.2] },
    { id: 'byol-r50-4x', label: 'BYOL, R50 4× (375M parameters)', published: [78.6, 94.2] },
    { id: 'byol-r200-2x', label: 'BYOL, R200 2× (250M parameters)', published: [79.6, 94.8] },
  ],
  claims: [],
};
