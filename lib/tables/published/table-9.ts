import type { Table } from '../table.js';

/** Linear evaluation on ImageNet by size. */
export const table9: Table = {
  id: '9',
  title: 'Larger encoders beside supervised ones (BYOL Table 9)',
  source: 'BYOL Table 9',
  columns: ['BYOL top-1', 'BYOL top-5', 'supervised top-1', 'supervised top-5', "supervised top-1, SimCLR's"],
  missing: "the supervised baseline's recipe with RandAugment (its columns of BYOL are measured as in Table 1b)",
  rows: [
    { id: 'r50-1x', label: 'R50 1× (24M parameters)', published: [74.3, 91.6, 76.4, 92.9, 76.5] },
    { id: 'r101-1x', label: 'R101 1× (43M parameters)', published: [76.4, 93, 78, 94, null] },
    { id: 'r152-1x', label: 'R152 1× (58M parameters)', published: [77.3, 93.7, 79.1, 94.5, null] },
    { id: 'r200-1x', label: 'R200 1× (63M parameters)', published: [77.8, 93.9, 79.3, 94.6, null] },
    { id: 'r50-2x', label: 'R50 2× (94M parameters)', published: [77.4, 93.6, 79.9, 95, 77.8] },
    { id: 'r101-2x', label: 'R101 2× (170M parameters)', published: [78.7, 94.3, 80.3, 95, null] },
    { id: 'r50-3x', label: 'R50 3× (211M parameters)', published: [78.2, 93.9, 80.2, 95, null] },
    { id: 'r152-2x', label: 'R152 2× (232M parameters)', published: [79, 94.6, 80.6, 95.3, null] },
    { id: 'r200-2x', label: 'R200 2× (250M parameters)', published: [79.6, 94.9, 80.1, 95.2, null] },
    { id: 'r50-4x', label: 'R50 4× (375M parameters)', published: [78.6, 94.2, 80.7, 95.3, 78.9] },
    { id: 'r101-3x', label: 'R101 3× (382M parameters)', published: [78.4, 94.2, 80.7, 95.3, null] },
    { id: 'r152-3x', label: 'R152 3× (522M parameters)', published: [79.5, 94.6, 80.9, 95.2, null] },
  ],
  claims: [],
};
