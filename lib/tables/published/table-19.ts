import type { ConfigPatch } from '../../config/layers.js';
import type { Row, Table } from '../table.js';
import { batchNegatives, PREDICTOR_KEEPS_UP, SIMCLR_AT_ITS_END } from './settings.js';

type Mode = 'ema' | 'stop-gradient' | 'gradient';

const targets: Readonly<Record<Mode, string>> = {
  ema: 'moving average',
  'stop-gradient': 'online network, stop-gradient',
  gradient: 'online network, with gradient',
};

function row(id: string, predictor: boolean, mode: Mode, beta: 0 | 1, top1: number): Row {
  const settings: ConfigPatch = {
    ...(!predictor && { predictor: null }),
    ...(mode !== 'ema' && { target: { mode } }),
    ...(beta === 1 && { objective: { negatives: batchNegatives } }),
  };
  const label = `${predictor ? 'predictor' : 'no predictor'}, target: ${targets[mode]}, beta ${beta}`;
  return { id, label, published: [top1], settings };
}

export const table19: Table = {
  id: '19',
  title: 'Predictor, target and negatives, with stop-gradient (BYOL Table 19)',
  source: 'BYOL Table 19',
  columns: ['top-1'],
  rows: [
    row('byol', true, 'ema', 0, 72.5),
    row('predictor-ema-beta1', true, 'ema', 1, 70.9),
    row('ema-beta1', false, 'ema', 1, 70.7),
    row('predictor-sg-beta1', true, 'stop-gradient', 1, 70.2),
    row('simclr', false, 'gradient', 1, 69.4),
    row('sg-beta1', false, 'stop-gradient', 1, 69.2),
    row('predictor-gradient-beta1', true, 'gradient', 1, 69),
    row('predictor-sg', true, 'stop-gradient', 0, 5.5),
    row('predictor-gradient', true, 'gradient', 0, 0.3),
    row('ema', false, 'ema', 0, 0.2),
    row('sg', false, 'stop-gradient', 0, 0.1),
    row('gradient', false, 'gradient', 0, 0.1),
  ],
  ciRows: ['byol', 'ema-beta1', 'simclr', 'sg-beta1', 'predictor-sg', 'predictor-gradient', 'ema', 'sg', 'gradient'],
  claims: [
    { says: 'BYOL does not collapse.', kind: 'doesNotCollapse', row: 'byol' },
    {
      says: 'Without a moving average BYOL barely learns.',
      kind: 'better',
      row: 'byol',
      than: 'predictor-sg',
      explained: PREDICTOR_KEEPS_UP,
    },
    { says: 'A predictor alone collapses.', kind: 'collapses', row: 'predictor-gradient' },
    { says: 'A moving average alone collapses.', kind: 'collapses', row: 'ema' },
    { says: 'Stop-gradient alone collapses.', kind: 'collapses', row: 'sg' },
    { says: 'Nothing at all collapses.', kind: 'collapses', row: 'gradient' },
    { says: 'With negatives stop-gradient costs nothing.', kind: 'close', row: 'sg-beta1', to: 'simclr' },
    {
      says: 'With negatives a moving average helps.',
      kind: 'better',
      row: 'ema-beta1',
      than: 'sg-beta1',
      explained: SIMCLR_AT_ITS_END,
    },
  ],
  notes: ['The paper prints "predictor, stop-gradient, beta 1" twice, as 70.2 and 70.1; here it is one row.'],
};
