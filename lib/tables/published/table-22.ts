import type { PublishedNumber, Row, Table } from '../table.js';
import { PREDICTOR_KEEPS_UP } from './settings.js';

const lambdas = [1, 1.5, 2, 5, 10] as const;

/** One row of the paper's table: a multiplier mu of the projector's learning rate with all lambda of the predictor's. */
function rows(mu: number, published: readonly PublishedNumber[]): Row[] {
  return lambdas.map((lambda, index) => ({
    id: `mu${mu}-lambda${lambda}`,
    label: `stop-gradient, projector's learning rate times ${mu}, predictor's times ${lambda}`,
    published: [published[index] as PublishedNumber],
    settings: {
      target: { mode: 'stop-gradient' },
      optimizer: { projectorLearningRateScale: mu, predictorLearningRateScale: lambda },
    },
  }));
}

export const table22: Table = {
  id: '22',
  title: 'Faster projector and predictor without a moving average (BYOL Table 22)',
  source: 'BYOL Table 22',
  columns: ['top-1'],
  rows: [
    ...rows(1, [[3.2, 2.9], [25.7, 6.6], [60.8, 2.9], [66.7, 0.4], 66.9]),
    ...rows(1.5, [
      [1.4, 2],
      [9.2, 7],
      [55.2, 5.8],
      [61.5, 0.6],
      [66, 0.3],
    ]),
    ...rows(2, [[2, 2.8], [5.3, 1.9], [15.8, 13.4], [60.9, 0.8], 66.3]),
    ...rows(5, [
      [1.5, 0.9],
      [2.5, 1.5],
      [2.5, 1.4],
      [20.5, 2],
      [60.5, 0.6],
    ]),
    ...rows(10, [0.1, [2.1, 0.3], [1.9, 0.8], [2.8, 0.4], [8.3, 6.8]]),
  ],
  ciRows: ['mu1-lambda1', 'mu1-lambda10', 'mu10-lambda1', 'mu10-lambda10'],
  claims: [
    {
      says: 'A faster predictor makes it learn.',
      kind: 'better',
      row: 'mu1-lambda10',
      than: 'mu1-lambda1',
      explained: PREDICTOR_KEEPS_UP,
    },
    {
      says: 'It has to be faster than the projector, not only than the encoder.',
      kind: 'better',
      row: 'mu1-lambda10',
      than: 'mu10-lambda10',
    },
    { says: 'A faster projector alone does not help.', kind: 'better', row: 'mu1-lambda10', than: 'mu10-lambda1' },
  ],
};
