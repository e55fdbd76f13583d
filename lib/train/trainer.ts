import type { Accuracy } from '../binding/native.js';
import { configWarnings } from '../config/check.js';
import type { Config } from '../config/schema.js';
import { writeAtomically } from '../data/atomic-file.js';
import { ByolError } from '../errors.js';
import { encoderMetadata } from '../export/encoder.js';
import { Checkpoints, type Progress } from './checkpoints.js';
import { formatDifferences, resumeDifferences } from './config-difference.js';
import { describeEnvironment } from './environment.js';
import { EpochLoop } from './epoch-loop.js';
import type { LinearResult, Metrics, RunResult, TrainEvent } from './events.js';
import { MetricsWriter, readMetrics, truncateMetrics } from './metrics-file.js';
import { runCurves, runReport } from './report-page.js';
import { RunEvaluator } from './run-evaluator.js';
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
  writeJson,
} from './run-folder.js';
import { lockRun } from './run-lock.js';
import { openSession, type Session } from './session.js';
import type { TrainOptions } from './train.js';
import { judge, type Verdict } from './verdict.js';

type Emit = (event: TrainEvent) => void;

/** One sitting of a run: from an empty folder or a checkpoint to the end, a stop or a failure. */
export class Trainer {
  readonly #config: Config;
  readonly #folder: RunFolder;
  readonly #options: TrainOptions;
  readonly #emit: Emit;
  readonly #stopRequested: () => boolean;
  readonly #checkpoints: Checkpoints;

  constructor(config: Config, folder: RunFolder, options: TrainOptions, emit: Emit, stopRequested: () => boolean) {
    this.#config = config;
    this.#folder = folder;
    this.#options = options;
    this.#emit = emit;
    this.#stopRequested = () => stopRequested() || options.signal?.aborted === true;
    this.#checkpoints = new Checkpoints(folder.checkpoints, config);
  }

  async run(): Promise<RunResult> {
    const { signal, resume = false } = this.#options;
    signal?.throwIfAborted();
    const state = await inspectFolder(this.#folder);
    if (state !== 'new' && !resume) throw runExistsError(this.#folder);
    if (state === 'finished') return this.#alreadyFinished();
    if (state === 'started') await this.#refuseOtherSettings();

    const session = await openSession(this.#config);
    try {
      await makeFolder(this.#folder);
      const lock = await lockRun(this.#folder.path);
      try {
        return await this.#train(session, state);
      } finally {
        await lock.release();
      }
    } finally {
      session.dispose();
    }
  }

  async #alreadyFinished(): Promise<RunResult> {
    await this.#refuseOtherSettings();
    this.#emit({
      type: 'warning',
      message: `The run in ${this.#folder.path} is finished; there is nothing to resume.`,
    });
    return (await readResult(this.#folder.path)) as RunResult;
  }

  async #refuseOtherSettings(): Promise<void> {
    const { refused } = resumeDifferences(await readRunConfig(this.#folder.path), this.#config);
    if (refused.length === 0) return;
    throw new ByolError(
      'ERR_BYOL_CONFIG',
      `A resumed run goes on exactly as it began, but these settings differ:\n${formatDifferences(refused)}\n` +
        'Resume without them, or start a new run from its weights: --init-from CHECKPOINT --out DIR.',
    );
  }

  async #train(session: Session, state: FolderState): Promise<RunResult> {
    const { signal } = this.#options;
    const progress = await this.#begin(session, state);
    const evaluator = new RunEvaluator(session, signal);
    const kept = await truncateMetrics(this.#folder.metrics, progress.step);
    this.#emitStart(session, progress.step);
    const baseline = await this.#baseline(evaluator, progress.step);
    const metrics = await MetricsWriter.open(this.#folder.metrics);
    const loop = new EpochLoop({
      session,
      evaluator,
      baseline,
      checkpoints: this.#checkpoints,
      metrics,
      emit: this.#emit,
      stopRequested: this.#stopRequested,
      progress,
      lastEpoch: kept.findLast((record) => record.type === 'epoch') ?? null,
    });
    try {
      await loop.run();
    } finally {
      await metrics.close();
    }
    const finished = loop.step === session.schedule.steps && !this.#stopRequested();
    if (!finished) {
      const result = this.#result(session, loop, baseline, { interrupted: true });
      await this.#writeReport(result, session);
      signal?.throwIfAborted();
      return result;
    }
    return this.#finish(session, evaluator, loop, baseline);
  }

  /** Files of a new run, or the state of an old one. Returns where training goes on. */
  async #begin(session: Session, state: FolderState): Promise<Progress> {
    const { learner, info, resolved } = session;
    const environment = await describeEnvironment(info, resolved);
    const { initFrom } = this.#options;
    const warn = (message: string): void => this.#emit({ type: 'warning', message });
    for (const message of configWarnings(this.#config)) warn(message);
    if (state === 'new') {
      // First, so that the folder says what it is from then on.
      await writeJson(this.#folder.config, this.#config);
      await writeJson(this.#folder.environment, { ...environment, initFrom: initFrom ?? null, resumed: [] });
    }
    const progress = state === 'new' ? null : await this.#checkpoints.loadNewest(learner, warn);
    const first = (await readEnvironment(this.#folder)) ?? { ...environment, initFrom: initFrom ?? null, resumed: [] };
    if (state === 'started') {
      if (first.precision !== environment.precision || first.device !== environment.device) {
        warn(
          `This run began on ${first.device} in ${first.precision} and goes on on ${environment.device} in ${environment.precision}: ` +
            'its numbers will not be bit for bit what they would have been.',
        );
      }
      await writeJson(this.#folder.config, this.#config); // checkpoint and evaluation settings may have changed
      const resumed = [...first.resumed, { step: progress?.step ?? 0, ...environment }];
      await writeJson(this.#folder.environment, { ...first, resumed });
    }
    if (progress !== null) return progress;
    const weights = first.initFrom;
    if (weights !== null) await learner.loadWeights(weights);
    return { step: 0, seconds: 0, sums: null };
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
      stepsPerEpoch: schedule.stepsPerEpoch,
      steps: schedule.steps,
      dropped: sampler.dropped,
      parameters: learner.encoderParameters,
      features: learner.features,
      device: resolved.device,
      precision: resolved.precision,
      threads: info.threads,
      peakLearningRate: schedule.peakLearningRate,
      resumedAt,
    });
  }

  /** Measured once, before the first step; kept, so that a resumed run need not have the untrained network any more. */
  async #baseline(evaluator: RunEvaluator, step: number): Promise<BaselineFile> {
    let baseline = await readBaseline(this.#folder);
    if (baseline === null) {
      if (step > 0) {
        throw new ByolError(
          'ERR_BYOL_RUN',
          `${this.#folder.baseline} is missing, and the untrained network is gone; start a new run.`,
        );
      }
      this.#emit({ type: 'phase', phase: 'untrained' });
      baseline = await evaluator.untrained();
      await writeJson(this.#folder.baseline, baseline);
    }
    this.#emit({ type: 'untrained', knn: baseline.knn, linear: baseline.linear });
    return baseline;
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
    const result = this.#result(session, loop, baseline, { interrupted: false, knn, linear });
    await this.#writeReport(result, session);
    await writeJson(this.#folder.result, result);
    return result;
  }

  #result(
    session: Session,
    loop: EpochLoop,
    baseline: BaselineFile,
    outcome: { interrupted: boolean; knn?: (Accuracy & { queries: number }) | null; linear?: LinearResult | null },
  ): RunResult {
    const { interrupted, knn = null, linear = null } = outcome;
    const last = loop.lastMetrics;
    const measured = knn ?? accuracyOf(last);
    const metrics: Metrics | null = last && {
      ...last,
      ...(knn && { 'knn/top1': knn.top1, 'knn/top5': knn.top5 }),
      ...(linear && { 'probe/linear/top1': linear.top1 }),
    };
    return {
      folder: this.#folder.path,
      epochs: Math.floor(loop.step / session.schedule.stepsPerEpoch),
      steps: loop.step,
      interrupted,
      knn: measured && { top1: measured.top1, top5: measured.top5 },
      linear,
      untrained: { knn: baseline.knn, linear: baseline.linear },
      metrics,
      verdict: verdictOf(session, loop, baseline, knn),
      encoder: interrupted ? null : this.#folder.encoder,
      seconds: loop.seconds(),
    };
  }

  async #writeReport(result: RunResult, session: Session): Promise<void> {
    const records = await readMetrics(this.#folder.metrics);
    const page = runReport({
      config: session.config,
      environment: (await readEnvironment(this.#folder)) ?? {},
      result,
      totalSteps: session.schedule.steps,
      records,
    });
    await writeAtomically(this.#folder.report, page);
    await writeAtomically(this.#folder.curves, runCurves(records, result.untrained));
  }
}

function accuracyOf(metrics: Metrics | null): Accuracy | null {
  const top1 = metrics?.['knn/top1'];
  return top1 === undefined ? null : { top1, top5: metrics?.['knn/top5'] ?? top1 };
}

function verdictOf(
  session: Session,
  loop: EpochLoop,
  baseline: BaselineFile,
  knn: (Accuracy & { queries: number }) | null,
): Verdict {
  const last = loop.lastMetrics;
  if (last === null) return { state: 'not learning yet', text: 'Nothing can be said yet: no epoch was completed.' };
  if (knn === null) return loop.verdict(last);
  return judge({
    collapseStd: last['collapse/std'],
    loss: last.loss,
    knn: knn.top1,
    untrainedKnn: baseline.knn?.top1 ?? null,
    queries: knn.queries,
    predictor: session.config.predictor !== null,
  });
}
