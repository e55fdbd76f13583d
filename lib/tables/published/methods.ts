import { type MethodName, methods } from '../../methods/index.js';
import type { PublishedNumber, Row, Table } from '../table.js';
import { SIMCLR_LEARNS_FASTER } from './settings.js';

/** Every method (lib/methods) on the same data, network and number of epochs. */
function row(method: MethodName, label: string, published: PublishedNumber, source: string): Row {
  return { id: method, label, published: [published], source, settings: (base) => methods[method](base) };
}

export const methodsTable: Table = {
  id: 'methods',
  title: 'BYOL and the systems it is compared with',
  source: 'BYOL Table 1a',
  columns: ['linear top-1'],
  rows: [
    row('byol', 'BYOL', 74.3, 'BYOL Table 1a, 1000 epochs'),
    row('simclr', 'SimCLR', 69.3, 'BYOL Table 1a, 1000 epochs'),
    row('moco-v1', 'MoCo v1', 60.6, 'MoCo, 200 epochs'),
    row('moco-v2', 'MoCo v2', 71.1, 'BYOL Table 1a, 800 epochs'),
    row('simsiam', 'SimSiam', 71.3, 'SimSiam Table 4, 800 epochs'),
    row('mean-teacher', 'Mean Teacher, labels of 8 % of the images', null, 'no linear evaluation published'),
    row('supervised', 'supervised', 76.5, "BYOL Table 9: SimCLR's baseline"),
  ],
  ciSettings: { evaluation: { linear: { atEnd: true } } },
  judgedBy: 'linear',
  claims: [
    { says: 'BYOL learns.', kind: 'learns', row: 'byol' },
    { says: 'SimCLR learns.', kind: 'learns', row: 'simclr' },
    { says: 'MoCo v1 learns.', kind: 'learns', row: 'moco-v1' },
    { says: 'MoCo v2 learns.', kind: 'learns', row: 'moco-v2' },
    { says: 'SimSiam learns.', kind: 'learns', row: 'simsiam' },
    { says: 'Mean Teacher learns.', kind: 'learns', row: 'mean-teacher' },
    { says: 'Labels teach more than BYOL does.', kind: 'better', row: 'supervised', than: 'byol' },
    {
      says: 'BYOL is better than SimCLR.',
      kind: 'better',
      row: 'byol',
      than: 'simclr',
      explained: SIMCLR_LEARNS_FASTER,
    },
  ],
  notes: [
    'Published numbers are of ResNet-50 on ImageNet, each after its own number of epochs; here all have the same number, and the small-image recipe of each method where its authors give one.',
  ],
};
