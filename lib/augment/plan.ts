import { Breather } from '../breather.js';
import type { Pipeline } from '../config/pipeline.js';
import { Stream } from '../random/philox.js';
import { operationNumbers } from '../random/purposes.js';
import { column, PLAN_WIDTH } from './columns.js';
import { centerCrop, drawOperation, type JitterKind, type Size } from './operations.js';

export { column, PLAN_WIDTH, type PlanColumn, planColumns } from './columns.js';

/** Rows that are drawn between two looks at the clock: less than a millisecond. */
const SLICE_ROWS = 64;

/** A plan is what C++ executes and cannot decide: a row of PLAN_WIDTH numbers for each sample of a view. */
export interface DrawOptions {
  readonly pipeline: Pipeline;
  /** Of viewNumbers (random/purposes.ts): views.pipelines[0], T, is 0, and T' is 1. */
  readonly view: number;
  readonly seed: number;
  readonly epoch: number;
  /** Image numbers; a row depends on its own and not on its place. */
  readonly samples: ArrayLike<number>;
  /** Size of the images in pixels. */
  readonly sourceHeight: number;
  readonly sourceWidth: number;
  readonly jitter: JitterKind;
  /** Written to and returned if given: samples x PLAN_WIDTH numbers. */
  readonly out?: Float32Array;
}

/**
 * Draws the plan of a batch. Every operation of every sample has its own stream of random numbers, keyed by (seed,
 * epoch, sample, view, operation): a row is the same in any batch, and an operation's draws do not depend on the other
 * operations.
 */
export function drawPlan(options: DrawOptions): Float32Array {
  const { pipeline, view, seed, epoch, samples, jitter } = options;
  const source = { height: options.sourceHeight, width: options.sourceWidth };
  return fillRows(samples.length, source, options.out, (row, i) => {
    for (const operation of pipeline) {
      const stream = new Stream(seed, epoch, samples[i] as number, view, operationNumbers[operation.kind]);
      drawOperation(operation, stream, row, source, jitter);
    }
  });
}

/** The same, giving way to the event loop: a row takes microseconds, and a step may have thousands. */
export async function drawPlanInSlices(options: DrawOptions, breather = new Breather()): Promise<Float32Array> {
  const samples = Int32Array.from(options.samples);
  const plan = options.out ?? new Float32Array(samples.length * PLAN_WIDTH);
  for (let start = 0; start < samples.length; start += SLICE_ROWS) {
    await breather.breathe();
    const end = start + SLICE_ROWS;
    const out = plan.subarray(start * PLAN_WIDTH, end * PLAN_WIDTH);
    drawPlan({ ...options, samples: samples.subarray(start, end), out });
  }
  return plan;
}

/** The plan of `rows` images that are evaluated: the central square alone, of this part of the shorter side. */
export function evaluationPlan(rows: number, sourceHeight: number, sourceWidth: number, fraction = 1): Float32Array {
  const source = { height: sourceHeight, width: sourceWidth };
  return fillRows(rows, source, undefined, (row) => centerCrop({ kind: 'center', fraction }, row, source));
}

/** Rows that take the whole image as it is, changed by `change`. */
function fillRows(
  rows: number,
  source: Size,
  out: Float32Array | undefined,
  change: (row: Float32Array, index: number) => void,
): Float32Array {
  const plan = out ?? new Float32Array(rows * PLAN_WIDTH);
  for (let i = 0; i < rows; i += 1) {
    const row = plan.subarray(i * PLAN_WIDTH, (i + 1) * PLAN_WIDTH);
    row.fill(0);
    row[column.cropHeight] = source.height;
    row[column.cropWidth] = source.width;
    row[column.jitterOrder] = -1;
    change(row, i);
  }
  return plan;
}
