import { cropAndFlip } from '../augment/pipeline.js';
import { drawPlanInSlices } from '../augment/plan.js';
import type { DrawRows } from '../augment/take-images.js';
import type { ViewSpec } from '../binding/native.js';
import { type ImageSizes, sizesOf } from '../data/dataset.js';

/** What classifiers see of images in training: random crops and flips, which are cut out and then resized (paper C.1, D.3). */
export function trainingView(view: ViewSpec): ViewSpec {
  return { ...view, beyondCrop: false };
}

/** New ones for each epoch. `purpose`: one of viewNumbers. */
export function trainingCrops(
  images: ImageSizes,
  { jitter }: ViewSpec,
  { purpose, seed, epoch }: { readonly purpose: number; readonly seed: number; readonly epoch: number },
): DrawRows {
  const draw = { pipeline: cropAndFlip, view: purpose, seed, epoch, jitter };
  return (samples) => drawPlanInSlices({ ...draw, samples, ...sizesOf(images, samples) });
}
