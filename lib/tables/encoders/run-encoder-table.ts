import { join } from 'node:path';
import { ByolError } from '../../errors.js';
import type { EvaluationProgress } from '../../eval/context.js';
import { writeAtomically } from '../../files/atomic-file.js';
import { writeJson } from '../../files/json-file.js';
import { describePlace, type Environment } from '../../run/environment.js';
import type { TrainEvent } from '../../run/events.js';
import * as option from '../../text/options.js';
import { mixedOrigins, sameOrigin } from '../origin.js';
import { writeOverview } from '../overview.js';
import { checkWritable, refuseForeignFiles } from '../ownership.js';
import {
  type FoundRecords,
  findElsewhere,
  makeFolder,
  readRecords,
  type TableFolder,
  tableFolder,
  writeRecord,
} from '../record-files.js';
import { type MeasureOptions, measure } from './measure.js';
import type { EncoderPlan, PlannedEvaluation } from './plan.js';
import { type EvaluationRecord, evaluationRecord, evaluationRecordSchema, identityOf } from './records.js';
import { renderEncoderChart, renderEncoderMarkdown, renderEncoderPage } from './render.js';
import { type EncoderTableReport, reportEncoderTable } from './report.js';

/** Where a table is kept, and what is told meanwhile. */
export interface RunEncoderTableOptions extends Pick<MeasureOptions, 'train'> {
  /** Folder of all tables. */
  readonly out: string;
  /** Something that behaves like the evaluations of encoders, in their place. */
  readonly measure?: typeof measure;
  /** What the evaluations are made with; that of this process if left out. */
  readonly place?: () => Promise<Environment>;
  /** Stops after a step or a batch; a training is saved, and the table goes on next time. */
  readonly signal?: AbortSignal;
  /** Told in order, and not waited for. */
  readonly onEvent?: (event: EncoderTableEvent) => void;
}

/** Told apart by `type`. */
export type EncoderTableEvent =
  | { readonly type: 'records'; readonly folder: TableFolder; readonly found: FoundRecords }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'evaluation'; readonly planned: PlannedEvaluation; readonly number: number; readonly of: number }
  | { readonly type: 'train'; readonly event: TrainEvent }
  | { readonly type: 'progress'; readonly progress: EvaluationProgress }
  | {
      readonly type: 'recorded';
      readonly planned: PlannedEvaluation;
      readonly record: EvaluationRecord;
      /** With the pretraining, where that was to be done. */
      readonly seconds: number;
      /** The other table's record that was taken over. */
      readonly from?: string;
    };

/** The table as far as it has been measured. */
export interface EncoderTableOutcome {
  readonly report: EncoderTableReport;
  readonly folder: TableFolder;
  /** Of the trained encoders, which stay for other tables. */
  readonly encoders: string;
  /** true: evaluations are left; the same command goes on. */
  readonly interrupted: boolean;
}

/**
 * Makes the encoders and evaluations of a plan that have no record yet, one after the other, and writes the report after each, as
 * runTable() does. Trained encoders are run folders in OUT/encoders, which tables have in common.
 *
 * @throws ByolError before the first one: ERR_BYOL_USAGE for options of the wrong type, ERR_BYOL_IO if the folder cannot be
 * written to, ERR_BYOL_RUN if a file there is somebody else's and would be replaced. What training and evaluation throw.
 */
export async function runEncoderTable(
  plan: EncoderPlan,
  options: RunEncoderTableOptions,
): Promise<EncoderTableOutcome> {
  option.checkOptions('runEncoderTable()', options, {
    out: option.required(option.path),
    train: option.listener,
    measure: option.listener,
    place: option.listener,
    signal: option.signal,
    onEvent: option.listener,
  });
  const { out, signal, onEvent = () => {}, place = () => describePlace(plan.base.config) } = options;
  const folder = tableFolder(out, plan);
  const encoders = join(out, 'encoders');
  await refuseForeignFiles(out, plan, folder);
  const found = await readRecords(folder, plan.evaluations, evaluationRecordSchema);
  const records = new Map(found.records);
  onEvent({ type: 'records', folder, found });
  const missing = plan.evaluations.filter(({ name }) => !records.has(name));
  const now = missing.length === 0 ? null : await place();
  const mixture = mixedOrigins(records, now);
  if (mixture !== null) onEvent({ type: 'warning', message: mixture });
  // A folder that cannot be written to is found before any time is spent.
  await makeFolder(folder.path);
  await checkWritable(folder);
  let report = reportEncoderTable(plan, records);
  if (now === null) await writeReports(report, out, folder);
  const outcome = (interrupted: boolean): EncoderTableOutcome => ({ report, folder, encoders, interrupted });
  for (const [index, planned] of missing.entries()) {
    onEvent({ type: 'evaluation', planned, number: index + 1, of: missing.length });
    if (signal?.aborted) return outcome(true);
    const startedAt = performance.now();
    const known = await findElsewhere(
      out,
      folder,
      planned,
      evaluationRecordSchema,
      ({ environment }) => now !== null && sameOrigin(environment, now),
    );
    const record =
      known === null
        ? await newRecord(plan, planned, { ...options, encoders }, now)
        : { ...known.record, ...identityOf(plan, planned) };
    if (record === null) return outcome(true);
    await writeRecord(folder, planned, record);
    records.set(planned.name, record);
    const seconds = (performance.now() - startedAt) / 1000;
    onEvent({ type: 'recorded', planned, record, seconds, ...(known !== null && { from: known.path }) });
    report = reportEncoderTable(plan, records);
    await writeReports(report, out, folder);
  }
  return outcome(false);
}

/** null: it was stopped before its end. */
async function newRecord(
  plan: EncoderPlan,
  planned: PlannedEvaluation,
  {
    encoders,
    train,
    signal,
    measure: ask = measure,
    onEvent = () => {},
  }: RunEncoderTableOptions & { encoders: string },
  now: Environment | null,
): Promise<EvaluationRecord | null> {
  try {
    const measured = await ask(planned, {
      encoders,
      train,
      signal,
      onTrain: (event) => onEvent({ type: 'train', event }),
      onProgress: (progress) => onEvent({ type: 'progress', progress }),
    });
    return measured && now && evaluationRecord(plan, planned, measured, { ...now, date: new Date().toISOString() });
  } catch (error) {
    if (!(error instanceof ByolError)) throw error;
    const { row, by, set, seed } = planned;
    throw new ByolError(error.code, `Row '${row.id}', ${by} on ${set.text}, seed ${seed}: ${error.message}`, {
      cause: error,
    });
  }
}

async function writeReports(report: EncoderTableReport, out: string, folder: TableFolder): Promise<void> {
  // table.json first: by it the others are known to be ours.
  await writeJson(join(folder.path, 'table.json'), report);
  await writeAtomically(join(folder.path, 'table.md'), renderEncoderMarkdown(report));
  await writeAtomically(join(folder.path, 'table.html'), renderEncoderPage(report));
  await writeAtomically(join(folder.path, 'chart.svg'), renderEncoderChart(report));
  await writeOverview(out);
}
