import type { ConfigPatch } from '../config/layers.js';
import type { Config } from '../config/schema.js';
import type { Claim } from './claims.js';
import type { AccuracyMeasure } from './judging/measures.js';

/** What a file in published/ describes: one table of a paper, as data. */
export interface Table {
  /** What `byol tables NAME` takes: '5b', 'optimal-predictor'. */
  readonly id: string;
  /** Other names: two tables of the paper that print the same numbers. */
  readonly aliases?: readonly string[];
  readonly title: string;
  /** Where its numbers are from: 'BYOL Table 5b'. */
  readonly source: string;
  /** Names of the published numbers, with their unit unless it is percent. The first is what measurements stand beside. */
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** What the paper concludes from the table; judged by claims.ts. */
  readonly claims: readonly Claim[];
  /** What claims are judged by that do not say it themselves; absent: kNN, which scale 'ci' measures of every run. */
  readonly judgedBy?: AccuracyMeasure;
  /** What has to be there before the table can run. Absent: it runs. */
  readonly missing?: string;
  /** Ids of the rows that scale 'ci' runs, where all would take too long. Absent: all. */
  readonly ciRows?: readonly string[];
  /** What scale 'ci' changes for every row, where its usual settings leave nothing to see. */
  readonly ciSettings?: ConfigPatch;
  /** A figure of the paper that draws these numbers. */
  readonly figure?: Figure;
  /** Remarks that a reader of the numbers needs. */
  readonly notes?: readonly string[];
}

/** What systems lose from their first row on, one line each, published and measured side by side. */
export interface Figure {
  /** 'Figure 3a'. */
  readonly title: string;
  /** What is changed along the axis. */
  readonly axis: string;
  /** One for each place on the axis. */
  readonly points: readonly string[];
  /** Ids of rows, one for each point; the first is what the others are compared with. */
  readonly lines: ReadonlyArray<{ readonly name: string; readonly rows: readonly string[] }>;
}

/** One system or setting of a table. */
export interface Row {
  /** Names its record files: lower case letters, digits, '-' and '.'. */
  readonly id: string;
  readonly label: string;
  /** In the order of the table's columns. */
  readonly published: readonly PublishedNumber[];
  /** Where this row's numbers are from, if not from the table's source. */
  readonly source?: string;
  /**
   * What the row changes in the scale's base configuration; absent: nothing. null: nothing can be changed there (views without
   * a blur cannot lose it), and the row is not run at that scale.
   */
  readonly settings?: ConfigPatch | ((base: Config) => ConfigPatch | null);
}

/** A number as printed, with the half range over seeds where that is printed too; null: not published. */
export type PublishedNumber = number | readonly [value: number, halfRange: number] | null;

/** "72.5", "69.6 ± 0.5", "-". */
export function publishedText(number: PublishedNumber | undefined): string {
  if (number === null || number === undefined) return '-';
  // Printed are one decimal, or more where it says anything (0.573).
  const text = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value));
  return typeof number === 'number' ? text(number) : `${text(number[0])} ± ${text(number[1])}`;
}

/** The number without its spread. */
export function publishedValue(number: PublishedNumber | undefined): number | null {
  if (number === null || number === undefined) return null;
  return typeof number === 'number' ? number : number[0];
}
