import { runName, type TablePlan } from '../plan.js';
import type { TableRecord } from '../records.js';
import { LEAST_SEEDS, type Look, sequentialLooks, singleLook } from './looks.js';
import type { AccuracyMeasure } from './measures.js';
import type { RecordOf } from './paired-seeds.js';

/** By what a table's claims are judged. */
export interface Evidence {
  readonly recordOf: RecordOf;
  /** Ids of the rows that are run at this scale. */
  readonly rows: ReadonlySet<string>;
  readonly looks: readonly Look[];
  readonly judgedBy: AccuracyMeasure;
}

/** `records` by PlannedRun.name. */
export function evidenceOf(plan: TablePlan, records: ReadonlyMap<string, TableRecord>): Evidence {
  return {
    recordOf: (row, seed) => records.get(runName(row, seed)),
    rows: new Set(plan.rows.flatMap(({ row, config }) => (config === null ? [] : row.id))),
    looks: looksOf(plan),
    judgedBy: plan.table.judgedBy ?? 'knn',
  };
}

/** A plan of fewer seeds than decide anything is a try, which asks for no more. */
export function looksOf({ seeds }: Pick<TablePlan, 'seeds'>): Look[] {
  return seeds < LEAST_SEEDS ? singleLook(seeds) : sequentialLooks(seeds);
}
