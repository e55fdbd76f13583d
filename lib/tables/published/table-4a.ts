import type { Table } from '../table.js';

/** Transfer to other vision tasks. */
export const table4a: Table = {
  id: '4a',
  aliases: ['11'],
  title: 'Segmentation and detection (BYOL Tables 4a and 11)',
  source: 'BYOL Table 11',
  columns: ['AP50, VOC2007', 'mIoU, VOC2012'],
  missing: 'the segmentation and detection protocols',
  rows: [
    { id: 'supervised-in', label: 'Supervised-IN', published: [74.4, 74.4], source: 'BYOL Table 4a' },
    { id: 'relpos-r101', label: 'RelPos (R101)', published: [66.8, null] },
    { id: 'multi-task-r101', label: 'Multi-task (R101)', published: [70.5, null] },
    { id: 'localagg', label: 'LocalAgg', published: [69.1, null] },
    { id: 'moco', label: 'MoCo', published: [74.9, 72.5], source: 'BYOL Table 4a' },
    { id: 'moco-ig-1b', label: 'MoCo + IG-1B', published: [75.6, 73.6] },
    { id: 'cpc-r161', label: 'CPC (R161)', published: [76.6, null] },
    { id: 'simclr-repro', label: 'SimCLR (repro)', published: [75.2, 75.2], source: 'BYOL Table 4a' },
    { id: 'byol', label: 'BYOL', published: [77.5, 76.3], source: 'BYOL Table 4a' },
  ],
  claims: [],
};
