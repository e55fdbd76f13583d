import assert from 'node:assert/strict';
import type { Pipeline } from '../../lib/augment/pipeline.js';
import { column, type DrawOptions, drawPlan, PLAN_WIDTH, type PlanColumn } from '../../lib/augment/plan.js';

/** Draws many rows, and says whether their numbers lie as they should. */

export const many = 20_000;

/** Standard deviations that an honest generator exceeds about once in 400,000 checks. */
export const SIGMAS = 4.7;

export function draw(pipeline: Pipeline, options: Partial<DrawOptions> = {}): Float32Array {
  return drawPlan({
    pipeline,
    view: 0,
    seed: 11,
    epoch: 0,
    samples: Int32Array.from({ length: many }, (_, i) => i),
    heights: 32,
    widths: 32,
    jitter: 'official',
    ...options,
  });
}

export function values(plan: Float32Array, name: PlanColumn): number[] {
  return Array.from({ length: plan.length / PLAN_WIDTH }, (_, i) => plan[i * PLAN_WIDTH + column[name]] as number);
}

export const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

export function assertMean(numbers: readonly number[], expected: number, deviation: number, what: string): void {
  const error = Math.abs(mean(numbers) - expected) / (deviation / Math.sqrt(numbers.length));
  assert.ok(error < SIGMAS, `${what}: mean ${mean(numbers)}, expected ${expected}, ${error.toFixed(1)} sigmas apart`);
}

/** Mean, standard deviation and ends of a uniform distribution. */
export function assertUniform(numbers: readonly number[], low: number, high: number, what: string, slack = 1e-6): void {
  const width = high - low;
  assertMean(numbers, (low + high) / 2, width / Math.sqrt(12), what);
  const center = (low + high) / 2;
  assertMean(
    numbers.map((x) => (x - center) ** 2),
    width ** 2 / 12,
    (width ** 2 / 12) * Math.sqrt(0.8),
    `${what} (spread)`,
  );
  assert.ok(
    Math.min(...numbers) >= low - slack && Math.max(...numbers) <= high + slack,
    `${what}: outside ${low}..${high}`,
  );
}

export function assertProbability(numbers: readonly number[], p: number, what: string): void {
  assertMean(numbers, p, Math.sqrt(p * (1 - p)) || 1e-12, what);
}
