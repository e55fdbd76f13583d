import { configWarnings } from '../config/check.js';
import { projectorOutput, withClasses } from '../config/classes.js';
import { canonicalJson } from '../config/hash.js';
import type { Config } from '../config/schema.js';
import { writeAtomically } from '../data/atomic-file.js';
import { writeJson } from '../data/json-file.js';
import { ByolError } from '../errors.js';
import { encoderMetadata } from '../export/encoder.js';
import { methodWarnings } from '../methods/warnings.js';
import { Checkpoints, type Progress } from './checkpoints.js';
import { formatDifferences, resumeDifferences } from './config-difference.js';
import { describeEnvironment, type Environment } from './environment.js';
import { EpochLoop } from './epoch-loop.js';
import type { RunResult, TrainEvent } from './events.js';
import { labelWarnings } from './label-warnings.js';
import { type MetricsRecord, MetricsWriter, readMetrics, truncateMetrics } from './metrics-file.js';
import { runCurves, runReport } from './report-page.js';
import { asksAllDuringRun, RunEvaluator } from './run-evaluator.js';
import {
  type BaselineFile,
  type FolderState,
  inspectFolder,
  makeFolder,
  type RunFolder,
  readBaseline,
  readEnvironment,
  readResult,
  readRunConfig,
  runExistsError,
} from './run-folder.js';
import { lockRun } from './run-lock.js';
import { runResult } from './run-result.js';
import { openSession, type Session } from './session.js';
import type { TrainOptions } from './train.js';

type Emit = (event: TrainEvent) => void;

/** One sitting of a run: from an empty folder or a checkpoint to the end, a stop or a failure. */
export class Trainer {
  readonly #config: Config;
  readonly #folder: RunFolder;
  readonly #options: TrainOptions;
  readonly #emit: Emit;
  /** A stop or an abort, whoever asked for it. */
  readonly #stop: AbortSignal;
  readonly #checkpoints: Checkpoints;

  constructor(config: Config, folder: RunFolder, options: TrainOptions, emit: Emit, stop: AbortSignal) {
    this.#config = config;
    this.#folder = folder;
    this.#options = options;
    this.#emit = emit;
    this.#stop = stop;
    this.#checkpoints = new Checkpoints(folder.checkpoints, config);
  }

  async run(): Promise<RunResult> {
    this.#options.signal?.throwIfAborted();
    this.#refuseContradiction();
    if ((await this.#admit()) === 'finished') return this.#alreadyFinished();
    const session = await openSession(this.#config, (threads, most) => this.#emit({ type: 'threads', threads, most }));
    try {
      await makeFolder(this.#folder);
      const lock = await lockRun(this.#folder.path);
      try {
        // Once more: another process may have had the folder while the images were read.
        const state = await this.#admit();
        return await (state === 'finished' ? this.#alreadyFinished() : this.#train(session, state));
      } finally {
        await lock.release();
      }
    } finally {
      session.dispose();
    }
  }

  #refuseContradiction(): void {
    const { resume, initFrom } = this.#options;
    if (resume !== true || initFrom === undefined) return;
    throw new ByolError(
      'ERR_BYOL_USAGE',
      'A run is either resumed, with all of its state (--resume), or new and started from weights (--init-from), not both.',
    );
  }

  /** What is in the folder, if this run may go there. */
  async #admit(): Promise<FolderState> {
    const state = await inspectFolder(this.#folder);
    if (state !== 'new' && this.#options.resume !== true) throw runExistsError(this.#folder);
    if (state !== 'new') await this.#refuseOtherSettings();
    return state;
  }

  async #alreadyFinished(): Promise<RunResult> {
    this.#warn(`The run in ${this.#folder.path} is finished; there is nothing to resume.`);
    return (await readResult(this.#folder.path)) as RunResult;
  }

  async #refuseOtherSettings(): Promise<void> {
    const older = await readRunConfig(this.#folder.path);
    const { refused } = resumeDifferences(older, withClasses(this.#config, projectorOutput(older)));
    if (refused.length === 0) return;
    throw new ByolError(
      'ERR_BYOL_CONFIG',
      `A resumed run goes on exactly as it began, but these settings differ:\n${formatDifferences(refused)}\n` +
        'Resume without them, or start a new run from its weights: --init-from CHECKPOINT --out DIR.',
    );
  }

  async #train(session: Session, state: FolderState): Promise<RunResult> {
    const evaluator = new RunEvaluator(session, this.#stop);
    const environment = await describeEnvironment(session.info, session.resolved);
    const fresh = (await this.#checkpoints.list()).length === 0;
    const initFrom = await this.#writeFiles(session.config, environment, state, fresh);
    if (fresh) this.#emitStart(session, 0);
    // The learner is still as it was drawn from the seed: also in a resumed run this is the untrained network.
    const baseline = await this.#baseline(evaluator);
    const progress = await this.#loadState(session, initFrom);
    if (!fresh) {
      this.#emitStart(session, progress.step);
      await this.#noteResumed(environment, progress.step);
    }
    this.#emit({ type: 'untrained', knn: baseline.knn, linear: baseline.linear });

    const kept = await truncateMetrics(this.#folder.metrics, progress.step);
    const metrics = await MetricsWriter.open(this.#folder.metrics);
    const loop = new EpochLoop({
      session,
      evaluator,
      baseline,
      checkpoints: this.#checkpoints,
      metrics,
      emit: this.#emit,
      stop: this.#stop,
      progress,
      epochs: kept.filter((record) => record.type === 'epoch'),
    });
    try {
      await loop.run();
    } finally {
      await metrics.close();
    }
    const finished = loop.step === session.schedule.steps && !this.#stop.aborted;
    const result = finished ? await this.#unlessStopped(() => this.#finish(session, evaluator, loop, baseline)) : null;
    if (result !== null) return result;
    const interrupted = runResult({ folder: this.#folder, session, loop, baseline, outcome: null });
    await this.#writeReport(interrupted, session);
    this.#options.signal?.throwIfAborted();
    return interrupted;
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

  /** config.json first, so that the folder says what it is from then on. Returns the weights that the run starts from. */
  async #writeFiles(
    config: Config,
    environment: Environment,
    state: FolderState,
    fresh: boolean,
  ): Promise<string | null> {
    for (const message of [...configWarnings(config), ...methodWarnings(config)]) this.#warn(message);
    // Again in a resumed run: checkpoint and evaluation settings may have changed.
    await writeJson(this.#folder.config, config);
    const first = state === 'new' ? null : await readEnvironment(this.#folder);
    const initFrom = first === null ? (this.#options.initFrom ?? null) : first.initFrom;
    if (fresh) await writeJson(this.#folder.environment, { ...environment, initFrom, resumed: [] });
    return initFrom;
  }

  /** The newest checkpoint, or the state that the run begins with. */
  async #loadState({ learner }: Session, initFrom: string | null): Promise<Progress> {
    const progress = await this.#checkpoints.loadNewest(learner, (message) => this.#warn(message));
    if (progress !== null) return progress;
    if (initFrom !== null) await learner.loadWeights(initFrom);
    return { step: 0, seconds: 0, sums: null };
  }

  async #noteResumed(environment: Environment, step: number): Promise<void> {
    const first = await readEnvironment(this.#folder);
    if (first === null) return;
    const sort = (of: Environment): string =>
      `${of.device}, ${of.precision}, ${of.threads} threads, ${of.cpuCapability}`;
    if (sort(first) !== sort(environment)) {
      this.#warn(
        `This run began on ${sort(first)} and goes on on ${sort(environment)}: its numbers will not be bit for bit ` +
          'what they would have been.',
      );
    }
    await writeJson(this.#folder.environment, { ...first, resumed: [...first.resumed, { step, ...environment }] });
  }

  #noteThreads(records: readonly MetricsRecord[]): void {
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

  #emitStart(session: Session, resumedAt: number): void {
    const { config, sampler, schedule, learner, train, test, info, resolved } = session;
    this.#emit({
      type: 'start',
      config,
      folder: this.#folder.path,
      images: train.store.size,
      testImages: test.store.size,
      classes: session.classNames,
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
    for (const message of labelWarnings(session)) this.#warn(message);
  }

  /** Measured once and kept, unless evaluation settings have changed. All null if the run is stopped meanwhile. */
  async #baseline(evaluator: RunEvaluator): Promise<BaselineFile> {
    const { evaluation } = this.#config;
    const kept = await readBaseline(this.#folder);
    if (kept !== null && canonicalJson(kept.evaluation) === canonicalJson(evaluation)) return kept;
    this.#emit({ type: 'phase', phase: 'untrained' });
    const measured = await this.#unlessStopped(() => evaluator.untrained());
    if (measured === null) return { knn: null, linear: null, knnDuringRun: null, evaluation };
    await writeJson(this.#folder.baseline, measured);
    return measured;
  }

  async #finish(
    session: Session,
    evaluator: RunEvaluator,
    loop: EpochLoop,
    baseline: BaselineFile,
  ): Promise<RunResult> {
    const { config, learner } = session;
    this.#emit({ type: 'phase', phase: config.evaluation.linear.atEnd ? 'linear' : 'knn' });
    const { knn, linear } = await evaluator.final();
    const facts = {
      version: (await describeEnvironment(session.info, session.resolved)).version,
      epochs: config.epochs,
    };
    await learner.exportEncoder(
      this.#folder.encoder,
      encoderMetadata(config, { ...facts, knnTop1: knn?.top1, linearTop1: linear?.top1 }),
    );
    const result = runResult({ folder: this.#folder, session, loop, baseline, outcome: { knn, linear } });
    await this.#writeReport(result, session);
    await writeJson(this.#folder.result, result);
    return result;
  }

  async #writeReport(result: RunResult, session: Session): Promise<void> {
    const records = await readMetrics(this.#folder.metrics);
    this.#noteThreads(records);
    const curves = { config: session.config, records, result, sameImages: asksAllDuringRun(session) };
    const page = runReport({
      ...curves,
      environment: (await readEnvironment(this.#folder)) ?? {},
      result,
      totalSteps: session.schedule.steps,
    });
    await writeAtomically(this.#folder.report, page);
    await writeAtomically(this.#folder.curves, runCurves(curves));
  }
}
