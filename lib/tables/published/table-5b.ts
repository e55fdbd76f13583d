import type { Table } from '../table.js';
import { batchNegatives, SIMCLR_AT_ITS_END, SIMCLR_LEARNS_FASTER } from './settings.js';

export const table5b: Table = {
  id: '5b',
  title: 'Between BYOL and SimCLR (BYOL Table 5b)',
  source: 'BYOL Table 5b',
  columns: ['top-1'],
  rows: [
    { id: 'byol', label: 'BYOL: predictor, target network, beta 0', published: [72.5] },
    {
      id: 'byol-negatives',
      label: 'predictor, target network, beta 1',
      published: [70.9],
      settings: { objective: { negatives: batchNegatives } },
    },
    {
      id: 'target-negatives',
      label: 'target network, beta 1',
      published: [70.7],
      settings: { predictor: null, objective: { negatives: batchNegatives } },
    },
    {
      id: 'simclr',
      label: 'SimCLR: beta 1',
      published: [69.4],
      settings: { predictor: null, target: { mode: 'gradient' }, objective: { negatives: batchNegatives } },
    },
    {
      id: 'predictor-negatives',
      label: 'predictor, beta 1',
      published: [69.1],
      settings: { target: { mode: 'gradient' }, objective: { negatives: batchNegatives } },
    },
    {
      id: 'predictor-only',
      label: 'predictor, beta 0',
      published: [0.3],
      settings: { target: { mode: 'gradient' } },
    },
    {
      id: 'mean-teacher',
      label: '"unsupervised Mean Teacher": target network, beta 0',
      published: [0.2],
      settings: { predictor: null },
    },
    {
      id: 'nothing',
      label: 'beta 0',
      published: [0.1],
      settings: { predictor: null, target: { mode: 'gradient' } },
    },
  ],
  claims: [
    { says: 'BYOL does not collapse, though nothing is pushed apart.', kind: 'doesNotCollapse', row: 'byol' },
    { says: 'Without its predictor it collapses.', kind: 'collapses', row: 'mean-teacher' },
    { says: 'Without its target network it collapses.', kind: 'collapses', row: 'predictor-only' },
    { says: 'Without both it collapses.', kind: 'collapses', row: 'nothing' },
    {
      says: 'SimCLR, which has neither, needs its negatives: with them it does not collapse.',
      kind: 'doesNotCollapse',
      row: 'simclr',
    },
    {
      says: 'BYOL is better than SimCLR.',
      kind: 'better',
      row: 'byol',
      than: 'simclr',
      explained: SIMCLR_LEARNS_FASTER,
    },
    {
      says: 'A target network helps SimCLR too.',
      kind: 'better',
      row: 'target-negatives',
      than: 'simclr',
      explained: SIMCLR_AT_ITS_END,
    },
    {
      says: 'A predictor without a target network does nothing for SimCLR.',
      kind: 'close',
      row: 'predictor-negatives',
      to: 'simclr',
    },
  ],
  notes: [
    'Rows differ in predictor, target and beta only. "No target network" means targets from the online network with gradient; Table 19 has stop-gradient apart.',
  ],
};
