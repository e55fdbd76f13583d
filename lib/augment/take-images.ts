import type { NativeImageStore } from '../binding/native.js';
import { BOX_NUMBERS, type Images } from '../data/images.js';
import { column, PLAN_WIDTH } from './columns.js';

/** Draws the plan rows of a batch of images, of one view. */
export type DrawRows = (images: Int32Array) => Float32Array | Promise<Float32Array>;

/** Images in native memory with the plans of their views. */
export interface PlannedImages {
  /** Which images these are: those that were asked for, or others in place of broken ones. */
  readonly images: Int32Array;
  readonly store: NativeImageStore;
  /** Their numbers in the store. */
  readonly indices: Int32Array;
  /** Of each view, for the images of the store. */
  readonly plans: readonly Float32Array[];
  /** Lets go of them. Commands that were given the store before still have it. */
  release(): void;
}

/** Takes images, each with its crops. Throws what drawing and taking them throws. */
export async function takeImages(from: Images, asked: Int32Array, views: readonly DrawRows[]): Promise<PlannedImages> {
  while (true) {
    const images = from.usable(asked);
    const plans: Float32Array[] = [];
    for (const draw of views) plans.push(await draw(images));
    const taken = await from.take({ indices: images, boxes: from.decoded ? plans.map(boxesOf) : [] });
    if (taken === null) continue;
    const { store, indices, boxes } = taken;
    if (boxes !== null) for (const [view, plan] of plans.entries()) setBoxes(plan, boxes[view] as Int32Array);
    return { images, store, indices, plans, release: () => taken.release() };
  }
}

/** The crop boxes of a plan's rows, as ImageRequest has them. */
export function boxesOf(plan: Float32Array): Int32Array {
  const rows = plan.length / PLAN_WIDTH;
  const boxes = new Int32Array(rows * BOX_NUMBERS);
  for (let row = 0; row < rows; row += 1) {
    const at = row * PLAN_WIDTH + column.cropTop;
    boxes.set(plan.subarray(at, at + BOX_NUMBERS), row * BOX_NUMBERS);
  }
  return boxes;
}

/** Other crop boxes for the rows of a plan. */
export function setBoxes(plan: Float32Array, boxes: Int32Array): void {
  for (let row = 0; row < plan.length / PLAN_WIDTH; row += 1) {
    plan.set(boxes.subarray(row * BOX_NUMBERS, (row + 1) * BOX_NUMBERS), row * PLAN_WIDTH + column.cropTop);
  }
}
