import type { Accuracy } from '../binding/native.js';
import { ByolError } from '../errors.js';
import type { Metrics } from '../metrics/values.js';
import type { TrainingResources } from '../train/resources.js';
import { DivergedError, type StepsPause, type StepsReading, trainSteps } from '../train/steps.js';
import type { ResumePoint } from '../train/training-state.js';
import { judge, type Verdict } from '../train/verdict.js';
import type { Checkpoints } from './checkpoints.js';
import type { TrainEvent } from './events.js';
import type { EpochRecord, MetricsSink } from './metrics-file.js';
import type { RunEvaluator } from './run-evaluator.js';
import type { BaselineFile } from './run-folder.js';

/** A device is shown the steps of a kind after three of them; so many are done when it is told how they are computed. */
const GRAPH_STEPS = 5;

export interface RecorderOptions {
  readonly resources: TrainingResources;
  readonly evaluator: RunEvaluator;
  readonly baseline: BaselineFile;
  readonly checkpoints: Checkpoints;
  readonly metrics: MetricsSink;
  readonly emit: (event: TrainEvent) => void;
  /** Aborted: no further step is begun, and an evaluation in progress is given up. */
  readonly stop: AbortSignal;
  readonly from: ResumePoint;
  /** Called when a checkpoint has been saved. */
  readonly saved: () => Promise<void>;
  /** The epochs that earlier sittings completed. */
  readonly epochs: readonly EpochRecord[];
}

/** Runs a run's steps and keeps what they say: events, metrics.jsonl, checkpoints; kNN and a verdict after each epoch. */
export class Recorder {
  readonly #o: RecorderOptions;
  readonly #started = performance.now();
  #step: number;
  #readSteps = 0;
  #saved: { readonly step: number; readonly time: number };
  #lastMetrics: Metrics | null;
  #lastKnn: Accuracy | null;
  #executionTold: boolean;
  /** Lines of metrics.jsonl on their way: steps do not wait for them. */
  #written: Promise<void> = Promise.resolve();

  constructor(options: RecorderOptions) {
    this.#o = options;
    const { resources, from, epochs } = options;
    this.#executionTold = resources.resolved.device === 'cpu';
    const last = epochs.at(-1);
    this.#step = from.step;
    this.#saved = { step: from.step, time: performance.now() };
    this.#lastMetrics = last === undefined ? null : metricsOf(last);
    this.#lastKnn = epochs.map(knnOf).findLast((knn) => knn !== null) ?? null;
  }

  /** Optimiser steps done. */
  get step(): number {
    return this.#step;
  }
  /** Whether this sitting has done a step. */
  get begun(): boolean {
    return this.#step > this.#o.from.step;
  }
  get lastMetrics(): Metrics | null {
    return this.#lastMetrics;
  }
  /** Of the last epoch that was measured, which need not be the last. */
  get lastKnn(): Accuracy | null {
    return this.#lastKnn;
  }
  /** Wall-clock seconds of the run, earlier sittings included. */
  seconds(): number {
    return this.#o.from.seconds + (performance.now() - this.#started) / 1000;
  }

  /** To the last step, or until a stop is requested; either way what was done is saved. */
  async run(): Promise<void> {
    const { resources, from, epochs, stop } = this.#o;
    // The checkpoint was saved within an epoch, or after its last step but before its evaluation.
    const epochOpen =
      !resources.sampler.epochs.endsAt(from.step) || (from.step > 0 && epochs.at(-1)?.step !== from.step);
    const steps = trainSteps(resources, {
      from: { step: from.step, sums: from.sums, epochOpen },
      signal: stop,
      stepDone: (step) => {
        this.#step = step;
      },
      pauseDue: () => this.#minutesDue(),
    });
    try {
      for await (const told of steps) {
        if (told.type === 'reading') this.#onReading(told);
        else await this.#onPause(told);
      }
      await this.#written;
    } catch (error) {
      if (error instanceof DivergedError) throw await this.#withLastGood(error);
      throw error;
    }
  }

  #onReading({ step, epoch, metrics }: StepsReading): void {
    const { resources, emit, metrics: file } = this.#o;
    const { schedule, config } = resources;
    this.#readSteps = step - this.#o.from.step;
    emit({
      type: 'step',
      step,
      steps: schedule.steps,
      epoch,
      epochs: config.epochs,
      metrics,
      secondsLeft: this.#secondsLeft(step),
    });
    this.#written = this.#written.then(() => file.write({ type: 'step', step, epoch, ...metrics }));
    // Awaited at the next pause.
    this.#written.catch(() => {});
    if (this.#readSteps >= GRAPH_STEPS) this.#tellExecution();
  }

  #tellExecution(): void {
    if (this.#executionTold) return;
    this.#executionTold = true;
    const { resources, emit } = this.#o;
    const told = resources.learner.execution().then((execution) => emit({ type: 'execution', ...execution }));
    // What goes wrong with the learner a step tells.
    told.catch(() => {});
  }

  async #onPause(pause: StepsPause): Promise<void> {
    const { config } = this.#o.resources;
    await this.#written;
    const { ended } = pause;
    // Before the evaluation, which may take longer than the epoch: a run that is stopped or killed in it goes on with it.
    const due = ended === null || ended.epoch % config.checkpoint.everyEpochs === 0 || ended.epoch === config.epochs;
    if (due && this.#saved.step !== pause.step) await this.#save(pause);
    if (ended === null) return;
    const { stop } = this.#o;
    try {
      await this.#endEpoch(ended.epoch, ended.metrics);
    } catch (error) {
      // An evaluation that was given up: its epoch stays open, and a resumed run begins with it.
      if (!stop.aborted || error !== stop.reason) throw error;
      if (this.#saved.step !== pause.step) await this.#save(pause);
    }
  }

  async #endEpoch(epoch: number, trained: Metrics): Promise<void> {
    const { resources, evaluator, emit, metrics: file } = this.#o;
    const { config } = resources;
    const { everyEpochs } = config.evaluation.knn;
    const due = everyEpochs > 0 && epoch % everyEpochs === 0 && epoch < config.epochs;
    if (due && evaluator.labelled) emit({ type: 'phase', phase: 'knn' });
    const knn = due ? await evaluator.knnDuringRun() : null;
    if (knn !== null) this.#lastKnn = { top1: knn.top1, top5: knn.top5 };
    const metrics: Metrics = { ...trained, ...(knn && { 'knn/top1': knn.top1, 'knn/top5': knn.top5 }) };
    this.#lastMetrics = metrics;
    await file.write({ type: 'epoch', step: this.#step, epoch, ...metrics });
    await file.sync();
    emit({ type: 'epoch', epoch, epochs: config.epochs, metrics, verdict: this.verdict(metrics) });
  }

  /** `knn`: top-1 that goes with these metrics; left out, that of their own epoch. */
  verdict(metrics: Metrics, knn: number | null = metrics['knn/top1'] ?? null): Verdict {
    const { baseline, resources } = this.#o;
    return judge({
      config: resources.config,
      collapseStd: metrics['collapse/std'],
      collapseRank: metrics['collapse/rank'],
      loss: metrics.loss,
      knn,
      untrainedKnn: baseline.knnDuringRun?.top1 ?? null,
      queries: baseline.knnDuringRun?.queries ?? resources.test?.count ?? 0,
    });
  }

  #minutesDue(): boolean {
    const { everyMinutes } = this.#o.resources.config.checkpoint;
    return everyMinutes > 0 && performance.now() - this.#saved.time >= everyMinutes * 60_000;
  }

  /** At the pace of this sitting so far, evaluations included. */
  #secondsLeft(step: number): number {
    const elapsed = (performance.now() - this.#started) / 1000;
    return (elapsed / this.#readSteps) * (this.#o.resources.schedule.steps - step);
  }

  async #save({ step, sums }: StepsPause): Promise<void> {
    const { checkpoints, resources, metrics, emit, saved } = this.#o;
    await metrics.sync();
    const point = { step, seconds: this.seconds(), sums };
    const path = await checkpoints.save(resources.learner, point, resources.config.checkpoint.keep);
    this.#saved = { step, time: performance.now() };
    emit({ type: 'checkpoint', path, step });
    await saved();
  }

  async #withLastGood(error: DivergedError): Promise<ByolError> {
    const { checkpoints, resources } = this.#o;
    const point = { step: error.step, seconds: this.seconds(), sums: error.sums };
    const path = await checkpoints.saveLastGood(resources.learner, point);
    return new ByolError('ERR_BYOL_DIVERGED', `${error.message} The last good state is in ${path}.`, {
      cause: error,
      ...(error.hint !== undefined && { hint: error.hint }),
    });
  }
}

function metricsOf({ type: _type, step: _step, epoch: _epoch, ...metrics }: EpochRecord): Metrics {
  return metrics;
}

/** What the epoch's kNN was; null: it was not measured then. */
function knnOf({ 'knn/top1': top1, 'knn/top5': top5 }: EpochRecord): Accuracy | null {
  return typeof top1 === 'number' && typeof top5 === 'number' ? { top1, top5 } : null;
}
