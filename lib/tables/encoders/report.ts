import { differences } from '../../config/differences.js';
import type { Config } from '../../config/schema.js';
import { withExplanation } from '../claims.js';
import { singleLook } from '../judging/looks.js';
import { generalRule } from '../judging/rules.js';
import type { RecordEnvironment } from '../record-environment.js';
import { type Summary, summarize } from '../statistics.js';
import type { PublishedNumber } from '../table.js';
import {
  type CellClaim,
  type CellJudgement,
  type CellName,
  type CellSample,
  cellRules,
  judgeCells,
} from './cell-claims.js';
import { tableEvaluation } from './evaluations.js';
import type { EncoderPlan, PlannedColumn, PlannedEncoderRow, PlannedEvaluation } from './plan.js';
import type { EvaluationRecord } from './records.js';

/** A table of encoders with what was measured: the content of table.json, and of what people read. */
export interface EncoderTableReport {
  readonly table: string;
  readonly title: string;
  readonly source: string;
  readonly notes: readonly string[];
  readonly scale: string;
  /** What the scale was on this table. */
  readonly used: string;
  readonly seeds: number;
  /** Evaluations. */
  readonly finishedRuns: number;
  readonly plannedRuns: number;
  readonly columns: readonly ReportedColumn[];
  readonly rows: readonly ReportedEncoder[];
  readonly claims: readonly CellJudgement[];
  /** Claims of which a number is not measured here, in words: nobody judges them. */
  readonly unmeasuredClaims: readonly string[];
  /** How all claims are judged, and what each kind of them takes to hold. */
  readonly rule: string;
  readonly rules: readonly string[];
  /** What protocols said of their evaluations, each sentence once. */
  readonly remarks: readonly string[];
  /** Where evaluations were made, one entry for each distinct place. */
  readonly environments: readonly object[];
  /** The scale's configuration, but where its images lie. */
  readonly base: object;
}

export interface ReportedColumn {
  readonly name: string;
  /** How it is measured, in words; where rows differ in that, for each way. */
  readonly how: readonly string[];
  /** On which images; or why not. */
  readonly images: string;
  readonly measured: boolean;
  /** Which number: 'top1', 'top5', 'mean-per-class', 'map11'; 'metric' while none is known. */
  readonly number: string;
}

export interface ReportedEncoder {
  readonly id: string;
  readonly label: string;
  readonly published: readonly PublishedNumber[];
  readonly source: string;
  /** What differs from the base configuration, 'key.path: value' each. */
  readonly settings: readonly string[];
  /** Why the row is not measured at this scale. */
  readonly notRun?: string;
  /** By column, as fractions; null: not measured. */
  readonly measured: ReadonlyArray<Summary | null>;
  /** Evaluations that were not finite. */
  readonly diverged: number;
}

/** `records` by PlannedEvaluation.name; evaluations without one have not been made. */
export function reportEncoderTable(
  plan: EncoderPlan,
  records: ReadonlyMap<string, EvaluationRecord>,
): EncoderTableReport {
  const { table, base, columns } = plan;
  const valuesOf = (row: string, column: PlannedColumn): number[] | undefined => {
    const asked = plan.evaluations.filter((planned) => isOf(planned, row, column));
    if (asked.length === 0) return undefined;
    return asked.flatMap(({ name }) => numberOf(records.get(name), column) ?? []);
  };
  const samples = ({ row, column }: CellName): CellSample[] | undefined => {
    const found = columns.find(({ name }) => name === column);
    const asked = plan.evaluations.filter((planned) => found !== undefined && isOf(planned, row, found));
    if (found === undefined || asked.length === 0) return undefined;
    return asked.flatMap(({ name, seed }) => {
      const record = records.get(name);
      if (record === undefined) return [];
      return [{ seed, value: numberOf(record, found), origin: record.environment }];
    });
  };
  const looks = singleLook(plan.seeds);
  const isMeasured = ({ of, than }: CellClaim): boolean => [of, than].every((cell) => samples(cell) !== undefined);
  const finished = plan.evaluations.flatMap(({ name }) => records.get(name) ?? []);
  return {
    table: table.id,
    title: table.title,
    source: table.source,
    notes: table.notes ?? [],
    scale: plan.scale,
    used: base.used,
    seeds: plan.seeds,
    finishedRuns: finished.length,
    plannedRuns: plan.evaluations.length,
    columns: columns.map((column) => reportedColumn(plan, column, records)),
    rows: plan.rows.map((planned) => ({
      id: planned.row.id,
      label: planned.row.label,
      published: planned.row.published,
      source: planned.row.source ?? table.source,
      settings: settingsText(base.config, planned),
      ...(planned.notRun !== undefined && { notRun: planned.notRun }),
      measured: columns.map((column) => summarize(valuesOf(planned.row.id, column) ?? [])),
      diverged: plan.evaluations.filter(
        ({ row, name }) => row.id === planned.row.id && records.get(name)?.outcome === 'diverged',
      ).length,
    })),
    claims: plan.claims
      .filter(isMeasured)
      .map((claim) => withExplanation(judgeCells(claim, samples, looks), plan.scale)),
    unmeasuredClaims: plan.claims.filter((claim) => !isMeasured(claim)).map(({ says }) => says),
    rule: generalRule(
      looks,
      'the same seed gives every encoder the same initial weights, where its network is the same, and every evaluation the same draws.',
    ),
    rules: [...new Set(plan.claims.map(({ kind }) => cellRules[kind]))],
    remarks: [...new Set(finished.flatMap(({ protocol, notes }) => notes.map((note) => `${protocol}: ${note}`)))],
    environments: distinctPlaces(finished.map(({ environment }) => environment)),
    base: { ...base.config, data: { kind: base.config.data.kind } },
  };
}

/** Whether an evaluation has the number of a row in a column. */
function isOf({ row, by, set }: PlannedEvaluation, id: string, column: PlannedColumn): boolean {
  return row.id === id && set.name === column.set && by === (row.by ?? column.by);
}

function reportedColumn(
  { rows, base, evaluations }: EncoderPlan,
  column: PlannedColumn,
  records: ReadonlyMap<string, EvaluationRecord>,
): ReportedColumn {
  const { name, set, by, number, notRun } = column;
  const ways = new Set(rows.flatMap(({ row, notRun: left }) => (left === undefined ? [row.by ?? by] : [])));
  const one = evaluations.find((planned) => planned.set.name === set && records.has(planned.name));
  const metric = one && records.get(one.name)?.metric;
  return {
    name,
    how: [...ways].map((way) => tableEvaluation(way).title),
    images: base.sets.get(set)?.text ?? '',
    measured: notRun === undefined,
    number: number === 'metric' ? (metric ?? 'metric') : number,
  };
}

/** Where a metric is found in a result. */
const keys: Readonly<Record<string, string>> = { 'mean-per-class': 'meanPerClass' };

function numberOf(record: EvaluationRecord | undefined, { number }: PlannedColumn): number | null {
  if (record === undefined) return null;
  const name = number === 'metric' ? record.metric : number;
  return record.numbers[keys[name] ?? name] ?? null;
}

function settingsText(base: Config, { row: { encoder }, config }: PlannedEncoderRow): string[] {
  if (config === null || encoder === undefined) return [];
  const network = differences(base, config)
    .filter(({ path }) => /^(encoder|epochs)\b/.test(path))
    .map(({ path, new: value }) => `${path}: ${JSON.stringify(value)}`);
  return [`method: ${encoder.method}`, ...(encoder.on === undefined ? [] : [`on: ${encoder.on}`]), ...network];
}

function distinctPlaces(environments: readonly RecordEnvironment[]): object[] {
  const distinct = new Map<string, object>();
  for (const { date: _date, ...place } of environments) distinct.set(JSON.stringify(place), place);
  return [...distinct.values()];
}
