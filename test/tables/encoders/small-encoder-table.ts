import type { Environment } from '../../../lib/run/environment.js';
import type { EncoderTable } from '../../../lib/tables/encoders/encoder-table.js';
import type { PlannedEvaluation } from '../../../lib/tables/encoders/plan.js';
import type { Measured } from '../../../lib/tables/encoders/records.js';

/** A table of encoders for tests that compute nothing. */

export const table: EncoderTable = {
  id: 'small',
  title: 'A <small> table',
  source: 'Paper Table 0',
  columns: ['top-1', 'top-5', 'Flowers', 'Food'],
  measures: [
    { set: 'imagenet', by: 'linear', number: 'top1' },
    { set: 'imagenet', by: 'linear', number: 'top5' },
    { set: 'flowers102', by: 'linear', number: 'metric' },
    { set: 'food101', by: 'linear', number: 'metric' },
  ],
  rows: [
    { id: 'other', label: 'Other', published: [60, null, null, null] },
    { id: 'byol', label: 'BYOL', published: [74.3, 91.6, 96.1, 75.3], encoder: { method: 'byol' } },
    { id: 'large', label: 'BYOL, larger', published: [75, null, null, null], encoder: { method: 'byol' } },
    {
      id: 'untrained',
      label: 'untrained | <network>',
      published: [null, null, null, null],
      encoder: { method: 'untrained' },
    },
  ],
  ciRows: ['byol', 'untrained'],
  claims: [
    {
      says: 'It helps.',
      kind: 'better',
      of: { row: 'byol', column: 'top-1' },
      than: { row: 'untrained', column: 'top-1' },
    },
    {
      says: 'It is the same.',
      kind: 'close',
      of: { row: 'byol', column: 'top-5' },
      than: { row: 'untrained', column: 'top-5' },
    },
    {
      says: 'Food too.',
      kind: 'better',
      of: { row: 'byol', column: 'Food' },
      than: { row: 'untrained', column: 'Food' },
    },
  ],
  notes: ['A remark.'],
};

/** What the evaluations of that table come to. */
export function usual({ row, seed, set }: PlannedEvaluation): Measured {
  const top1 = (row.id === 'byol' ? 0.5 : 0.3) + 0.01 * seed;
  const flowers = set.name === 'flowers102';
  return {
    outcome: 'finished',
    metric: flowers ? 'mean-per-class' : 'top1',
    numbers: flowers ? { top1: 0.9, meanPerClass: top1 } : { top1, top5: 0.9 },
    notes: ['A sentence.'],
    seconds: 2,
  };
}

export const place = async (): Promise<Environment> => ({
  date: '2020-01-01T00:00:00.000Z',
  command: '/home/somebody/byol tables small',
  version: '0.1.0',
  commit: 'abc',
  node: 'v24.0.0',
  platform: 'linux x64',
  torch: '2.13.0',
  cpu: 'A processor',
  cores: 2,
  memoryGiB: 8,
  cpuCapability: 'AVX2',
  host: 'secret-host',
  threads: 2,
  device: 'cpu',
  precision: 'float32',
});
