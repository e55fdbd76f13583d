import type { PublishedNumber, Row, Table } from '../table.js';
import { PREDICTOR_KEEPS_UP } from './settings.js';

function row(predictorRate: number, published: PublishedNumber): Row {
  return {
    id: `lambda${predictorRate}`,
    label: `stop-gradient, predictor's learning rate times ${predictorRate}`,
    published: [published],
    settings: { target: { mode: 'stop-gradient' }, optimizer: { predictorLearningRateScale: predictorRate } },
  };
}

export const table21: Table = {
  id: '21',
  title: 'A faster predictor instead of a moving average (BYOL Table 21)',
  source: 'BYOL Table 21',
  columns: ['top-1'],
  rows: [
    row(0, 0.01),
    row(1, 5.5),
    row(2, [62.8, 1.5]),
    row(10, 66.6),
    row(20, [66.3, 0.3]),
    { id: 'byol', label: 'BYOL: moving average, one learning rate', published: [72.5] },
  ],
  ciRows: ['lambda0', 'lambda1', 'lambda10', 'byol'],
  claims: [
    {
      says: 'With a predictor that learns ten times as fast no moving average is needed.',
      kind: 'doesNotCollapse',
      row: 'lambda10',
    },
    {
      says: 'The faster predictor is what makes it learn.',
      kind: 'better',
      row: 'lambda10',
      than: 'lambda1',
      explained: PREDICTOR_KEEPS_UP,
    },
    {
      says: 'A predictor that does not learn makes it learn nothing.',
      kind: 'better',
      row: 'lambda10',
      than: 'lambda0',
    },
    {
      says: 'The moving average is better still.',
      kind: 'better',
      row: 'byol',
      than: 'lambda10',
      explained: PREDICTOR_KEEPS_UP,
    },
  ],
};
