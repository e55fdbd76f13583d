import type { Table } from '../table.js';

/** Transfer to depth estimation. */
export const table4b: Table = {
  id: '4b',
  aliases: ['12'],
  title: 'Depth on NYU v2 (BYOL Tables 4b and 12)',
  source: 'BYOL Table 12',
  columns: ['% below 1.25', '% below 1.25^2', '% below 1.25^3', 'rms, lower is better', 'rel, lower is better'],
  missing: 'the depth protocol',
  rows: [
    {
      id: 'supervised-in',
      label: 'Supervised-IN',
      published: [81.1, 95.3, 98.8, 0.573, 0.127],
      source: 'BYOL Table 4b',
    },
    { id: 'relpos-r101', label: 'RelPos (R101)', published: [80.6, 94.7, 98.3, 0.399, 0.146] },
    { id: 'color-r101', label: 'Color (R101)', published: [76.8, 93.5, 97.7, 0.444, 0.164] },
    { id: 'exemplar-r101', label: 'Exemplar (R101)', published: [71.3, 90.6, 96.5, 0.513, 0.191] },
    { id: 'motion-segm.-r101', label: 'Motion segm. (R101)', published: [74.2, 92.4, 97.4, 0.473, 0.177] },
    { id: 'multi-task-r101', label: 'Multi-task (R101)', published: [79.3, 94.2, 98.1, 0.422, 0.152] },
    {
      id: 'simclr-repro',
      label: 'SimCLR (repro)',
      published: [83.3, 96.5, 99.1, 0.557, 0.134],
      source: 'BYOL Table 4b',
    },
    { id: 'byol', label: 'BYOL', published: [84.6, 96.7, 99.1, 0.541, 0.129], source: 'BYOL Table 4b' },
  ],
  claims: [],
};
