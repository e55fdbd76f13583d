import type { Accuracy } from '../binding/native.js';

/** Fractions in [0, 1]; NaN of scores that are not finite. */
export interface ClassAccuracy extends Accuracy {
  /** The mean of the classes' own accuracies, over the classes that have images. */
  readonly meanPerClass: number;
}

/**
 * Counts what class scores get right, block after block: one class per image. An image is right within k if fewer than k classes
 * come before its own: those with a higher score, and those with the same score and a lower number, as in the native counter.
 * -inf is a class without a score: an image whose own class has none is wrong.
 */
export class ClassCounter {
  readonly #classes: number;
  /** Images of each class, and those of them that are right. */
  readonly #images: Float64Array;
  readonly #right: Float64Array;
  #rightWithin5 = 0;
  #diverged = false;

  constructor(classes: number) {
    this.#classes = classes;
    this.#images = new Float64Array(classes);
    this.#right = new Float64Array(classes);
  }

  /** `scores`: row-major, a row of `classes` for each label; rows with a label below 0 do not count. */
  add(scores: Float32Array, labels: ArrayLike<number>): void {
    for (let row = 0; row < labels.length; row += 1) {
      const label = labels[row] as number;
      if (label < 0) continue;
      const before = this.#classesBefore(scores, row * this.#classes, label);
      this.#images[label] = (this.#images[label] as number) + 1;
      if (before < 1) this.#right[label] = (this.#right[label] as number) + 1;
      if (before < 5) this.#rightWithin5 += 1;
    }
  }

  /** Throws RangeError if nothing was counted. */
  result(): ClassAccuracy {
    const images = sum(this.#images);
    if (images === 0) throw new RangeError('An accuracy needs at least one labelled image.');
    if (this.#diverged) return { top1: Number.NaN, top5: Number.NaN, meanPerClass: Number.NaN };
    const asked = [...this.#images.keys()].filter((label) => (this.#images[label] as number) > 0);
    const perClass = asked.map((label) => (this.#right[label] as number) / (this.#images[label] as number));
    return {
      top1: sum(this.#right) / images,
      top5: this.#rightWithin5 / images,
      meanPerClass: sum(perClass) / asked.length,
    };
  }

  #classesBefore(scores: Float32Array, start: number, label: number): number {
    const own = scores[start + label] as number;
    let before = own === Number.NEGATIVE_INFINITY ? this.#classes + 5 : 0;
    for (let c = 0; c < this.#classes; c += 1) {
      const score = scores[start + c] as number;
      if (!(score < Number.POSITIVE_INFINITY)) this.#diverged = true;
      if (score > own || (score === own && c < label)) before += 1;
    }
    return before;
  }
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
