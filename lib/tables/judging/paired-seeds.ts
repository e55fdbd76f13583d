import { type Claim, rowsOf } from '../claims.js';
import { describeOrigin, sameOrigin } from '../origin.js';
import type { TableRecord } from '../records.js';
import type { Measure } from './measures.js';

/**
 * What each seed says of a claim. The same seed gives every row the same initial encoder, order of images and augmentation, so
 * that what it does to one row it does, in part, to another, and is gone from their difference.
 */

/** The record of a row with a seed; undefined: there is none. */
export type RecordOf = (row: string, seed: number) => TableRecord | undefined;

/** Of a seed with which all rows of the claim have a record. */
export type SeedResult =
  /** The difference that the claim is about, in units of its measure; of a claim on collapse, the spread itself. */
  | { readonly seed: number; readonly is: 'value'; readonly value: number }
  | { readonly seed: number; readonly is: 'diverged'; readonly row: string }
  | { readonly seed: number; readonly is: 'unmeasured' };

export interface PairedSeeds {
  /** In the order of their numbers. */
  readonly results: readonly SeedResult[];
  /** Seeds that do not count, since the claim's rows were not made in the same way; with what they were made by. */
  readonly unlike: ReadonlyArray<{ readonly seed: number; readonly made: readonly string[] }>;
}

/** `seeds`: those below this number are looked for. */
export function pairSeeds(claim: Claim, measure: Measure, recordOf: RecordOf, seeds: number): PairedSeeds {
  const results: SeedResult[] = [];
  const unlike: { seed: number; made: string[] }[] = [];
  const rows = rowsOf(claim);
  for (let seed = 0; seed < seeds; seed += 1) {
    const records = rows.flatMap((row) => recordOf(row, seed) ?? []);
    const [first] = records;
    if (first === undefined || records.length < rows.length) continue;
    if (!records.every((record) => madeAlike(record, first))) unlike.push({ seed, made: makersOf(records) });
    else results.push(resultOf(claim, measure, seed, records));
  }
  return { results, unlike };
}

/** What is not known to be alike is not. */
function madeAlike(a: TableRecord, b: TableRecord): boolean {
  return a === b || (a.environment !== null && b.environment !== null && sameOrigin(a.environment, b.environment));
}

function makersOf(records: readonly TableRecord[]): string[] {
  const makers = records.map(({ environment }) =>
    environment === null ? 'something that the record does not tell' : describeOrigin(environment),
  );
  return [...new Set(makers)];
}

function resultOf(claim: Claim, measure: Measure, seed: number, records: readonly TableRecord[]): SeedResult {
  const diverged = records.find(({ outcome }) => outcome === 'diverged');
  if (diverged !== undefined) return { seed, is: 'diverged', row: diverged.row };
  const values = records.map((record) => measuredValue(claim, measure, record));
  if (!values.every((value) => value !== null)) return { seed, is: 'unmeasured' };
  // Of a loss, the better row comes first: (from - to) - (other from - other to).
  const value = values.reduce((sum, item, index) => sum + (index === 0 || index === 3 ? item : -item), 0);
  return { seed, is: 'value', value };
}

function measuredValue({ kind }: Claim, measure: Measure, record: TableRecord): number | null {
  // A spread that is not a number is none.
  if (kind === 'collapses' || kind === 'doesNotCollapse') return record.collapseStd ?? 0;
  if (kind === 'learns') return gainOf(record, measure);
  switch (measure) {
    case 'knn':
      return record.knnTop1;
    case 'linear':
      return record.linearTop1;
    case 'spread':
      return record.collapseStd;
    case 'rank':
      return record.collapseRank;
  }
}

/** Over the same network before its first step; null: not measured, as of spread and rank. */
export function gainOf(record: TableRecord, measure: Measure): number | null {
  if (measure !== 'knn' && measure !== 'linear') return null;
  const [trained, untrained] =
    measure === 'linear' ? [record.linearTop1, record.untrainedLinearTop1] : [record.knnTop1, record.untrainedKnnTop1];
  return trained === null || untrained === null ? null : trained - untrained;
}
