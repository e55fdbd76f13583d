import type { StepMetrics, StepTimes } from '../binding/native.js';
import { classLabels } from '../data/dataset.js';
import { ByolError } from '../errors.js';
import { isSupervisedOnly } from '../methods/loss-reading.js';
import { type MetricFacts, metricDefinitions } from '../metrics/definitions.js';
import { type EpochSums, Meter } from '../metrics/meter.js';
import { type Metrics, type StepValues, scheduleValues } from '../metrics/values.js';
import { Cadence } from './cadence.js';
import { knownMatrixRate, measureMatrixRate } from './matrix-rate.js';
import type { TrainingResources } from './resources.js';
import { StepInputs } from './step-inputs.js';
import { StepQueue } from './step-queue.js';
import { TargetWatch } from './target-watch.js';

/** Where steps go on. */
export interface StepsFrom {
  /** Optimiser steps done. */
  readonly step: number;
  /** Of the epoch that `step` belongs to; null: none are known. */
  readonly sums: EpochSums | null;
  /** The epoch of `step` is not over, or its end has not been told yet. */
  readonly epochOpen: boolean;
}

const BEGINNING: StepsFrom = { step: 0, sums: null, epochOpen: true };

/** What was measured over the steps since the reading before it. Steps go on meanwhile. */
export interface StepsReading {
  readonly type: 'reading';
  /** Optimiser steps done. */
  readonly step: number;
  /** The epoch that the step belongs to, 1..epochs; of a step that two epochs share, the later one. */
  readonly epoch: number;
  readonly metrics: StepValues;
}

/**
 * Every step so far has been done and read, and none is in flight: what the learner is now can be saved or evaluated, and no next
 * step begins before the reader asks for more. Comes at the end of each epoch, whenever `pauseDue` says so, and last.
 */
export interface StepsPause {
  readonly type: 'pause';
  readonly step: number;
  readonly sums: EpochSums;
  /** The epoch that ended here, 1..epochs, and its means; null: none did. */
  readonly ended: { readonly epoch: number; readonly metrics: Metrics } | null;
}

export interface StepsOptions {
  readonly from?: StepsFrom;
  /** Aborted: no further step is begun; a pause says where the steps stopped. */
  readonly signal?: AbortSignal;
  /** Called when a step is done, which may be before a reading tells of it; `step`: how many there are. */
  readonly stepDone?: (step: number) => void;
  /** Asked after every step. */
  readonly pauseDue?: () => boolean;
}

/** The loss or its gradient was not finite. The learner changed nothing from that step on: it is as it was just before it. */
export class DivergedError extends ByolError {
  readonly step: number;
  /** Of the epoch's steps that were read before. */
  readonly sums: EpochSums;

  constructor(step: number, learningRate: number, sums: EpochSums) {
    super(
      'ERR_BYOL_DIVERGED',
      `Training diverged: the loss or its gradient was not finite at step ${step}, with learning rate ` +
        `${learningRate.toPrecision(3)}.`,
      { hint: 'Try a lower optimizer.baseLearningRate, a longer warm-up, or precision float32.' },
    );
    this.step = step;
    this.sums = sums;
  }
}

/** What decides which metrics these steps have. */
export function metricFacts({ config, train, classNames }: TrainingResources): MetricFacts {
  return {
    onlineProbe: config.onlineProbe && classLabels(train.targets) !== null,
    classes: classNames.length,
    supervisedOnly: isSupervisedOnly(config),
  };
}

/**
 * Runs optimiser steps to the last one, or until the signal is aborted. Whoever reads decides when the steps go on after a pause,
 * and ends them by leaving the loop; steps that are in flight then are done, and nothing is left running. Throws DivergedError,
 * ERR_BYOL_TARGET_STUCK and whatever a step throws.
 */
export async function* trainSteps(
  resources: TrainingResources,
  { from = BEGINNING, signal, stepDone = () => {}, pauseDue = () => false }: StepsOptions = {},
): AsyncGenerator<StepsReading | StepsPause, void, undefined> {
  const { native, learner, resolved, flop, sampler, schedule, config, threads } = resources;
  const { epochs, rows } = sampler;
  const metering = { facts: metricFacts(resources), rows };
  const queue = new StepQueue(learner.stepsInFlight);
  const inputs = new StepInputs(resources);
  const cadence = new Cadence(from.step);
  const target = new TargetWatch(config, schedule);
  const readings: StepsReading[] = [];
  let step = from.step;
  let done = from.step;
  let ofEpoch = new Meter(metering, from.epochOpen && from.sums !== null ? from.sums : undefined);
  let recent = new Meter(metering);
  let lastStepAt = performance.now();
  let bad: StepMetrics | null = null;
  let matrixRate = knownMatrixRate(resolved);
  let rateAsked = matrixRate !== null;

  const onStep = (times: StepTimes): void => {
    const now = performance.now();
    for (const meter of [ofEpoch, recent]) meter.addTiming(times, (now - lastStepAt) / 1000);
    lastStepAt = now;
    done += 1;
    stepDone(done);
  };
  const onReading = (read: StepMetrics, peakMemory: number, at: number): void => {
    if (read.firstBadStep >= 0) {
      bad ??= read;
      return;
    }
    target.note(read.targetMovement);
    for (const meter of [ofEpoch, recent]) {
      meter.addReading(read);
      meter.addMemory(peakMemory);
    }
    const scheduled = { learningRate: schedule.learningRate(at - 1), tau: schedule.tau(at - 1) };
    const values = {
      ...recent.values({ flop, matrixRate }),
      ...scheduleValues(metricDefinitions, scheduled),
      threads: threads.takeFewest(),
    };
    recent = new Meter(metering);
    readings.push({
      type: 'reading',
      step: at,
      epoch: epochs.epochOf(at - 1) + 1,
      metrics: values as StepValues,
    });
  };
  const queueReading = async (): Promise<void> => {
    const at = step;
    cadence.read(at);
    await queue.add(
      () => Promise.all([learner.readMetrics(), native.deviceMemory(resolved.device)]),
      ([read, { peak }]) => onReading(read, peak, at),
    );
  };
  /** Once, and not before the first reading: what is over sooner does not wait for it. */
  const queueMatrixRate = async (): Promise<void> => {
    if (rateAsked) return;
    rateAsked = true;
    await queue.add(
      () => measureMatrixRate(native, resolved),
      (rate) => {
        matrixRate = rate;
        // No step's time.
        lastStepAt = performance.now();
      },
    );
  };
  const readAll = async (): Promise<void> => {
    if (cadence.unread(step)) await queueReading();
    await queue.drain();
    if (bad !== null) throw new DivergedError(bad.firstBadStep, schedule.learningRate(bad.firstBadStep), ofEpoch.sums);
  };
  const pause = (epoch: number | null): StepsPause => {
    const ended = epoch === null ? null : { epoch, metrics: ofEpoch.values({ flop, matrixRate }) };
    return { type: 'pause', step, sums: ofEpoch.sums, ended };
  };
  /** Steps up to `end`, each followed by what there is to tell of it. */
  async function* stepsTo(end: number): AsyncGenerator<StepsReading | StepsPause> {
    while (step < end && bad === null && signal?.aborted !== true) {
      if (inputs.alone) await queue.drain();
      const { input, release } = await inputs.take(step);
      try {
        await queue.add(() => learner.step(input), onStep);
      } finally {
        release();
      }
      step += 1;
      if (cadence.readingDue(step)) {
        await queueReading();
        await queueMatrixRate();
      }
      yield* readings.splice(0);
      if (step < end && pauseDue()) {
        await readAll();
        yield* readings.splice(0);
        yield pause(null);
        lastStepAt = performance.now();
      }
    }
    await readAll();
    yield* readings.splice(0);
  }

  try {
    if (from.epochOpen && from.step > 0 && epochs.endsAt(step)) {
      yield pause(epochs.epochOf(step));
      ofEpoch = new Meter(metering);
    }
    while (step < schedule.steps && signal?.aborted !== true) {
      lastStepAt = performance.now();
      const end = epochs.stepsIn(epochs.epochOf(step) + 1);
      yield* stepsTo(end);
      if (step < end) break;
      const epoch = epochs.epochOf(step);
      target.check(epoch, step);
      yield pause(epoch);
      ofEpoch = new Meter(metering);
    }
    if (step < schedule.steps) yield pause(null);
  } finally {
    await queue.settle();
    await inputs.close();
  }
}
