import type { Targets } from '../dataset.js';

/** Of each image the numbers of its classes, one or none where `several` is false; null: no image has any. */
export function targetsOf(labels: ReadonlyArray<readonly number[]>, several: boolean): Targets | null {
  if (labels.every(({ length }) => length === 0)) return null;
  if (!several) return { kind: 'class', labels: Int32Array.from(labels, ([label = -1]) => label) };
  const offsets = new Int32Array(labels.length + 1);
  for (const [image, { length }] of labels.entries()) offsets[image + 1] = (offsets[image] as number) + length;
  return { kind: 'labels', offsets, labels: Int32Array.from(labels.flat()) };
}
