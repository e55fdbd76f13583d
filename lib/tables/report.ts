import { differences } from '../config/differences.js';
import type { Config } from '../config/schema.js';
import { type Judgement, withExplanation } from './claims.js';
import { evidenceOf } from './judging/evidence.js';
import { judgeClaim } from './judging/judge-claim.js';
import { gainOf } from './judging/paired-seeds.js';
import { generalRule, rulesOf } from './judging/rules.js';
import { possibleRuns } from './next-seeds.js';
import type { TablePlan } from './plan.js';
import type { TableRecord } from './records.js';
import { type Summary, summarize } from './statistics.js';
import type { Figure, PublishedNumber } from './table.js';

/** A table with what was measured: the content of table.json, and of what people read. */

export interface ReportedRow {
  readonly id: string;
  readonly label: string;
  /** What differs from the base configuration, 'key.path: value' each. */
  readonly settings: readonly string[];
  readonly published: readonly PublishedNumber[];
  readonly source: string;
  /** Why the row is not run at this scale. */
  readonly notRun?: string;
  /** null: no run of it has finished. */
  readonly measured: MeasuredRow | null;
}

export interface MeasuredRow {
  readonly runs: number;
  readonly diverged: number;
  /** Accuracies as fractions; null: not measured. */
  readonly knnTop1: Summary | null;
  readonly linearTop1: Summary | null;
  /** Over the same network before its first step. */
  readonly knnGain: Summary | null;
  readonly linearGain: Summary | null;
  readonly collapseStd: Summary | null;
  readonly collapseRank: Summary | null;
  /** Runs by what the verdict on them was. */
  readonly verdicts: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** A table with what was measured: the content of table.json, and of what people read. */
export interface TableReport {
  readonly table: string;
  readonly title: string;
  readonly source: string;
  readonly columns: readonly string[];
  readonly notes: readonly string[];
  readonly figure?: Figure;
  readonly scale: string;
  /** What the scale was on this table. */
  readonly used: string;
  readonly seeds: number;
  readonly finishedRuns: number;
  readonly plannedRuns: number;
  /** Finished runs of more seeds than planned, for claims that were open. */
  readonly extraRuns: number;
  readonly rows: readonly ReportedRow[];
  readonly claims: readonly Judgement[];
  /** How all claims are judged, and what each kind of them takes to hold. */
  readonly rule: string;
  readonly rules: readonly string[];
  /** Where the runs were made, one entry for each distinct place. */
  readonly environments: ReadonlyArray<Readonly<Record<string, unknown>>>;
  /** The scale's configuration, but where its images lie. */
  readonly base: object;
}

/** `records` by PlannedRun.name, of more seeds than planned too (possibleRuns()); runs without one have not finished. */
export function reportTable(plan: TablePlan, records: ReadonlyMap<string, TableRecord>): TableReport {
  const { table, base } = plan;
  const byRow = new Map<string, TableRecord[]>();
  for (const run of possibleRuns(plan)) {
    const record = records.get(run.name);
    if (record !== undefined) byRow.set(run.row.id, [...(byRow.get(run.row.id) ?? []), record]);
  }
  const all = [...byRow.values()].flat();
  const finishedRuns = plan.runs.filter(({ name }) => records.has(name)).length;
  const evidence = evidenceOf(plan, records);
  return {
    table: table.id,
    title: table.title,
    source: table.source,
    columns: table.columns,
    notes: table.notes ?? [],
    ...(table.figure !== undefined && { figure: table.figure }),
    scale: plan.scale,
    used: base.used,
    seeds: plan.seeds,
    finishedRuns,
    plannedRuns: plan.runs.length,
    extraRuns: all.length - finishedRuns,
    rows: plan.rows.map(({ row, config, notRun }) => ({
      id: row.id,
      label: row.label,
      settings: config === null ? [] : settingsText(base.config, config),
      published: row.published,
      source: row.source ?? table.source,
      ...(notRun !== undefined && { notRun }),
      measured: measuredRow(byRow.get(row.id) ?? []),
    })),
    claims: table.claims.map((claim) => withExplanation(judgeClaim(claim, evidence), plan.scale)),
    rule: generalRule(
      evidence.looks,
      'the same seed gives every row the same initial encoder, order of images and augmentation.',
    ),
    rules: rulesOf(table.claims, evidence.judgedBy, evidence.looks),
    environments: distinctEnvironments(all),
    base: withoutPath(base.config),
  };
}

function measuredRow(records: readonly TableRecord[]): MeasuredRow | null {
  if (records.length === 0) return null;
  const numbers = (pick: (record: TableRecord) => number | null): Summary | null =>
    summarize(records.flatMap((record) => pick(record) ?? []));
  const verdicts: Record<string, number> = {};
  for (const { verdict } of records) verdicts[verdict.state] = (verdicts[verdict.state] ?? 0) + 1;
  return {
    runs: records.length,
    diverged: records.filter(({ outcome }) => outcome === 'diverged').length,
    knnTop1: numbers(({ knnTop1 }) => knnTop1),
    linearTop1: numbers(({ linearTop1 }) => linearTop1),
    knnGain: numbers((record) => gainOf(record, 'knn')),
    linearGain: numbers((record) => gainOf(record, 'linear')),
    collapseStd: numbers(({ collapseStd }) => collapseStd),
    collapseRank: numbers(({ collapseRank }) => collapseRank),
    verdicts,
    seconds: records.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

/** Views are told by their operations: what was taken out does not show in a list of what differs. */
function settingsText(base: Config, config: Config): string[] {
  const views = config.views.pipelines.flatMap((pipeline, view) =>
    differences(base.views.pipelines[view], pipeline).length === 0
      ? []
      : [`views.pipelines.${view}: ${pipeline.map(({ kind }) => kind).join(', ')}`],
  );
  const others = differences(base, config)
    .filter(({ path }) => !/^(seed|views\.pipelines)\b/.test(path))
    .map(({ path, new: value }) => (value === undefined ? `${path}: (gone)` : `${path}: ${show(value)}`));
  return [...others, ...views];
}

function withoutPath(config: Config): object {
  return { ...config, data: Object.fromEntries(Object.entries(config.data).filter(([key]) => key !== 'path')) };
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value).replaceAll('"', '').replaceAll(',', ', ');
}

function distinctEnvironments(records: readonly TableRecord[]): Array<Record<string, unknown>> {
  const distinct = new Map<string, Record<string, unknown>>();
  for (const { environment } of records) {
    if (environment === null) continue;
    // A table takes days on some machines; that it does is no difference.
    const { date: _date, ...place } = environment;
    distinct.set(JSON.stringify(place), place);
  }
  return [...distinct.values()];
}
