import type { PublishedNumber, Row, Table } from '../table.js';
import { scaled } from './settings.js';

/** The paper's weight decays as factors of its default, 1e-6, which is the base's. */
function row(weightDecay: number, published: readonly PublishedNumber[]): Row {
  const factor = scaled(weightDecay, 1e6);
  return {
    id: `times${factor}`,
    label: `weight decay ${weightDecay.toExponential()}: ${factor} times the base's`,
    published,
    settings: ({ optimizer }) => ({ optimizer: { weightDecay: scaled(optimizer.weightDecay, factor) } }),
  };
}

export const table15b: Table = {
  id: '15b',
  title: 'Weight decay (BYOL Table 15b)',
  source: 'BYOL Table 15b',
  columns: ['top-1', 'top-5'],
  rows: [
    row(1e-7, [72.1, 90.4]),
    row(5e-7, [72.6, 91]),
    row(1e-6, [72.5, 90.8]),
    row(5e-6, [[71, 0.3], 90]),
    row(1e-5, [[69.6, 0.4], 89.3]),
  ],
  ciRows: ['times0.1', 'times1', 'times10'],
  claims: [
    { says: 'A tenth of the weight decay is enough.', kind: 'close', row: 'times0.1', to: 'times1' },
    {
      says: 'Ten times the weight decay is too much.',
      kind: 'better',
      row: 'times1',
      than: 'times10',
      explained:
        'It does what it should, and ten patterns do not mind: the projections use 10 dimensions in place of 23 (collapse/rank), and kNN is as good with each of the five seeds.',
    },
  ],
  notes: ['Without any weight decay BYOL and SimCLR diverge or become unstable (caption of Table 15).'],
};
