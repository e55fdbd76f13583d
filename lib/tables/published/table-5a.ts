import type { Config } from '../../config/schema.js';
import type { Table } from '../table.js';
import { PREDICTOR_KEEPS_UP } from './settings.js';

/**
 * 1 - tau relative to the base's, which is the paper's best (0.99): a shorter run needs a faster target. At most 0.5: a tau of 0
 * is another row.
 */
const decay = (base: Config, factor: number) => ({
  target: { tauBase: Number((1 - Math.min(0.5, (1 - base.target.tauBase) * factor)).toPrecision(6)) },
});

export const table5a: Table = {
  id: '5a',
  title: 'How fast the target follows (BYOL Table 5a)',
  source: 'BYOL Table 5a',
  columns: ['top-1'],
  rows: [
    {
      id: 'constant',
      label: 'constant random network (tau 1)',
      published: [[18.8, 0.7]],
      settings: { target: { tauBase: 1, schedule: 'constant', init: 'independent' } },
    },
    {
      id: 'slower',
      label: 'moving average, tau 0.999: 1 - tau is a tenth of the base',
      published: [69.8],
      settings: (base) => decay(base, 0.1),
    },
    { id: 'byol', label: 'moving average, tau 0.99: the base', published: [72.5] },
    {
      id: 'faster',
      label: 'moving average, tau 0.9: 1 - tau is ten times the base, at most 0.5',
      published: [68.4],
      settings: (base) => decay(base, 10),
    },
    {
      id: 'stop-gradient',
      label: 'stop-gradient of the online network (tau 0)',
      published: [0.3],
      settings: { target: { mode: 'stop-gradient' } },
    },
  ],
  claims: [
    { says: 'BYOL does not collapse.', kind: 'doesNotCollapse', row: 'byol' },
    {
      says: 'A moving average is better than a constant random target.',
      kind: 'better',
      row: 'byol',
      than: 'constant',
    },
    {
      says: 'A moving average is better than the online network itself as target.',
      kind: 'better',
      row: 'byol',
      than: 'stop-gradient',
      explained: PREDICTOR_KEEPS_UP,
    },
    { says: 'A target that follows ten times slower is worse.', kind: 'better', row: 'byol', than: 'slower' },
    {
      says: 'A target that follows ten times faster is worse.',
      kind: 'better',
      row: 'byol',
      than: 'faster',
      explained: PREDICTOR_KEEPS_UP,
    },
  ],
  notes: ['For tau 0 Table 5a prints 0.3; Table 19 prints 5.5 for what reads as the same setting.'],
};
