import type { Config } from '../../config/schema.js';
import type { PublishedNumber, Row, Table } from '../table.js';

/** Depth 1 is a single linear layer; every hidden layer is as wide as the base's. */
function row(projector: number, predictor: number, published: readonly PublishedNumber[]): Row {
  const hidden = (base: Config, depth: number): number[] => Array(depth - 1).fill(base.projector.hidden[0] as number);
  return {
    id: `projector${projector}-predictor${predictor}`,
    label: `projector of ${projector}, predictor of ${predictor} layers`,
    published,
    settings: (base) => ({
      projector: { hidden: hidden(base, projector) },
      predictor: { hidden: hidden(base, predictor) },
    }),
  };
}

const LINEAR_FALLS_BEHIND =
  'A linear predictor does not keep up with a projector of two layers here: the spread falls to 0.10, and kNN ends at 28.2 %. Where it learns alone in the first epoch and ten times as fast after it, the same network reaches 93.5 % (bench/tables/linear-predictor.yaml, five seeds).';

export const table14a: Table = {
  id: '14a',
  title: 'Depth of projector and predictor (BYOL Table 14a)',
  source: 'BYOL Table 14a',
  columns: ['top-1', 'top-5'],
  rows: [
    row(1, 1, [61.9, 86]),
    row(1, 2, [65, 86.8]),
    row(1, 3, [65.7, 86.8]),
    row(2, 1, [71.5, 90.7]),
    row(2, 2, [72.5, 90.8]),
    row(2, 3, [71.4, 90.4]),
    row(3, 1, [71.4, 90.4]),
    row(3, 2, [72.1, 90.5]),
    row(3, 3, [72.1, 90.5]),
  ],
  ciRows: [
    'projector1-predictor1',
    'projector1-predictor2',
    'projector2-predictor1',
    'projector2-predictor2',
    'projector3-predictor3',
  ],
  claims: [
    {
      says: 'A linear projector is worse than one with a hidden layer.',
      kind: 'better',
      row: 'projector2-predictor2',
      than: 'projector1-predictor2',
    },
    {
      says: 'So it is with a linear predictor.',
      kind: 'better',
      row: 'projector2-predictor1',
      than: 'projector1-predictor1',
      explained: LINEAR_FALLS_BEHIND,
    },
    {
      says: "The predictor's depth matters little.",
      kind: 'close',
      row: 'projector2-predictor1',
      to: 'projector2-predictor2',
      explained: LINEAR_FALLS_BEHIND,
    },
    {
      says: 'A third layer in both changes little.',
      kind: 'close',
      row: 'projector3-predictor3',
      to: 'projector2-predictor2',
    },
  ],
};
