import type { Table } from '../table.js';

/** Encoders of the same size, frozen. */
export const table1a: Table = {
  id: '1a',
  title: 'Linear evaluation on ImageNet, ResNet-50 (BYOL Table 1a)',
  source: 'BYOL Table 1a',
  columns: ['top-1', 'top-5'],
  missing: 'ImageNet: folders of photos cannot be read yet',
  rows: [
    { id: 'local-aggregation', label: 'Local Aggregation', published: [60.2, null] },
    { id: 'pirl', label: 'PIRL', published: [63.6, null] },
    { id: 'cpc-v2', label: 'CPC v2', published: [63.8, 85.3] },
    { id: 'cmc', label: 'CMC', published: [66.2, 87] },
    { id: 'simclr', label: 'SimCLR', published: [69.3, 89] },
    { id: 'moco-v2-800-ep', label: 'MoCo v2 (800 ep)', published: [71.1, null] },
    { id: 'infomin-aug.', label: 'InfoMin Aug.', published: [73, 91.1] },
    { id: 'byol', label: 'BYOL', published: [74.3, 91.6] },
  ],
  claims: [],
};
