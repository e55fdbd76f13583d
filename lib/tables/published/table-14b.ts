import type { PublishedNumber, Row, Table } from '../table.js';

function row(output: number, published: readonly PublishedNumber[]): Row {
  return {
    id: `dimension${output}`,
    label: `projections of ${output} dimensions`,
    published,
    settings: { projector: { output }, predictor: { output } },
  };
}

export const table14b: Table = {
  id: '14b',
  title: 'Dimension of the projections (BYOL Table 14b)',
  source: 'BYOL Table 14b',
  columns: ['top-1', 'top-5'],
  rows: [
    row(16, [[69.9, 0.3], 89.9]),
    row(32, [71.3, 90.6]),
    row(64, [72.2, 90.9]),
    row(128, [72.5, 91]),
    row(256, [72.5, 90.8]),
    row(512, [72.6, 91]),
  ],
  claims: [
    { says: 'Sixteen dimensions are too few.', kind: 'better', row: 'dimension256', than: 'dimension16' },
    { says: 'From 128 dimensions on it does not matter.', kind: 'close', row: 'dimension128', to: 'dimension512' },
  ],
};
