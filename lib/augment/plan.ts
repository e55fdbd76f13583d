import { Breather } from '../breather.js';
import { type ImageSizes, type Size, sizeOf } from '../data/dataset.js';
import { Stream } from '../random/philox.js';
import { operationNumbers } from '../random/purposes.js';
import { column, PLAN_WIDTH } from './columns.js';
import { centerCrop, drawOperation, type JitterKind, resizedCenterCrop } from './operations.js';
import type { Pipeline } from './pipeline.js';

export { column, PLAN_WIDTH, type PlanColumn, planColumns } from './columns.js';

/** Rows that are drawn between two looks at the clock: less than a millisecond. */
const SLICE_ROWS = 64;

/** A plan is what C++ executes and cannot decide: a row of PLAN_WIDTH numbers for each sample of a view. */
export interface DrawOptions extends ImageSizes {
  readonly pipeline: Pipeline;
  /** pipelineView() or one of viewNumbers (random/purposes.ts): 0 for T, 1 for T'. */
  readonly view: number;
  readonly seed: number;
  readonly epoch: number;
  /** Image numbers; a row depends on its own and not on its place. */
  readonly samples: ArrayLike<number>;
  /** Of the image of each row, or of all. */
  readonly heights: number | Int32Array;
  readonly widths: number | Int32Array;
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
  return fillRows(samples.length, options, options.out, (row, i, source) => {
    for (const operation of pipeline) {
      const stream = new Stream(seed, epoch, samples[i] as number, view, operationNumbers[operation.kind]);
      drawOperation(operation, stream, row, source, jitter);
    }
  });
}

/** The same, giving way to the event loop: a row takes microseconds, and a step may have thousands. */
export async function drawPlanInSlices(options: DrawOptions, breather = new Breather()): Promise<Float32Array> {
  const { heights, widths } = options;
  const samples = Int32Array.from(options.samples);
  const plan = options.out ?? new Float32Array(samples.length * PLAN_WIDTH);
  for (let start = 0; start < samples.length; start += SLICE_ROWS) {
    await breather.breathe();
    const end = start + SLICE_ROWS;
    const out = plan.subarray(start * PLAN_WIDTH, end * PLAN_WIDTH);
    const slice = (sides: number | Int32Array): number | Int32Array =>
      typeof sides === 'number' ? sides : sides.subarray(start, end);
    drawPlan({
      ...options,
      samples: samples.subarray(start, end),
      heights: slice(heights),
      widths: slice(widths),
      out,
    });
  }
  return plan;
}

/**
 * The plan of `rows` images that are evaluated: the central square alone, of this part of the shorter side. `heights`, `widths`: of
 * the image of each row, or of all.
 */
export function evaluationPlan(
  rows: number,
  heights: number | Int32Array,
  widths: number | Int32Array,
  fraction: number | ((size: Size) => number) = 1,
): Float32Array {
  return fillRows(rows, { heights, widths }, undefined, (row, _, size) =>
    centerCrop({ kind: 'center', fraction: typeof fraction === 'number' ? fraction : fraction(size) }, row, size),
  );
}

/** The same where torchvision's Resize and CenterCrop show a square of `side` pixels (resizedCenterCrop); images of that size whole. */
export function torchvisionEvaluationPlan(
  rows: number,
  heights: number | Int32Array,
  widths: number | Int32Array,
  side: number,
): Float32Array {
  return fillRows(rows, { heights, widths }, undefined, (row, _, size) => {
    if (size.height !== side || size.width !== side) resizedCenterCrop(side, row, size);
  });
}

/** Rows that take the whole image as it is, changed by `change`. */
function fillRows(
  rows: number,
  sizes: ImageSizes,
  out: Float32Array | undefined,
  change: (row: Float32Array, index: number, size: Size) => void,
): Float32Array {
  const plan = out ?? new Float32Array(rows * PLAN_WIDTH);
  for (let i = 0; i < rows; i += 1) {
    const size = sizeOf(sizes, i);
    const row = plan.subarray(i * PLAN_WIDTH, (i + 1) * PLAN_WIDTH);
    row.fill(0);
    row[column.cropHeight] = size.height;
    row[column.cropWidth] = size.width;
    row[column.jitterOrder] = -1;
    change(row, i, size);
  }
  return plan;
}
