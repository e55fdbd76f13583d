import { existsSync } from 'node:fs';
import type { Config } from '../config/schema.js';
import { ByolError } from '../errors.js';
import type { RunResult, TrainEvent } from '../run/events.js';
import { RunFolder, readEnvironment, readRunConfig } from '../run/run-folder.js';
import type { Run, TrainOptions } from '../run/train.js';
import type { PlannedRun, TablePlan } from './plan.js';
import { runPath, type TableFolder } from './record-files.js';
import { divergedRecord, recordOf, type TableRecord } from './records.js';

/** How a run of a table is carried out. */
export interface RunWays {
  /** train(), or something that behaves like it. */
  readonly train: (config: Config, options: TrainOptions & { readonly folder: string }) => Run;
  /** Of a run that begins now and whose settings leave the number open; 0: all. */
  readonly threads: number;
  /** Stops it after its step; it is saved. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: TrainEvent) => void;
}

/** Trains one run, or goes on with it. null: it was stopped before its end. What it throws says which run it was. */
export async function makeRecord(
  plan: TablePlan,
  run: PlannedRun,
  folder: TableFolder,
  { train, threads, signal, onEvent }: RunWays,
): Promise<TableRecord | null> {
  const path = runPath(folder, run);
  const startedAt = performance.now();
  try {
    const training = train(await withThreads(run.config, path, threads), { folder: path, resume: true });
    const stop = (): void => training.stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      // A signal that came before it was listened to.
      if (signal.aborted) stop();
      for await (const event of training) onEvent(event);
      const result: RunResult = await training.result;
      return result.interrupted ? null : recordOf(plan, run, result, await readEnvironment(new RunFolder(path)));
    } finally {
      signal.removeEventListener('abort', stop);
    }
  } catch (error) {
    if (!(error instanceof ByolError)) throw error;
    if (error.code !== 'ERR_BYOL_DIVERGED') throw ofRun(run, error);
    const seconds = (performance.now() - startedAt) / 1000;
    return divergedRecord(plan, run, error.message, seconds, await readEnvironment(new RunFolder(path)));
  }
}

/** A run that was begun goes on with the threads that it began with: its last digits depend on them. */
async function withThreads(config: Config, path: string, threads: number): Promise<Config> {
  if (existsSync(new RunFolder(path).config)) return { ...config, threads: (await readRunConfig(path)).threads };
  return threads === 0 || config.threads !== 0 ? config : { ...config, threads };
}

function ofRun({ row, seed }: PlannedRun, error: ByolError): ByolError {
  return new ByolError(error.code, `Row '${row.id}', seed ${seed}: ${error.message}`, {
    cause: error,
    ...(error.hint !== undefined && { hint: error.hint }),
  });
}
