import type { TableRecord } from '../../lib/tables/records.js';

/** A finished run, that learnt: 30 % before, 50 % after. */
export function recordWith(changes: Partial<TableRecord>): TableRecord {
  return {
    table: 'small',
    scale: 'ci',
    row: 'a',
    seed: 0,
    key: 'key',
    outcome: 'finished',
    knnTop1: 0.5,
    untrainedKnnTop1: 0.3,
    linearTop1: null,
    untrainedLinearTop1: null,
    collapseStd: 0.8,
    collapseRank: 30,
    loss: 1,
    verdict: { state: 'learning', text: 'In words.' },
    epochs: 5,
    steps: 10,
    seconds: 5,
    environment: {
      date: '2020-01-01T00:00:00.000Z',
      version: '0.1.0',
      commit: 'abc',
      node: 'v20',
      platform: 'linux x64',
      torch: '2.13.0',
      cpu: 'A processor',
      cores: 2,
      memoryGiB: 8,
      cpuCapability: 'AVX2',
      threads: 2,
      device: 'cpu',
      precision: 'float32',
    },
    ...changes,
  };
}
