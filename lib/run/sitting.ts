import { configWarnings } from '../config/check.js';
import { canonicalJson } from '../config/hash.js';
import { dataDifferences } from '../data/data-record.js';
import { ByolError } from '../errors.js';
import { encoderMetadata } from '../export/encoder.js';
import { loadWeights } from '../export/load-weights.js';
import { writeJson } from '../files/json-file.js';
import { methodWarnings } from '../methods/warnings.js';
import { labelWarnings } from '../train/label-warnings.js';
import { classesOf, type Session } from '../train/session.js';
import { Checkpoints, type Damaged, type Progress } from './checkpoints.js';
import { describeEnvironment, type Environment } from './environment.js';
import { EpochLoop } from './epoch-loop.js';
import type { RunResult, TrainEvent } from './events.js';
import { MetricsWriter, readMetrics, truncateMetrics } from './metrics-file.js';
import { ReportFiles } from './report-files.js';
import { RunEvaluator } from './run-evaluator.js';
import {
  type BaselineFile,
  type EnvironmentFile,
  type FolderState,
  type RunFolder,
  readBaseline,
  readDataRecord,
  readEnvironment,
  removeFiles,
  removeUnfinished,
} from './run-folder.js';
import { runResult } from './run-result.js';
import type { TrainOptions } from './train-options.js';
import { tryWeights } from './weights-file.js';

export interface SittingOptions {
  /** Locked. */
  readonly folder: RunFolder;
  readonly session: Session;
  readonly options: TrainOptions;
  readonly emit: (event: TrainEvent) => void;
  /** A stop or an abort, whoever asked for it. */
  readonly stop: AbortSignal;
}

/** Where a sitting begins. */
interface Start {
  readonly baseline: BaselineFile;
  readonly progress: Progress;
}

const BEGINNING: Progress = { step: 0, seconds: 0, sums: null };

/** One sitting of a run: from an empty folder or a checkpoint to the end, a stop or a failure. */
export class Sitting {
  readonly #folder: RunFolder;
  readonly #session: Session;
  readonly #options: TrainOptions;
  readonly #emit: (event: TrainEvent) => void;
  readonly #stop: AbortSignal;
  readonly #checkpoints: Checkpoints;
  readonly #evaluator: RunEvaluator;
  readonly #report: ReportFiles;

  constructor({ folder, session, options, emit, stop }: SittingOptions) {
    this.#folder = folder;
    this.#session = session;
    this.#options = options;
    this.#emit = emit;
    this.#stop = stop;
    this.#checkpoints = new Checkpoints(folder.checkpoints, session.config);
    this.#evaluator = new RunEvaluator(session, stop, (message) => this.#warn(message));
    this.#report = new ReportFiles(folder, session, (message) => this.#warn(message));
  }

  async run(state: Exclude<FolderState, 'finished'>): Promise<RunResult> {
    const { config } = this.#session;
    for (const message of [...configWarnings(config), ...methodWarnings(config)]) this.#warn(message);
    const environment = await describeEnvironment(this.#session.info, this.#session.resolved);
    if (state === 'started') return this.#train(await this.#goOn(environment), environment);
    let trained = false;
    try {
      const start = await this.#begin(environment);
      return await this.#train(start, environment, () => {
        trained = true;
      });
    } catch (error) {
      // What has not begun is in nobody's way: the same command, put right, works in the same folder.
      if (!trained && !this.#stop.aborted) await removeFiles(this.#folder);
      throw error;
    }
  }

  /** config.json first, so that the folder says what it is from then on. */
  async #begin(environment: Environment): Promise<Start> {
    const session = this.#session;
    const initFrom = this.#options.initFrom ?? null;
    if (initFrom !== null) await tryWeights(session, initFrom);
    await writeJson(this.#folder.config, session.config);
    await writeJson(this.#folder.environment, { ...environment, initFrom, resumed: [] } satisfies EnvironmentFile);
    await writeJson(this.#folder.data, session.record);
    this.#emitStart(0);
    const baseline = await this.#measureBaseline();
    await this.#keepBaseline(baseline);
    if (initFrom !== null) await loadWeights(session.learner, initFrom);
    return { baseline, progress: BEGINNING };
  }

  /** Everything that may be refused comes before the first change to the folder. */
  async #goOn(environment: Environment): Promise<Start> {
    const session = this.#session;
    const begun = await readEnvironment(this.#folder);
    const known = await this.#refuseOtherImages();
    await readMetrics(this.#folder.metrics);
    const saved = (await this.#checkpoints.list()).length > 0;
    const initFrom = saved ? null : (begun?.initFrom ?? null);
    if (initFrom !== null) await tryWeights(session, initFrom);
    if (!saved) this.#emitStart(0);
    // The learner is still as it was drawn from the seed: this is the untrained network.
    const kept = known ? await this.#keptBaseline() : null;
    const baseline = kept ?? (await this.#measureBaseline());
    const classes = classesOf(session.train, session.classNames);
    const found = await this.#checkpoints.loadNewest(session.learner, classes);
    const progress = found?.progress ?? BEGINNING;
    if (found === null && initFrom !== null) await loadWeights(session.learner, initFrom);
    if (saved) this.#emitStart(progress.step);

    await removeUnfinished(this.#folder);
    await this.#checkpoints.removeUnfinished();
    await this.#setAside(found?.damaged ?? []);
    // Again: checkpoint and evaluation settings, and the place of the images, may have changed.
    await writeJson(this.#folder.config, session.config);
    await writeJson(this.#folder.environment, this.#environmentOf(begun, environment, saved ? progress.step : null));
    await writeJson(this.#folder.data, session.record);
    if (kept === null) await this.#keepBaseline(baseline);
    return { baseline, progress };
  }

  /** false: the run does not say which images it has been trained on. */
  async #refuseOtherImages(): Promise<boolean> {
    const before = await readDataRecord(this.#folder);
    if (before === null) {
      if ((await this.#checkpoints.list()).length === 0) return false;
      this.#warn(
        'This run was begun by a version that did not note which images it is trained on: whether they are the same as now cannot be checked.',
      );
      return false;
    }
    const differences = dataDifferences(before, this.#session.record);
    if (differences.length === 0) return true;
    throw new ByolError(
      'ERR_BYOL_DATA',
      `A resumed run goes on exactly as it began, but these are not its images:\n${differences.map((line) => `  ${line}\n`).join('')}` +
        'Give the folder with its own ones (--data PATH), or start a new run from its weights: --init-from CHECKPOINT --out DIR.',
    );
  }

  async #setAside(damaged: readonly Damaged[]): Promise<void> {
    await this.#checkpoints.setAside(damaged);
    for (const { path, reason } of damaged) {
      this.#warn(
        `The checkpoint ${path} cannot be used and is now called *.damaged; the one before it is taken. ${reason}`,
      );
    }
  }

  /** `resumedAt`: null where nothing had been saved, so that this sitting is the first. */
  #environmentOf(begun: EnvironmentFile | null, now: Environment, resumedAt: number | null): EnvironmentFile {
    if (begun === null || resumedAt === null) return { ...now, initFrom: begun?.initFrom ?? null, resumed: [] };
    const sort = (of: Environment): string =>
      `${of.device}, ${of.precision}, ${of.threads} threads, ${of.cpuCapability}`;
    if (sort(begun) !== sort(now)) {
      this.#warn(
        `This run began on ${sort(begun)} and goes on on ${sort(now)}: its numbers will not be bit for bit ` +
          'what they would have been.',
      );
    }
    return { ...begun, resumed: [...begun.resumed, { step: resumedAt, ...now }] };
  }

  /** null: there is none, or evaluation settings have changed since. */
  async #keptBaseline(): Promise<BaselineFile | null> {
    const kept = await readBaseline(this.#folder);
    return kept !== null && canonicalJson(kept.evaluation) === canonicalJson(this.#session.config.evaluation)
      ? kept
      : null;
  }

  /** All null if the run is stopped meanwhile. */
  async #measureBaseline(): Promise<BaselineFile> {
    const { evaluation } = this.#session.config;
    this.#emit({ type: 'phase', phase: 'untrained' });
    const measured = await this.#unlessStopped(() => this.#evaluator.untrained());
    return measured ?? { knn: null, linear: null, knnDuringRun: null, evaluation };
  }

  async #keepBaseline(baseline: BaselineFile): Promise<void> {
    if (!this.#stop.aborted) await writeJson(this.#folder.baseline, baseline);
  }

  async #train(
    { baseline, progress }: Start,
    environment: Environment,
    began: () => void = () => {},
  ): Promise<RunResult> {
    this.#emit({ type: 'untrained', knn: baseline.knn, linear: baseline.linear });
    const kept = await truncateMetrics(this.#folder.metrics, progress.step);
    const metrics = await MetricsWriter.open(this.#folder.metrics);
    const loop = new EpochLoop({
      session: this.#session,
      evaluator: this.#evaluator,
      baseline,
      checkpoints: this.#checkpoints,
      metrics,
      emit: this.#emit,
      stop: this.#stop,
      progress,
      epochs: kept.filter((record) => record.type === 'epoch'),
      saved: () => this.#report.update(soFar()),
    });
    const soFar = (): RunResult =>
      runResult({ folder: this.#folder, session: this.#session, loop, baseline, outcome: null });
    try {
      await this.#closing(metrics, () => loop.run());
      await this.#noteThreads();
      const finished = loop.step === this.#session.schedule.steps && !this.#stop.aborted;
      const result = finished ? await this.#unlessStopped(() => this.#finish(environment, loop, baseline)) : null;
      if (result !== null) return result;
      const interrupted = soFar();
      await this.#report.stopped(interrupted);
      this.#options.signal?.throwIfAborted();
      return interrupted;
    } catch (error) {
      if (loop.begun && !this.#stop.aborted) await this.#report.failed(soFar(), (error as Error).message);
      throw error;
    } finally {
      if (loop.begun) began();
    }
  }

  /** The file is closed in any case; of two failures the first is told. */
  async #closing(metrics: MetricsWriter, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await metrics.close().catch(() => {});
      throw error;
    }
    await metrics.close();
  }

  async #finish({ version }: Environment, loop: EpochLoop, baseline: BaselineFile): Promise<RunResult> {
    const { config, learner } = this.#session;
    this.#emit({ type: 'phase', phase: config.evaluation.linear.atEnd ? 'linear' : 'knn' });
    const { knn, linear } = await this.#evaluator.final();
    const facts = { version, epochs: config.epochs, knnTop1: knn?.top1, linearTop1: linear?.top1 };
    await learner.exportEncoder(this.#folder.encoder, encoderMetadata(config, facts));
    const outcome = { knn, linear };
    const result = runResult({ folder: this.#folder, session: this.#session, loop, baseline, outcome });
    await this.#report.finished(result);
    await writeJson(this.#folder.result, result);
    return result;
  }

  /** null: a stop made the work give up. */
  async #unlessStopped<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      if (this.#stop.aborted && error === this.#stop.reason) return null;
      throw error;
    }
  }

  async #noteThreads(): Promise<void> {
    const records = await readMetrics(this.#folder.metrics);
    const numbers = records.flatMap((record) => (record.type === 'step' ? (record.threads ?? []) : []));
    const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
    if (!(least < most)) return;
    this.#warn(
      `Other work on the machine changed the number of threads of this run (${least} to ${most}), so another run will not ` +
        `repeat its numbers bit for bit. A given number of threads is kept: --set threads=${most}.`,
    );
  }

  #warn(message: string): void {
    this.#emit({ type: 'warning', message });
  }

  #emitStart(resumedAt: number): void {
    const { config, sampler, schedule, learner, train, test, classNames, info, resolved } = this.#session;
    this.#emit({
      type: 'start',
      config,
      folder: this.#folder.path,
      images: train.store.size,
      testImages: test.store.size,
      classes: classNames,
      batch: sampler.rows,
      stepsPerEpoch: sampler.epochs.perEpoch,
      steps: schedule.steps,
      dropped: sampler.epochs.dropped,
      parameters: learner.encoderParameters,
      features: learner.features,
      device: resolved.device,
      precision: resolved.precision,
      threads: info.threads,
      peakLearningRate: schedule.peakLearningRate,
      resumedAt,
    });
    for (const message of labelWarnings(this.#session)) this.#warn(message);
  }
}
