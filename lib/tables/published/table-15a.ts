import type { PublishedNumber, Row, Table } from '../table.js';
import { scaled } from './settings.js';

/** The paper's rates as factors of its best, 0.3, which is the base's. */
function row(rate: number, published: readonly PublishedNumber[]): Row {
  return {
    id: `rate${rate}`,
    label: `base learning rate ${rate}: ${scaled(rate / 0.3, 1).toPrecision(2)} times the base's`,
    published,
    settings: ({ optimizer }) => ({ optimizer: { baseLearningRate: scaled(optimizer.baseLearningRate, rate / 0.3) } }),
  };
}

export const table15a: Table = {
  id: '15a',
  title: 'Base learning rate (BYOL Table 15a)',
  source: 'BYOL Table 15a',
  columns: ['top-1', 'top-5'],
  rows: [
    row(0.01, [
      [34.8, 3],
      [60.8, 3.2],
    ]),
    row(0.1, [65, 87]),
    row(0.2, [71.7, 90.6]),
    row(0.3, [72.5, 90.8]),
    row(0.4, [72.3, 90.6]),
    row(0.5, [71.5, 90.1]),
    row(1, [69.4, 89.2]),
  ],
  ciRows: ['rate0.01', 'rate0.1', 'rate0.3', 'rate0.4', 'rate1'],
  claims: [
    { says: 'A thirtieth of the learning rate is far too little.', kind: 'better', row: 'rate0.3', than: 'rate0.01' },
    { says: 'A third of it is too little.', kind: 'better', row: 'rate0.3', than: 'rate0.1' },
    { says: 'Around the best the rate matters little.', kind: 'close', row: 'rate0.4', to: 'rate0.3' },
    { says: 'Three times the rate is too much.', kind: 'better', row: 'rate0.3', than: 'rate1' },
  ],
};
