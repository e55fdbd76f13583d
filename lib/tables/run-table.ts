import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/schema.js';
import { ByolError } from '../errors.js';
import { writeAtomically } from '../files/atomic-file.js';
import { writeJson } from '../files/json-file.js';
import type { RunResult, TrainEvent } from '../run/events.js';
import { RunFolder, readEnvironment } from '../run/run-folder.js';
import { type Run, type TrainOptions, train as trainRun } from '../run/train.js';
import * as option from '../text/options.js';
import { renderChart } from './chart.js';
import { renderMarkdown } from './markdown.js';
import { mixedOrigins, type Origin, sameOrigin } from './origin.js';
import { writeOverview } from './overview.js';
import { checkWritable, refuseForeignFiles } from './ownership.js';
import { renderTablePage } from './page.js';
import type { PlannedRun, TablePlan } from './plan.js';
import {
  type FoundRecords,
  findElsewhere,
  makeFolder,
  readRecords,
  runPath,
  type TableFolder,
  tableFolder,
  writeRecord,
} from './record-files.js';
import { divergedRecord, identityOf, recordOf, recordSchema, type TableRecord } from './records.js';
import { reportTable, type TableReport } from './report.js';

/** Where a table is kept, and what is told meanwhile. */
export interface RunTableOptions {
  /** Folder of all tables. */
  readonly out: string;
  /** Something that behaves like train(), in its place. */
  readonly train?: (config: Config, options: TrainOptions) => Run;
  /** What the runs that are left will be made with, asked for if there are any. If it is left out, nothing is compared. */
  readonly origin?: () => Promise<Origin>;
  /** Keep the run folders of finished runs too: checkpoints, encoder, report. */
  readonly keepRuns?: boolean;
  /** Stops the run of now after its step; it is saved and goes on next time. */
  readonly signal?: AbortSignal;
  /** Told in order, and not waited for. */
  readonly onEvent?: (event: TableEvent) => void;
}

/** Told apart by `type`. */
export type TableEvent =
  | { readonly type: 'records'; readonly folder: TableFolder; readonly found: FoundRecords }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'run'; readonly run: PlannedRun; readonly number: number; readonly of: number }
  | { readonly type: 'train'; readonly event: TrainEvent }
  | {
      readonly type: 'recorded';
      readonly run: PlannedRun;
      readonly record: TableRecord;
      /** The other table's record that was taken over instead of a run. */
      readonly from?: string;
    };

/** The table as far as it has been measured. */
export interface TableOutcome {
  readonly report: TableReport;
  readonly folder: TableFolder;
  /** true: runs are left; the same command goes on. */
  readonly interrupted: boolean;
}

/**
 * Makes the runs of a plan that have no record yet, one after the other, and writes table.md, table.json, table.html and
 * chart.svg after each, and the overview of all tables (README.md). Records of the same settings under another table's name
 * count, if they were made with the same version, kind of device and precision. Started runs go on where they stopped. A run
 * that diverges is recorded as such; other errors of train() are thrown. Reports that are there stay as they are until a run
 * has been added, or none is left.
 *
 * @throws ByolError before the first run: ERR_BYOL_USAGE for options of the wrong type, ERR_BYOL_IO if the folder cannot be written
 * to, ERR_BYOL_RUN if a file there is somebody else's and would be replaced.
 */
export async function runTable(plan: TablePlan, options: RunTableOptions): Promise<TableOutcome> {
  option.checkOptions('runTable()', options, {
    out: option.required(option.path),
    train: option.listener,
    keepRuns: option.flag,
    signal: option.signal,
    origin: option.listener,
    onEvent: option.listener,
  });
  const { out, signal, onEvent = () => {} } = options;
  const folder = tableFolder(out, plan);
  await refuseForeignFiles(out, plan, folder);
  const found = await readRecords(folder, plan.runs, recordSchema);
  const records = new Map(found.records);
  onEvent({ type: 'records', folder, found });
  const missing = plan.runs.filter(({ name }) => !records.has(name));
  const now = missing.length === 0 ? null : ((await options.origin?.()) ?? null);
  const mixture = mixedOrigins(records, now);
  if (mixture !== null) onEvent({ type: 'warning', message: mixture });
  // A folder that cannot be written to is found before any time is spent.
  await makeFolder(folder.path);
  await checkWritable(folder);
  let report = reportTable(plan, records);
  if (missing.length === 0) await writeReports(report, out, folder);
  const fits = ({ environment }: TableRecord): boolean =>
    now === null || (environment !== null && sameOrigin(environment, now));
  for (const [index, run] of missing.entries()) {
    onEvent({ type: 'run', run, number: index + 1, of: missing.length });
    if (signal?.aborted) return { report, folder, interrupted: true };
    // Asked anew for each run: other tables may be on their way.
    const known = await findElsewhere(out, folder, run, recordSchema, fits);
    const record =
      known === null ? await makeRecord(plan, run, folder, options) : { ...known.record, ...identityOf(plan, run) };
    if (record === null) return { report, folder, interrupted: true };
    await writeRecord(folder, run, record);
    if (options.keepRuns !== true) await rm(runPath(folder, run), { recursive: true, force: true });
    records.set(run.name, record);
    onEvent({ type: 'recorded', run, record, ...(known !== null && { from: known.path }) });
    report = reportTable(plan, records);
    await writeReports(report, out, folder);
  }
  return { report, folder, interrupted: false };
}

/** null: it was stopped before its end. */
async function makeRecord(
  plan: TablePlan,
  run: PlannedRun,
  folder: TableFolder,
  { train = trainRun, signal, onEvent = () => {} }: RunTableOptions,
): Promise<TableRecord | null> {
  const path = runPath(folder, run);
  const startedAt = performance.now();
  const training = train(run.config, { folder: path, resume: true });
  const stop = (): void => training.stop();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const event of training) onEvent({ type: 'train', event });
    const result: RunResult = await training.result;
    return result.interrupted ? null : recordOf(plan, run, result, await readEnvironment(new RunFolder(path)));
  } catch (error) {
    if (!(error instanceof ByolError) || error.code !== 'ERR_BYOL_DIVERGED') throw error;
    const seconds = (performance.now() - startedAt) / 1000;
    return divergedRecord(plan, run, error.message, seconds, await readEnvironment(new RunFolder(path)));
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

async function writeReports(report: TableReport, out: string, folder: TableFolder): Promise<void> {
  // table.json first: by it the others are known to be ours.
  await writeJson(join(folder.path, 'table.json'), report);
  await writeAtomically(join(folder.path, 'table.md'), renderMarkdown(report));
  await writeAtomically(join(folder.path, 'table.html'), renderTablePage(report));
  await writeAtomically(join(folder.path, 'chart.svg'), renderChart(report));
  await writeOverview(out);
}
