/**
 * What random numbers are drawn for. A Stream's place is (seed, epoch, sample, view, operation): draws for different purposes
 * differ in one of the last two, whatever the others are. A number never changes its meaning, because results would.
 */

/** The last key: what the draw decides. */
export const operationNumbers = {
  /** A generated image, keyed by the data's own seed. Of no view. */
  image: 0,
  randomResizedCrop: 1,
  center: 2,
  flip: 3,
  colorJitter: 4,
  grayscale: 5,
  blur: 6,
  solarize: 7,
  /** Which image takes the place of a broken one, keyed by its number alone. Of no view. */
  replacement: 8,
  /** An order, of which orderNumbers says what for. */
  permutation: 0xffff,
} as const;

/** The view of an augmentation that is not of views.pipelines. */
export const viewNumbers = {
  /** Crops and flips of the linear protocol. */
  linear: 2,
  /** Crops and flips of fine-tuning. */
  fineTuning: 0x1000,
} as const;

/** The view of views.pipelines[index]. */
export function pipelineView(index: number): number {
  return index < viewNumbers.linear ? index : index + 1;
}

/** In the view's place for a permutation: what is put in order. */
export const orderNumbers = {
  /** Training images in an epoch. */
  training: 0,
  /** Which images the linear protocol holds out, and the order of an epoch. 3 was the order of those that it keeps. */
  heldOut: 2,
  linear: 4,
  /** Which images keep their labels (supervision.labelFraction). */
  labelledPart: 5,
  /** Labelled images in batches that have a part of them (supervision.labelledPerBatch). */
  labelledRows: 6,
  /** Which images a page about neighbours shows. */
  shown: 7,
  /** Which images fine-tuning chooses by, which keep their labels, the images and then the batches of an epoch. */
  tuningHeldOut: 20,
  tuningLabels: 21,
  tuningImages: 22,
  tuningBatches: 23,
  /** Which training images of a published set validate, and which of Caltech-101's are learned from. */
  setHeldOut: 30,
  setLearned: 31,
  /** Which images are used where there may be no more than some (data.limit). */
  limited: 32,
  /** Which images the logistic protocol holds out. */
  logisticHeldOut: 40,
} as const;
