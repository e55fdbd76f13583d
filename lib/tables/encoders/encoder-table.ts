import type { ConfigPatch } from '../../config/layers.js';
import type { Config } from '../../config/schema.js';
import type { MethodName } from '../../methods/index.js';
import type { PublishedNumber, Table } from '../table.js';
import type { CellClaim } from './cell-claims.js';
import type { EvaluationName } from './evaluations.js';
import type { SetName } from './sets.js';

/**
 * What a file in published/ describes whose rows are encoders and whose columns say what each is asked: one pretraining serves
 * all columns of its row, and rows of other tables.
 */
export interface EncoderTable extends Pick<Table, 'id' | 'aliases' | 'title' | 'source' | 'columns' | 'notes'> {
  readonly rows: readonly EncoderRow[];
  /** How each of `columns` is measured, in their order. */
  readonly measures: readonly ColumnMeasure[];
  /** What the paper concludes, and what any use of the protocols takes for granted: that training helps. */
  readonly claims: readonly CellClaim[];
  /** Ids of the rows that scale 'ci' runs, where all would take too long. Absent: all that can be. */
  readonly ciRows?: readonly string[];
  /** What scale 'ci' changes for the pretraining of every row. */
  readonly ciSettings?: ConfigPatch;
  /** How many times as long as for other tables scale 'ci' pretrains; 1 if left out. */
  readonly ciLength?: number;
  readonly missing?: never;
}

/** One number of one evaluation. */
export interface ColumnMeasure {
  readonly set: SetName;
  readonly by: EvaluationName;
  /** Which of the result: 'metric' is what results of the set are reported in. */
  readonly number: 'top1' | 'top5' | 'metric';
}

/** An encoder, the numbers that were published of it, and how it is measured here. */
export interface EncoderRow {
  /** Names its record files: lower case letters, digits, '-' and '.'. */
  readonly id: string;
  readonly label: string;
  /** In the order of the table's columns. */
  readonly published: readonly PublishedNumber[];
  /** Where this row's numbers are from, if not from the table's source. */
  readonly source?: string;
  /** Absent: a system that this package does not have. */
  readonly encoder?: RowEncoder;
  /** How this row is measured in every column, where rows differ in that. */
  readonly by?: EvaluationName;
}

/** How an encoder comes to be. */
export interface RowEncoder {
  /** 'untrained': the network as it begins, with each seed another. */
  readonly method: MethodName | 'untrained';
  /** Images to train with; 'imagenet' if left out. */
  readonly on?: SetName;
  /** What else differs from the scale's base: another network. */
  readonly settings?: (base: Config) => ConfigPatch;
}

/** Tells tables whose rows are encoders from those whose rows are runs. */
export function isEncoderTable(table: Table | EncoderTable): table is EncoderTable {
  return 'measures' in table;
}
