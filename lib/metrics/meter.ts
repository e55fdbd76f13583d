import { z } from 'zod';
import type { StepMetrics, StepTiming } from '../binding/native.js';

/** Sums over the steps of an epoch, as they are kept in a checkpoint. */
export const epochSumsSchema = z.strictObject({
  steps: z.int().nonnegative(),
  loss: z.number(),
  probeTop1: z.number(),
  /** null: not known of all these steps, as in checkpoints of versions that did not count it. */
  probeTop5: z.number().nullable().default(null),
  projectionStd: z.number(),
  projectionRank: z.number(),
  targetDistance: z.number(),
  timedSteps: z.int().nonnegative(),
  /** Wall-clock seconds of the timed steps, and those in which the LibTorch thread computed. */
  wallSeconds: z.number(),
  computeSeconds: z.number(),
});
export type EpochSums = z.infer<typeof epochSumsSchema>;

const ZERO: EpochSums = {
  steps: 0,
  loss: 0,
  probeTop1: 0,
  probeTop5: 0,
  projectionStd: 0,
  projectionRank: 0,
  targetDistance: 0,
  timedSteps: 0,
  wallSeconds: 0,
  computeSeconds: 0,
};

export interface MeterReading {
  readonly loss: number;
  readonly probeTop1: number;
  /** null: not known of all steps. */
  readonly probeTop5: number | null;
  readonly projectionStd: number;
  /** These two at the last step. */
  readonly projectionRank: number;
  readonly targetDistance: number;
  readonly stepsPerSecond: number;
  /** See Metrics.data_wait. */
  readonly dataWait: number;
}

/** Turns readings and timings of some steps into means over all of them. */
export class StepMeter {
  #sums: EpochSums;

  constructor(sums: EpochSums = ZERO) {
    this.#sums = { ...sums };
  }

  get sums(): EpochSums {
    return { ...this.#sums };
  }

  /** `metrics` are means over `metrics.steps` steps. */
  addMetrics(metrics: StepMetrics): void {
    const { steps } = metrics;
    if (steps === 0) return;
    this.#sums.steps += steps;
    this.#sums.loss += metrics.loss * steps;
    this.#sums.probeTop1 += metrics.probeTop1 * steps;
    if (this.#sums.probeTop5 !== null) this.#sums.probeTop5 += metrics.probeTop5 * steps;
    this.#sums.projectionStd += metrics.projectionStd * steps;
    this.#sums.projectionRank = metrics.projectionRank;
    this.#sums.targetDistance = metrics.targetDistance;
  }

  /** `wallSeconds`: since the step before this one was done. */
  addTiming(timing: StepTiming, wallSeconds: number): void {
    this.#sums.timedSteps += 1;
    this.#sums.wallSeconds += wallSeconds;
    this.#sums.computeSeconds += timing.computeSeconds;
  }

  reading(): MeterReading {
    const { steps, wallSeconds, computeSeconds, timedSteps } = this.#sums;
    const mean = (sum: number): number => (steps === 0 ? Number.NaN : sum / steps);
    return {
      loss: mean(this.#sums.loss),
      probeTop1: mean(this.#sums.probeTop1),
      probeTop5: this.#sums.probeTop5 === null ? null : mean(this.#sums.probeTop5),
      projectionStd: mean(this.#sums.projectionStd),
      projectionRank: this.#sums.projectionRank,
      targetDistance: this.#sums.targetDistance,
      stepsPerSecond: wallSeconds === 0 ? 0 : timedSteps / wallSeconds,
      // The clocks of two threads: rounding may put the sum of the parts above the whole.
      dataWait: wallSeconds === 0 ? 0 : Math.max(0, 1 - computeSeconds / wallSeconds),
    };
  }
}
