import type { NativeImageStore, ViewSpec } from '../binding/native.js';
import { type ImageSizes, type Size, sizeOf, sizesOf } from '../data/dataset.js';
import { BOX_NUMBERS, type ImageRequest, type Images } from '../data/images.js';
import { column, PLAN_WIDTH } from './columns.js';

/** Draws the plan rows of a batch of images, of one view. */
export type DrawRows = (images: Int32Array) => Float32Array | Promise<Float32Array>;

/** A view of a batch: what is the same for all rows, and the rows. */
export interface DrawnView {
  readonly spec: ViewSpec;
  readonly draw: DrawRows;
}

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
export async function takeImages(from: Images, asked: Int32Array, views: readonly DrawnView[]): Promise<PlannedImages> {
  while (true) {
    const images = from.usable(asked);
    const plans: Float32Array[] = [];
    for (const { draw } of views) plans.push(await draw(images));
    const sizes = sizesOf(from, images);
    const crops = views.map(({ spec }, view) => ({ spec, plan: plans[view] as Float32Array }));
    const request = from.decoded ? { indices: images, ...cropsToTake(crops, sizes) } : { indices: images, ...NO_CROPS };
    const taken = await from.take(request);
    if (taken === null) continue;
    const { store, indices, boxes } = taken;
    if (boxes !== null) moveCrops(crops, request.boxes, boxes);
    return { images, store, indices, plans, release: () => taken.release() };
  }
}

const NO_CROPS = { boxes: [], shrinkTo: null } as const;

interface PlannedView {
  readonly spec: ViewSpec;
  readonly plan: Float32Array;
}

/** What an ImageRequest says of the crops of plans. `sizes`: of the image of each row, or of all. */
export function cropsToTake(views: readonly PlannedView[], sizes: ImageSizes): Omit<ImageRequest, 'indices'> {
  return { boxes: views.map(({ plan, spec }) => seenBoxes(plan, spec, sizes)), shrinkTo: shrinkTo(views) };
}

/** From pixels of the images to those of what was taken, where each box has another place and perhaps another scale. */
export function moveCrops(
  views: readonly PlannedView[],
  asked: readonly Int32Array[],
  places: readonly Float32Array[],
): void {
  for (const [view, { plan }] of views.entries()) {
    moveRows(plan, asked[view] as Int32Array, places[view] as Float32Array);
  }
}

/** Without antialiasing a view can always tell a smaller image. */
function shrinkTo(views: readonly PlannedView[]): Size | null {
  if (views.some(({ spec }) => !spec.antialias)) return null;
  const largest = (side: 'height' | 'width'): number => Math.max(...views.map(({ spec }) => spec[side]));
  return { height: largest('height'), width: largest('width') };
}

/** How far the kernel reaches around an output pixel (native/core/augment/pixel_arithmetic.h), in pixels of the image. */
function reachOf({ resampling, antialias }: ViewSpec, length: number, side: number): number {
  const stretch = antialias ? Math.max(1, length / side) : 1;
  return (resampling === 'bicubic' ? 2 : 1) * stretch;
}

/** Whole pixels with all that the views see of each image: its crop and, where that counts, what is around it. */
function seenBoxes(plan: Float32Array, spec: ViewSpec, sizes: ImageSizes): Int32Array {
  const rows = plan.length / PLAN_WIDTH;
  const boxes = new Int32Array(rows * BOX_NUMBERS);
  const seen = (start: number, length: number, view: number, side: number): readonly [number, number] => {
    const around = spec.beyondCrop ? reachOf(spec, length, view) : 0;
    const first = Math.max(0, Math.floor(start - around));
    return [first, Math.min(side, Math.ceil(start + length + around)) - first];
  };
  for (let row = 0; row < rows; row += 1) {
    const { top, left, height, width } = cropOf(plan, row);
    const size = sizeOf(sizes, row);
    const [firstRow, seenRows] = seen(top, height, spec.height, size.height);
    const [firstColumn, seenColumns] = seen(left, width, spec.width, size.width);
    boxes.set([firstRow, firstColumn, seenRows, seenColumns], row * BOX_NUMBERS);
  }
  return boxes;
}

interface Crop {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

function cropOf(plan: Float32Array, row: number): Crop {
  const at = row * PLAN_WIDTH + column.cropTop;
  const [top = 0, left = 0, height = 0, width = 0] = plan.subarray(at, at + BOX_NUMBERS);
  return { top, left, height, width };
}

function moveRows(plan: Float32Array, asked: Int32Array, places: Float32Array): void {
  for (let row = 0; row < plan.length / PLAN_WIDTH; row += 1) {
    const at = row * BOX_NUMBERS;
    const [top = 0, left = 0, height = 1, width = 1] = asked.subarray(at, at + BOX_NUMBERS);
    const [newTop = 0, newLeft = 0, newHeight = 1, newWidth = 1] = places.subarray(at, at + BOX_NUMBERS);
    const [down, across] = [newHeight / height, newWidth / width];
    const crop = cropOf(plan, row);
    plan.set(
      [
        newTop + (crop.top - top) * down,
        newLeft + (crop.left - left) * across,
        crop.height * down,
        crop.width * across,
      ],
      row * PLAN_WIDTH + column.cropTop,
    );
  }
}
