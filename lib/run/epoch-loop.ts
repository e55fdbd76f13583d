import type { Accuracy, StepMetrics, StepTiming } from '../binding/native.js';
import { ByolError } from '../errors.js';
import { isSupervisedOnly } from '../methods/loss-reading.js';
import { StepMeter } from '../metrics/meter.js';
import type { Session } from '../train/session.js';
import { stepInput } from '../train/step-input.js';
import { StepQueue } from '../train/step-queue.js';
import { judge, type Verdict } from '../train/verdict.js';
import type { Checkpoints, Progress } from './checkpoints.js';
import type { Metrics, TrainEvent } from './events.js';
import type { EpochRecord, MetricsWriter } from './metrics-file.js';
import type { RunEvaluator } from './run-evaluator.js';
import type { BaselineFile } from './run-folder.js';

/** One computes, one waits, one is drawn. */
const STEPS_IN_FLIGHT = 2;
/** Metrics are read back after so many steps and milliseconds: reading waits for the device. Slow steps can afford it sooner. */
const READ_EVERY_STEPS = 10;
const READ_EVERY_MS = 500;
const READ_AT_LATEST_MS = 2000;

/** Epochs within which a target that follows must have been seen to move; late in a run tau is too near 1 to tell. */
const TARGET_MOVES_WITHIN = 2;

export interface EpochLoopOptions {
  readonly session: Session;
  readonly evaluator: RunEvaluator;
  readonly baseline: BaselineFile;
  readonly checkpoints: Checkpoints;
  readonly metrics: MetricsWriter;
  readonly emit: (event: TrainEvent) => void;
  /** Aborted: no further step is begun, and an evaluation in progress is given up. */
  readonly stop: AbortSignal;
  readonly progress: Progress;
  /** Called when a checkpoint has been saved. */
  readonly saved: () => Promise<void>;
  /** The epochs that earlier sessions completed. */
  readonly epochs: readonly EpochRecord[];
}

/** The steps of a run, with what happens between them: readings, kNN, verdicts, checkpoints. */
export class EpochLoop {
  readonly #o: EpochLoopOptions;
  readonly #queue = new StepQueue(STEPS_IN_FLIGHT);
  readonly #started = performance.now();
  #step: number;
  #meter: StepMeter;
  #recent = new StepMeter();
  #lastMetrics: Metrics | null;
  #lastKnn: Accuracy | null;
  #previousStepEnd = performance.now();
  #lastRead = { step: 0, time: performance.now() };
  #lastSaved = { step: -1, time: performance.now() };
  #sessionSteps = 0;
  #targetMoved = false;
  /** The checkpoint was saved within an epoch, or after its last step but before its evaluation. */
  readonly #epochOpen: boolean;
  /** The reading that said that a step was not finite. */
  #failure: StepMetrics | null = null;
  /** Lines of metrics.jsonl on their way. */
  #written: Promise<void> = Promise.resolve();

  constructor(options: EpochLoopOptions) {
    this.#o = options;
    const { progress, session, epochs } = options;
    const lastEpoch = epochs.at(-1) ?? null;
    this.#step = progress.step;
    this.#epochOpen =
      !session.sampler.epochs.endsAt(progress.step) || (progress.step > 0 && lastEpoch?.step !== progress.step);
    this.#meter = this.#epochOpen && progress.sums !== null ? new StepMeter(progress.sums) : new StepMeter();
    this.#lastMetrics = lastEpoch === null ? null : metricsOf(lastEpoch);
    this.#lastKnn = epochs.map(knnOf).findLast((knn) => knn !== null) ?? null;
    this.#lastRead.step = progress.step;
    this.#lastSaved.step = progress.step;
  }

  /** Optimiser steps done. */
  get step(): number {
    return this.#step;
  }
  /** Whether this sitting has done a step. */
  get begun(): boolean {
    return this.#sessionSteps > 0;
  }
  get lastMetrics(): Metrics | null {
    return this.#lastMetrics;
  }
  /** Of the last epoch that was measured, which need not be the last. */
  get lastKnn(): Accuracy | null {
    return this.#lastKnn;
  }
  /** Wall-clock seconds of the run, earlier sessions included. */
  seconds(): number {
    return this.#o.progress.seconds + (performance.now() - this.#started) / 1000;
  }

  /** Runs to the last step, or until a stop is requested; either way what was done is saved. */
  async run(): Promise<void> {
    try {
      await this.#runEpochs();
      if (this.#lastSaved.step !== this.#step) await this.#save();
    } finally {
      await this.#queue.settle();
    }
  }

  async #runEpochs(): Promise<void> {
    const { session, stop } = this.#o;
    const { schedule, sampler } = session;
    try {
      if (this.#epochOpen && sampler.epochs.endsAt(this.#step)) await this.#endEpoch();
      while (this.#step < schedule.steps && !stop.aborted) await this.#runEpoch();
    } catch (error) {
      // An evaluation that was given up: its epoch stays open, and a resumed run begins with it.
      if (!stop.aborted || error !== stop.reason) throw error;
    }
  }

  async #runEpoch(): Promise<void> {
    const { session, stop } = this.#o;
    const { epochs } = session.sampler;
    const end = epochs.stepsIn(epochs.epochOf(this.#step) + 1);
    this.#previousStepEnd = performance.now();
    while (this.#step < end && this.#failure === null && !stop.aborted) {
      const step = this.#step;
      const input = await stepInput(session, step);
      await this.#queue.add(
        () => session.learner.step(input),
        (timing) => this.#onStep(timing),
      );
      this.#step = step + 1;
      if (this.#readingDue()) await this.#queueReading();
      if (this.#step < end && this.#minutesDue()) {
        await this.#readAll();
        await this.#save();
        this.#previousStepEnd = performance.now();
      }
    }
    await this.#readAll();
    if (this.#step === end) await this.#endEpoch();
  }

  #onStep(timing: StepTiming): void {
    const now = performance.now();
    const wallMs = now - this.#previousStepEnd;
    this.#previousStepEnd = now;
    this.#sessionSteps += 1;
    for (const meter of [this.#meter, this.#recent]) meter.addTiming(timing, wallMs / 1000);
  }

  #readingDue(): boolean {
    const { step, time } = this.#lastRead;
    const elapsed = performance.now() - time;
    return elapsed >= (this.#step - step >= READ_EVERY_STEPS ? READ_EVERY_MS : READ_AT_LATEST_MS);
  }

  #minutesDue(): boolean {
    const { everyMinutes } = this.#o.session.config.checkpoint;
    return everyMinutes > 0 && performance.now() - this.#lastSaved.time >= everyMinutes * 60_000;
  }

  /** Behind the steps that are queued: nothing waits for it. */
  async #queueReading(): Promise<void> {
    const step = this.#step;
    this.#lastRead = { step, time: performance.now() };
    await this.#queue.add(
      () => this.#o.session.learner.readMetrics(),
      (metrics) => this.#takeReading(metrics, step),
    );
  }

  async #readAll(): Promise<void> {
    if (this.#lastRead.step !== this.#step) await this.#queueReading();
    await this.#queue.drain();
    if (this.#failure !== null) await this.#diverged(this.#failure);
    await this.#written;
  }

  #takeReading(read: StepMetrics, step: number): void {
    // Of labels alone the objective between views is not computed: their cross-entropy is what is minimised.
    const metrics = isSupervisedOnly(this.#o.session.config) ? { ...read, loss: read.supervisedLoss } : read;
    if (metrics.firstBadStep >= 0) {
      this.#failure ??= metrics;
      return;
    }
    const { session, emit, metrics: file } = this.#o;
    const { schedule, sampler, config } = session;
    this.#targetMoved ||= metrics.targetMovement > 0;
    this.#meter.addMetrics(metrics);
    this.#recent.addMetrics(metrics);
    const reading = this.#recent.reading();
    this.#recent = new StepMeter();
    const last = step - 1;
    const probe = this.#hasProbe ? reading.probeTop1 : null;
    const probeTop5 = this.#hasTop5 ? reading.probeTop5 : null;
    const values = {
      loss: reading.loss,
      collapseStd: reading.projectionStd,
      collapseRank: reading.projectionRank,
      targetDistance: reading.targetDistance,
      learningRate: schedule.learningRate(last),
      tau: schedule.tau(last),
      imagesPerSecond: reading.stepsPerSecond * sampler.rows,
      dataWait: reading.dataWait,
    };
    const epoch = sampler.epochs.epochOf(last) + 1;
    emit({
      type: 'step',
      step,
      steps: schedule.steps,
      epoch,
      epochs: config.epochs,
      probeTop1: probe,
      probeTop5,
      secondsLeft: this.#secondsLeft(step),
      ...values,
    });
    const threads = session.threads.takeFewest();
    this.#written = this.#written.then(() =>
      file.write({
        type: 'step',
        step,
        epoch,
        loss: values.loss,
        'collapse/std': values.collapseStd,
        'collapse/rank': values.collapseRank,
        'target/distance': values.targetDistance,
        ...(probe !== null && { 'probe/online/top1': probe }),
        ...(probeTop5 !== null && { 'probe/online/top5': probeTop5 }),
        learning_rate: values.learningRate,
        tau: values.tau,
        images_per_second: values.imagesPerSecond,
        data_wait: values.dataWait,
        threads,
      }),
    );
    // Awaited at the next #readAll.
    this.#written.catch(() => {});
  }

  get #hasProbe(): boolean {
    return this.#o.session.config.onlineProbe && this.#o.session.train.labels !== null;
  }

  /** Among five classes or fewer every label is among the best five. */
  get #hasTop5(): boolean {
    return this.#hasProbe && this.#o.session.classNames.length > 5;
  }

  /** At the pace of this session so far, evaluations included. */
  #secondsLeft(step: number): number {
    const done = this.#sessionSteps;
    const elapsed = (performance.now() - this.#started) / 1000;
    return done === 0 ? Number.NaN : (elapsed / done) * (this.#o.session.schedule.steps - step);
  }

  async #endEpoch(): Promise<void> {
    const { session, evaluator, emit, metrics: file } = this.#o;
    const { config, sampler } = session;
    const epoch = sampler.epochs.epochOf(this.#step);
    this.#checkTarget(epoch);
    // Before the evaluation, which may take longer than the epoch: a run that is stopped or killed in it goes on with it.
    const saves = epoch % config.checkpoint.everyEpochs === 0 || epoch === config.epochs;
    if (saves && this.#lastSaved.step !== this.#step) await this.#save();
    const reading = this.#meter.reading();
    const { everyEpochs } = config.evaluation.knn;
    const due = everyEpochs > 0 && epoch % everyEpochs === 0 && epoch < config.epochs;
    if (due && evaluator.labelled) emit({ type: 'phase', phase: 'knn' });
    const knn = due ? await evaluator.knnDuringRun() : null;
    if (knn !== null) this.#lastKnn = { top1: knn.top1, top5: knn.top5 };
    const metrics: Metrics = {
      loss: reading.loss,
      'collapse/std': reading.projectionStd,
      'collapse/rank': reading.projectionRank,
      'target/distance': reading.targetDistance,
      ...(this.#hasProbe && { 'probe/online/top1': reading.probeTop1 }),
      ...(this.#hasTop5 && reading.probeTop5 !== null && { 'probe/online/top5': reading.probeTop5 }),
      ...(knn && { 'knn/top1': knn.top1, 'knn/top5': knn.top5 }),
      images_per_second: reading.stepsPerSecond * sampler.rows,
      data_wait: reading.dataWait,
    };
    this.#lastMetrics = metrics;
    await file.write({ type: 'epoch', step: this.#step, epoch, ...metrics });
    await file.sync();
    this.#meter = new StepMeter();
    emit({ type: 'epoch', epoch, epochs: config.epochs, metrics, verdict: this.verdict(metrics) });
  }

  /** A target that is never updated trains without complaint, towards a random network. */
  #checkTarget(epoch: number): void {
    const { config, schedule } = this.#o.session;
    const frozen = config.target.mode !== 'ema' || config.target.tauBase === 1;
    // With learning rate 0, as in the first step of a warm-up, a target that began as a copy has nowhere to go.
    const trained = this.#sessionSteps > 0 && schedule.learningRate(this.#step - 1) > 0;
    if (frozen || !trained || epoch > TARGET_MOVES_WITHIN || this.#targetMoved) return;
    throw new ByolError(
      'ERR_BYOL_TARGET_STUCK',
      `The target network has not moved in the first ${this.#step} steps (tau ${config.target.tauBase}). Lower target.tauBase.`,
    );
  }

  /** `knn`: top-1 that goes with these metrics; left out, that of their own epoch. */
  verdict(metrics: Metrics, knn: number | null = metrics['knn/top1'] ?? null): Verdict {
    const { baseline, session } = this.#o;
    return judge({
      config: session.config,
      collapseStd: metrics['collapse/std'],
      collapseRank: metrics['collapse/rank'],
      loss: metrics.loss,
      knn,
      untrainedKnn: baseline.knnDuringRun?.top1 ?? null,
      queries: baseline.knnDuringRun?.queries ?? session.test.store.size,
    });
  }

  async #save(): Promise<void> {
    const { checkpoints, session, metrics, emit, saved } = this.#o;
    await metrics.sync();
    const progress = { step: this.#step, seconds: this.seconds(), sums: this.#meter.sums };
    const path = await checkpoints.save(session.learner, progress, session.config.checkpoint.keep);
    this.#lastSaved = { step: this.#step, time: performance.now() };
    emit({ type: 'checkpoint', path, step: this.#step });
    await saved();
  }

  async #diverged({ firstBadStep }: StepMetrics): Promise<never> {
    const { checkpoints, session } = this.#o;
    // The learner changed nothing from that step on: this is the state just before it.
    const progress = { step: firstBadStep, seconds: this.seconds(), sums: this.#meter.sums };
    const path = await checkpoints.saveLastGood(session.learner, progress);
    throw new ByolError(
      'ERR_BYOL_DIVERGED',
      `Training diverged: the loss or its gradient was not finite at step ${firstBadStep}, with learning rate ` +
        `${session.schedule.learningRate(firstBadStep).toPrecision(3)}. The last good state is in ${path}.`,
      { hint: 'Try a lower optimizer.baseLearningRate, a longer warm-up, or precision float32.' },
    );
  }
}

function metricsOf({ type: _type, step: _step, epoch: _epoch, ...metrics }: EpochRecord): Metrics {
  return metrics;
}

/** What the epoch's kNN was; null: it was not measured then. */
function knnOf({ 'knn/top1': top1, 'knn/top5': top5 }: EpochRecord): Accuracy | null {
  return typeof top1 === 'number' && typeof top5 === 'number' ? { top1, top5 } : null;
}
