import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../lib/config/schema.js';
import type { Table } from '../../lib/tables/table.js';
import type { Outcome } from './fake-train.js';

/** A table of two rows for tests that train nothing. */

export const table: Table = {
  id: 'small',
  title: 'A <small> table',
  source: 'Paper Table 0',
  columns: ['top-1', 'top-5'],
  rows: [
    { id: 'byol', label: 'BYOL', published: [72.5, 90.8] },
    { id: 'alone', label: 'no predictor | <none>', published: [[0.2, 0.1], null], settings: { predictor: null } },
  ],
  claims: [
    { says: 'Without a predictor it collapses.', kind: 'collapses', row: 'alone' },
    { says: 'BYOL is better.', kind: 'better', row: 'byol', than: 'alone' },
    { says: 'Both are the same.', kind: 'close', row: 'byol', to: 'alone', explained: 'A remark on it.' },
  ],
  notes: ['A remark.'],
};

export const usual = (config: Config): Outcome =>
  config.predictor === null ? { knn: 0.1, std: 0.01 } : { knn: 0.5 + 0.01 * config.seed, std: 0.8 };

export const recordsIn = (out: string): string[] => readdirSync(path.join(out, 'small', 'ci', 'records')).sort();
export const read = (out: string, ...names: string[]): string =>
  readFileSync(path.join(out, 'small', 'ci', ...names), 'utf8');
