import type { Targets } from '../dataset.js';
import { targetsOf as targetsOfLists } from '../from-arrays.js';

/** Of each image the numbers of its classes, one or none where `several` is false; null: no image has any. */
export function targetsOf(labels: ReadonlyArray<readonly number[]>, several: boolean): Targets | null {
  return targetsOfLists(several ? labels : labels.map(([label = -1]) => label));
}
