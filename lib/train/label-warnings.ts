import { classLabels } from '../data/dataset.js';
import type { Images } from '../data/images.js';

/** What a run leaves out because only some of its images have labels; of images without any nobody expects it. */
export function labelWarnings({ train, test }: { readonly train: Images; readonly test: Images | null }): string[] {
  const several = [train, test].some((images) => images?.targets?.kind === 'labels');
  if (several) {
    return [
      'Images have several labels each: kNN, the linear protocol and the online classifier, which are of one class per image, are left out.',
    ];
  }
  const labelled = (images: Images | null): boolean => classLabels(images?.targets ?? null) !== null;
  if (test === null && labelled(train)) {
    return ['There are no test images: kNN and the linear protocol are left out.'];
  }
  if (!labelled(train) && labelled(test)) {
    return [
      'Only the test images have labels, the training images have none: kNN, the linear protocol and the online classifier are left out.',
    ];
  }
  if (labelled(train) && !labelled(test)) {
    return [
      'Only the training images have labels, the test images have none: kNN and the linear protocol are left out.',
    ];
  }
  return [];
}
