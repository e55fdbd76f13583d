import { configWarnings } from '../config/warnings.js';
import { encoderMetadata } from '../export/encoder.js';
import { writeJson } from '../files/json-file.js';
import { methodWarnings } from '../methods/warnings.js';
import type { TrainingResources } from '../train/resources.js';
import { Checkpoints } from './checkpoints.js';
import { describeEnvironment } from './environment.js';
import type { RunResult, TrainEvent } from './events.js';
import { type MetricsSink, MetricsWriter, readMetrics, truncateMetrics } from './metrics-file.js';
import { beginRun, type Opened, type OpeningOptions, resumeRun } from './opening.js';
import { Recorder } from './recorder.js';
import { ReportFiles } from './report-files.js';
import { RunEvaluator } from './run-evaluator.js';
import { type FolderState, type RunFolder, removeFiles } from './run-folder.js';
import { writeRunNeighbours } from './run-neighbours.js';
import { runResult } from './run-result.js';
import { TensorboardLog } from './tensorboard-log.js';
import type { TrainOptions } from './train-options.js';

export interface SittingOptions {
  /** Locked. */
  readonly folder: RunFolder;
  readonly resources: TrainingResources;
  readonly options: TrainOptions;
  readonly emit: (event: TrainEvent) => void;
  /** A stop or an abort, whoever asked for it. */
  readonly stop: AbortSignal;
}

interface Sitting extends OpeningOptions {
  readonly signal: AbortSignal | undefined;
  readonly warn: (message: string) => void;
  readonly report: ReportFiles;
}

/** One sitting of a run: from an empty folder or a checkpoint to the end, a stop or a failure. */
export async function runSitting(
  { folder, resources, options, emit, stop }: SittingOptions,
  state: Exclude<FolderState, 'finished'>,
): Promise<RunResult> {
  const warn = (message: string): void => emit({ type: 'warning', message });
  for (const message of [...configWarnings(resources.config), ...methodWarnings(resources.config)]) warn(message);
  const sitting: Sitting = {
    folder,
    resources,
    environment: await describeEnvironment(resources.info, resources.resolved),
    checkpoints: new Checkpoints(folder.checkpoints, resources.config),
    evaluator: new RunEvaluator(resources, stop, warn),
    emit,
    stop,
    signal: options.signal,
    warn,
    report: new ReportFiles(folder, resources, warn),
  };
  if (state === 'started') return train(sitting, await resumeRun(sitting));
  let trained = false;
  try {
    return await train(sitting, await beginRun(sitting, options.initFrom ?? null), () => {
      trained = true;
    });
  } catch (error) {
    // What has not begun is in nobody's way: the same command, put right, works in the same folder.
    if (!trained && !stop.aborted) await removeFiles(folder);
    throw error;
  }
}

async function train(sitting: Sitting, { baseline, from }: Opened, began: () => void = () => {}): Promise<RunResult> {
  const { folder, resources, checkpoints, evaluator, emit, stop, report, signal, warn } = sitting;
  emit({ type: 'untrained', knn: baseline.knn, linear: baseline.linear });
  const kept = await truncateMetrics(folder.metrics, from.step);
  const metrics = await MetricsWriter.open(folder.metrics);
  const { log } = resources.config;
  const board = log === 'tensorboard' ? await TensorboardLog.open({ folder, resources, from: from.step, warn }) : null;
  const recorder = new Recorder({
    resources,
    evaluator,
    baseline,
    checkpoints,
    metrics: board === null ? metrics : both(metrics, board),
    emit,
    stop,
    from,
    epochs: kept.filter((record) => record.type === 'epoch'),
    saved: () => report.update(soFar()),
  });
  const soFar = (): RunResult => runResult({ folder, resources, recorder, baseline, outcome: null });
  try {
    await closing(metrics, () => recorder.run());
    await noteThreads(sitting);
    if (recorder.step === resources.schedule.steps && !stop.aborted) {
      const result = await unlessStopped(stop, () => finish(sitting, recorder, { baseline, from }, board));
      if (result !== null) return result;
    }
    const interrupted = soFar();
    await report.stopped(interrupted);
    signal?.throwIfAborted();
    return interrupted;
  } catch (error) {
    if (recorder.begun && !stop.aborted) await report.failed(soFar(), (error as Error).message);
    throw error;
  } finally {
    await board?.close();
    if (recorder.begun) began();
  }
}

/** The run's own file first: what only that has can be told to others later. */
function both(metrics: MetricsSink, board: TensorboardLog): MetricsSink {
  return {
    write: async (record) => {
      await metrics.write(record);
      await board.write(record);
    },
    sync: () => metrics.sync(),
  };
}

/** The file is closed in any case; of two failures the first is told. */
async function closing(metrics: MetricsWriter, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await metrics.close().catch(() => {});
    throw error;
  }
  await metrics.close();
}

async function finish(
  sitting: Sitting,
  recorder: Recorder,
  { baseline }: Opened,
  board: TensorboardLog | null,
): Promise<RunResult> {
  const { folder, resources, environment, evaluator, emit, report, stop, warn } = sitting;
  const { config, learner } = resources;
  emit({ type: 'phase', phase: config.evaluation.linear.atEnd ? 'linear' : 'knn' });
  const outcome = await evaluator.final();
  const facts = {
    version: environment.version,
    epochs: config.epochs,
    knnTop1: outcome.knn?.top1,
    linearTop1: outcome.linear?.top1,
  };
  await learner.exportEncoder(folder.encoder, encoderMetadata(config, facts));
  const result = runResult({ folder, resources, recorder, baseline, outcome });
  await report.finished(result, await writeRunNeighbours({ folder, resources, stop, warn }));
  await board?.finished(result);
  await writeJson(folder.result, result);
  return result;
}

/** null: a stop made the work give up. */
async function unlessStopped<T>(stop: AbortSignal, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (stop.aborted && error === stop.reason) return null;
    throw error;
  }
}

async function noteThreads({ folder, warn }: Sitting): Promise<void> {
  const records = await readMetrics(folder.metrics);
  const numbers = records.flatMap((record) => (record.type === 'step' ? (record.threads ?? []) : []));
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  if (!(least < most)) return;
  warn(
    `Other work on the machine changed the number of threads of this run (${least} to ${most}), so another run will not ` +
      `repeat its numbers bit for bit. A given number of threads is kept: --set threads=${most}.`,
  );
}
