import type { Config } from '../config/schema.js';
import type { EpochSteps } from '../data/epoch-steps.js';

/** cos from 1 at step 0 to 0 at step `length`. */
function cosineDecay(step: number, length: number): number {
  return 0.5 * (1 + Math.cos((Math.PI * Math.min(step, length)) / length));
}

/** Peak learning rate of a run: linear in the images per optimiser step (BYOL section 3.3). */
export function peakLearningRate(config: Config): number {
  return (config.optimizer.baseLearningRate * config.batchSize * config.accumulate) / 256;
}

/**
 * Learning rate of the 0-based optimiser step: peak * step / warmup before `warmup` (step 0 trains with 0), then cosine from
 * peak towards 0, which it would reach at step `total` (BYOL section 3.3; official utils/schedules.py), or in steps from step
 * `part * total` on.
 */
export function learningRate(
  step: number,
  peak: number,
  warmup: number,
  total: number,
  schedule: Config['optimizer']['schedule'] = { kind: 'cosine' },
): number {
  if (step < warmup) return (peak * step) / warmup;
  if (schedule.kind === 'cosine') return peak * cosineDecay(step - warmup, total - warmup);
  const passed = schedule.at.filter((part) => step >= Math.round(part * total)).length;
  return peak * schedule.factor ** passed;
}

/**
 * Decay of the target's moving average at the 0-based step: 1 - (1 - tauBase) * (cos(pi * step / total) + 1) / 2, which rises
 * from tauBase to 1 (BYOL section 3.3); constant; or min(1 - 1 / (step + 1), tauBase), the mean of all networks so far until
 * there are many (Mean Teacher). 0 where targets come from the online network itself.
 */
export function tau(step: number, target: Config['target'], total: number): number {
  const { mode, schedule, tauBase } = target;
  if (mode !== 'ema') return 0;
  if (schedule === 'constant') return tauBase;
  if (schedule === 'warm') return Math.min(1 - 1 / (step + 1), tauBase);
  return 1 - (1 - tauBase) * cosineDecay(step, total);
}

/**
 * Weight of the objective beside supervision at the 0-based step: W exp(-5 (1 - t / T)^2) in the first T steps, then W (Mean
 * Teacher). 1 without supervision.
 */
export function objectiveWeight(step: number, supervision: Config['supervision'], stepsPerEpoch: number): number {
  if (supervision === null) return 1;
  const rampUp = supervision.rampUpEpochs * stepsPerEpoch;
  const left = rampUp === 0 ? 0 : 1 - Math.min(step, rampUp) / rampUp;
  return supervision.consistency * Math.exp(-5 * left ** 2);
}

/**
 * Rate of everything but the predictor while that learns alone, relative to the peak. Rates of parts are relative to the encoder's,
 * which so cannot be 0; what a rate of this size adds to a weight is far below what float32 tells apart.
 */
const STILL = 1e-12;

/** Every number that a run's steps need, from the configuration and where its epochs end. */
export interface Schedule {
  readonly steps: number;
  /** Steps at the start in which the predictor alone learns; the warm-up begins after them. */
  readonly predictorFirstSteps: number;
  readonly warmupSteps: number;
  readonly peakLearningRate: number;
  learningRate(step: number): number;
  tau(step: number): number;
  /** Learning rate of the predictor, relative to that of the encoder. */
  predictorRate(step: number): number;
  objectiveWeight(step: number): number;
}

export function makeSchedule(config: Config, epochs: EpochSteps): Schedule {
  const steps = epochs.stepsIn(config.epochs);
  const first = Math.min(steps, epochs.stepsIn(config.optimizer.predictorFirstEpochs));
  const warmupSteps = Math.min(steps - first, epochs.stepsIn(config.optimizer.warmupEpochs));
  const peak = peakLearningRate(config);
  const { predictorLearningRateScale: scale, predictorSchedule, schedule } = config.optimizer;
  const rate = (step: number): number =>
    step < first ? peak * STILL : learningRate(step - first, peak, warmupSteps, steps - first, schedule);
  return {
    steps,
    predictorFirstSteps: first,
    warmupSteps,
    peakLearningRate: peak,
    learningRate: rate,
    tau: (step) => tau(step, config.target, steps),
    predictorRate: (step) => {
      if (step < first) return scale / STILL;
      if (predictorSchedule === 'cosine' || step < first + warmupSteps) return scale;
      return (scale * peak) / rate(step);
    },
    objectiveWeight: (step) => objectiveWeight(step, config.supervision, epochs.perEpoch),
  };
}
