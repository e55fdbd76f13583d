import { rm } from 'node:fs/promises';
import type { Config } from '../config/schema.js';
import { ByolError } from '../errors.js';
import { trainInChild } from '../run/child/train-in-child.js';
import type { TrainEvent } from '../run/events.js';
import { type Run, type TrainOptions, train as trainRun } from '../run/train.js';
import * as option from '../text/options.js';
import { affordableLooks } from './extra-seeds.js';
import { chooseJobs, type Jobs, ONE_BY_ONE } from './jobs.js';
import { inLanes } from './lanes.js';
import { makeRecord } from './make-record.js';
import { MeasuredTable } from './measured-table.js';
import { possibleRuns } from './next-seeds.js';
import { mixedOrigins, type Origin, sameOrigin } from './origin.js';
import { checkWritable, refuseForeignFiles } from './ownership.js';
import { Pace } from './pace.js';
import type { PlannedRun, TablePlan } from './plan.js';
import {
  type FoundRecords,
  findElsewhere,
  makeFolder,
  readRecords,
  runPath,
  type TableFolder,
  tableFolder,
} from './record-files.js';
import { identityOf, recordSchema, type TableRecord } from './records.js';
import type { TableReport } from './report.js';

/** Where a table is kept, and what is told meanwhile. */
export interface RunTableOptions {
  /** Folder of all tables. */
  readonly out: string;
  /** Something that behaves like train(), in its place. Runs then come one after the other, in this process. */
  readonly train?: (config: Config, options: TrainOptions) => Run;
  /**
   * Runs at once, each in a process of its own; 1: one after the other, in this process. Left out: as many as are faster, which is
   * measured for some seconds before the first one. On a GPU it is one at a time.
   */
  readonly jobs?: number;
  /**
   * Minutes from now for which claims that are still open after the seeds planned get more (next-seeds.ts): a look at a claim is
   * begun if it will likely be over by then. 0, and left out: the seeds planned, however long they take.
   */
  readonly budgetMinutes?: number;
  /** What the runs that are left will be made with, asked for if there are any. If it is left out, nothing is compared. */
  readonly origin?: () => Promise<Origin>;
  /** Keep the run folders of finished runs too: checkpoints, encoder, report. */
  readonly keepRuns?: boolean;
  /** Stops the runs of now after their step; they are saved and go on next time. */
  readonly signal?: AbortSignal;
  /** Told in order, and not waited for. */
  readonly onEvent?: (event: TableEvent) => void;
}

/** Told apart by `type`. */
export type TableEvent =
  | { readonly type: 'records'; readonly folder: TableFolder; readonly found: FoundRecords }
  | { readonly type: 'warning'; readonly message: string }
  /** How fast several runs at once are is being measured. */
  | { readonly type: 'measuring' }
  /** How many runs go on at once from here on. */
  | { readonly type: 'jobs'; readonly jobs: Jobs }
  /** Claims are open. `runs` more follow, in about so many seconds; of `tooLong` claims the next look takes longer than is left. */
  | { readonly type: 'extra'; readonly runs: number; readonly seconds: number; readonly tooLong: number }
  | { readonly type: 'run'; readonly run: PlannedRun; readonly number: number; readonly of: number }
  | { readonly type: 'train'; readonly run: PlannedRun; readonly event: TrainEvent }
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
 * Makes the runs of a plan that have no record yet, as many at once as are faster, and writes table.md, table.json, table.html and
 * chart.svg after each, and the overview of all tables (README.md). Records of the same settings under another table's name
 * count, if they were made with the same version, kind of device and precision. Started runs go on where they stopped. A run
 * that diverges is recorded as such; other errors of train() are thrown, once the other runs of now are stopped and saved. Reports
 * that are there stay as they are until a run has been added, or none is left.
 *
 * @throws ByolError before the first run: ERR_BYOL_USAGE for options of the wrong type, ERR_BYOL_IO if the folder cannot be written
 * to, ERR_BYOL_RUN if a file there is somebody else's and would be replaced. ERR_BYOL_PROCESS if a run's process is killed.
 */
export async function runTable(plan: TablePlan, options: RunTableOptions): Promise<TableOutcome> {
  option.checkOptions('runTable()', options, {
    out: option.required(option.path),
    train: option.listener,
    jobs: option.number,
    budgetMinutes: option.number,
    keepRuns: option.flag,
    signal: option.signal,
    origin: option.listener,
    onEvent: option.listener,
  });
  const { out, signal, jobs: asked, budgetMinutes = 0, onEvent = () => {} } = options;
  const until = performance.now() + 60_000 * budgetMinutes;
  if (asked !== undefined && (!Number.isInteger(asked) || asked < 1)) {
    throw new ByolError('ERR_BYOL_USAGE', `runTable(): jobs must be a whole number from 1, got ${asked}.`);
  }
  if (!(budgetMinutes >= 0)) {
    throw new ByolError('ERR_BYOL_USAGE', `runTable(): budgetMinutes must be 0 or more, got ${budgetMinutes}.`);
  }
  const folder = tableFolder(out, plan);
  await refuseForeignFiles(out, plan, folder);
  const found = await readRecords(folder, possibleRuns(plan), recordSchema);
  onEvent({ type: 'records', folder, found });
  const table = new MeasuredTable(plan, out, folder, found.records);
  const { missing } = table;
  const now = missing.length === 0 && budgetMinutes === 0 ? null : ((await options.origin?.()) ?? null);
  const mixture = mixedOrigins(found.records, missing.length === 0 ? null : now);
  if (mixture !== null) onEvent({ type: 'warning', message: mixture });
  // A folder that cannot be written to is found before any time is spent.
  await makeFolder(folder.path);
  await checkWritable(folder);
  if (missing.length === 0) await table.writeReports();

  const fits = ({ environment }: TableRecord): boolean =>
    now === null || (environment !== null && sameOrigin(environment, now));
  let begun = 0;
  let of = missing.length;
  const begin = (run: PlannedRun): void => {
    begun += 1;
    onEvent({ type: 'run', run, number: begun, of });
  };
  const add = (run: PlannedRun, record: TableRecord, from?: string): Promise<void> =>
    table.add(run, record, async () => {
      if (options.keepRuns !== true) await rm(runPath(folder, run), { recursive: true, force: true });
      onEvent({ type: 'recorded', run, record, ...(from !== undefined && { from }) });
    });
  const takeOver = async (run: PlannedRun): Promise<boolean> => {
    const known = await findElsewhere(out, folder, run, recordSchema, fits);
    if (known === null) return false;
    begin(run);
    await add(run, { ...known.record, ...identityOf(plan, run) }, known.path);
    return true;
  };

  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  const pace = new Pace();
  let jobs: Jobs | null = null;
  const carryOut = async (runs: readonly PlannedRun[]): Promise<void> => {
    // What need not be run says nothing about how many runs go on at once.
    for (const run of runs) if (!stopping.signal.aborted) await takeOver(run);
    const left = stopping.signal.aborted ? [] : runs.filter(({ name }) => !table.records.has(name));
    if (left.length === 0) return;
    jobs ??= await jobsFor(plan, left.length, options);
    const ways =
      jobs.jobs === 1
        ? { train: options.train ?? trainRun, threads: 0 }
        : { train: trainInChild, threads: jobs.threads };
    pace.begin();
    await inLanes(left, jobs.jobs, stopping, async (run) => {
      // Asked anew: other tables may be on their way.
      if (await takeOver(run)) return;
      begin(run);
      const record = await makeRecord(plan, run, folder, {
        ...ways,
        signal: stopping.signal,
        onEvent: (event) => onEvent({ type: 'train', run, event }),
      });
      // Stopped, by whomever: so are the others.
      if (record === null) return stop();
      await add(run, record);
      pace.add();
    });
  };
  /** Whether a look that was begun is not over. */
  let looking = false;
  try {
    await carryOut(missing);
    while (!stopping.signal.aborted && performance.now() < until) {
      const perRun = pace.secondsPerRun ?? meanSeconds(table.records);
      const most = Math.floor((until - performance.now()) / 1000 / perRun);
      const { runs, tooLong } = affordableLooks(plan, table.records, now, most);
      if (runs.length + tooLong > 0)
        onEvent({ type: 'extra', runs: runs.length, seconds: runs.length * perRun, tooLong });
      if (runs.length === 0) break;
      of += runs.length;
      looking = true;
      await carryOut(runs);
      looking = stopping.signal.aborted;
    }
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  return { report: table.report, folder, interrupted: table.missing.length > 0 || looking };
}

/** Of records that were made before, one at a time or several. */
function meanSeconds(records: ReadonlyMap<string, TableRecord>): number {
  const all = [...records.values()];
  return all.reduce((sum, { seconds }) => sum + seconds, 0) / Math.max(1, all.length);
}

/** A measurement that is stopped chooses nothing: no run is begun after it. */
async function jobsFor(
  plan: TablePlan,
  runs: number,
  { train, jobs: asked, signal, onEvent = () => {} }: RunTableOptions,
): Promise<Jobs> {
  if (train !== undefined) return ONE_BY_ONE;
  try {
    const onMeasure = (): void => onEvent({ type: 'measuring' });
    const jobs = await chooseJobs(plan.base.config, runs, { asked, signal, onMeasure });
    onEvent({ type: 'jobs', jobs });
    return jobs;
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return ONE_BY_ONE;
    throw error;
  }
}
