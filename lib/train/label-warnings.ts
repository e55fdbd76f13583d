import type { LabelledImages } from '../data/open.js';

/** What a run leaves out because only some of its images have labels; of images without any nobody expects it. */
export function labelWarnings({
  train,
  test,
}: {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
}): string[] {
  if (train.labels === null && test.labels !== null) {
    return [
      'Only the test images have labels, the training images have none: kNN, the linear protocol and the online classifier are left out.',
    ];
  }
  if (train.labels !== null && test.labels === null) {
    return [
      'Only the training images have labels, the test images have none: kNN and the linear protocol are left out.',
    ];
  }
  return [];
}
