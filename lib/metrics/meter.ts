import { z } from 'zod';
import type { StepMetrics, StepTimes } from '../binding/native.js';
import {
  type MetricDefinitions,
  type MetricFacts,
  metricDefinitions,
  type StepParts,
  type Timings,
} from './definitions.js';
import type { Metrics } from './values.js';

/** Sums over the steps of an epoch, as they are kept in a checkpoint. */
const sumsSchema = z.strictObject({
  /** Steps that have been read. */
  steps: z.int().nonnegative(),
  /** By metric: sums over these steps of means, the newest value of others; null: not known of all these steps. */
  values: z.record(z.string(), z.number().nullable()),
  timedSteps: z.int().nonnegative(),
  /** Wall-clock seconds of the timed steps, and those in which the LibTorch thread computed. */
  wallSeconds: z.number(),
  computeSeconds: z.number(),
  /** The same by parts; null: not known of all these steps. */
  partSeconds: z
    .strictObject({
      augment: z.number(),
      forward: z.number(),
      backward: z.number(),
      update: z.number(),
      total: z.number(),
    })
    .nullable()
    .default(null),
  /** Bytes; 0: not known. */
  peakMemory: z.number().default(0),
});
export type EpochSums = z.infer<typeof sumsSchema>;

/** As checkpoints of version 0.1.0 have them: one key for each metric. */
const sumsByKeySchema = z
  .strictObject({
    steps: z.int().nonnegative(),
    loss: z.number(),
    probeTop1: z.number(),
    probeTop5: z.number().nullable().default(null),
    projectionStd: z.number(),
    projectionRank: z.number(),
    targetDistance: z.number(),
    timedSteps: z.int().nonnegative(),
    wallSeconds: z.number(),
    computeSeconds: z.number(),
  })
  .transform(
    ({ loss, probeTop1, probeTop5, projectionStd, projectionRank, targetDistance, ...rest }): EpochSums => ({
      ...rest,
      partSeconds: null,
      peakMemory: 0,
      values: {
        loss,
        'collapse/std': projectionStd,
        'collapse/rank': projectionRank,
        'target/distance': targetDistance,
        'probe/online/top1': probeTop1,
        'probe/online/top5': probeTop5,
      },
    }),
  );

export const epochSumsSchema = z.union([sumsSchema, sumsByKeySchema]);

export interface MeterOptions {
  readonly facts: MetricFacts;
  /** Images of an optimiser step. */
  readonly rows: number;
  readonly definitions?: MetricDefinitions;
}

/** What a step computes, and what the device computes at best. */
export interface Compute {
  /** Floating-point operations of an optimiser step. */
  readonly flop: number;
  /** Floating-point operations a second of a large matrix product; null: not measured yet. */
  readonly matrixRate: number | null;
}

const NO_TIME: StepTimes = { augment: 0, forward: 0, backward: 0, update: 0, total: 0 };

/** Turns readings and timings of some steps into one value for each metric that the learner or the clock gives. */
export class Meter {
  readonly #definitions: MetricDefinitions;
  readonly #facts: MetricFacts;
  readonly #rows: number;
  #steps: number;
  #timedSteps: number;
  #wallSeconds: number;
  #computeSeconds: number;
  #partSeconds: StepTimes | null;
  #peakMemory: number;
  readonly #values: Map<string, number | null>;

  /** `sums`: of the steps before, of which this one goes on. */
  constructor({ facts, rows, definitions = metricDefinitions }: MeterOptions, sums?: EpochSums) {
    this.#definitions = definitions;
    this.#facts = facts;
    this.#rows = rows;
    this.#steps = sums?.steps ?? 0;
    this.#timedSteps = sums?.timedSteps ?? 0;
    this.#wallSeconds = sums?.wallSeconds ?? 0;
    this.#computeSeconds = sums?.computeSeconds ?? 0;
    this.#partSeconds = this.#timedSteps === 0 ? NO_TIME : (sums?.partSeconds ?? null);
    this.#peakMemory = sums?.peakMemory ?? 0;
    this.#values = new Map(Object.entries(sums?.values ?? {}));
  }

  get sums(): EpochSums {
    return {
      steps: this.#steps,
      values: Object.fromEntries(this.#values),
      timedSteps: this.#timedSteps,
      wallSeconds: this.#wallSeconds,
      computeSeconds: this.#computeSeconds,
      partSeconds: this.#partSeconds,
      peakMemory: this.#peakMemory,
    };
  }

  addReading(reading: StepMetrics): void {
    const { steps } = reading;
    if (steps === 0) return;
    for (const [name, metric] of Object.entries(this.#definitions)) {
      if (metric.from !== 'learner' || metric.where?.(this.#facts) === false) continue;
      const value = metric.read(reading, this.#facts);
      // Of steps that were read before without it nothing is known.
      const before = this.#values.get(name) ?? (this.#steps === 0 ? 0 : null);
      this.#values.set(name, metric.over === 'last' ? value : before === null ? null : before + value);
    }
    this.#steps += steps;
  }

  /** `wallSeconds`: since the step before this one was done. */
  addTiming(times: StepTimes, wallSeconds: number): void {
    this.#timedSteps += 1;
    this.#wallSeconds += wallSeconds;
    this.#computeSeconds += times.total - times.augment;
    const before = this.#partSeconds;
    this.#partSeconds = before && {
      augment: before.augment + times.augment,
      forward: before.forward + times.forward,
      backward: before.backward + times.backward,
      update: before.update + times.update,
      total: before.total + times.total,
    };
  }

  /** Bytes that were held at most since the last time. */
  addMemory(peak: number): void {
    this.#peakMemory = Math.max(this.#peakMemory, peak);
  }

  /** By name. NaN before the first reading; absent: not measured in this run, or not known of all steps. */
  values(compute: Compute | null = null): Metrics {
    const timings = this.#timings(compute);
    const values: Record<string, number> = {};
    for (const [name, metric] of Object.entries(this.#definitions)) {
      if (metric.from === 'timing') {
        const value = metric.read(timings);
        if (value !== null) values[name] = value;
      }
      if (metric.from !== 'learner' || metric.where?.(this.#facts) === false) continue;
      const kept = this.#steps === 0 ? Number.NaN : (this.#values.get(name) ?? null);
      if (kept !== null) values[name] = metric.over === 'last' ? kept : kept / this.#steps;
    }
    return values as Metrics;
  }

  #timings(compute: Compute | null): Timings {
    const wall = this.#wallSeconds;
    const steps = this.#timedSteps;
    const flops = compute === null || wall === 0 ? null : (compute.flop * steps) / wall;
    return {
      imagesPerSecond: wall === 0 ? 0 : (steps / wall) * this.#rows,
      // The clocks of two threads: rounding may put the sum of the parts above the whole.
      dataWait: wall === 0 ? 0 : Math.max(0, 1 - this.#computeSeconds / wall),
      parts: this.#parts(),
      flops,
      flopsShare: flops === null || compute?.matrixRate == null ? null : flops / compute.matrixRate,
      peakMemory: this.#peakMemory === 0 ? null : this.#peakMemory,
    };
  }

  #parts(): StepParts | null {
    const [sums, steps] = [this.#partSeconds, this.#timedSteps];
    if (sums === null || steps === 0) return null;
    return {
      data: Math.max(0, this.#wallSeconds - sums.total) / steps,
      augment: sums.augment / steps,
      forward: sums.forward / steps,
      backward: sums.backward / steps,
      update: sums.update / steps,
    };
  }
}
