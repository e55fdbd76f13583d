import { Breather } from '../breather.js';

/**
 * The mean over classes of the 11-point average precision (VOC 2007 development kit, 3.4.1; byol-facts 4.5), for any number of
 * classes per image. Of one class: images are ranked by their score; at each recall of 0, 0.1, ..., 1 the best precision at that
 * recall or a higher one counts, and the average precision is the mean of the eleven. Images with equal scores come into the ranking
 * together, so that nothing depends on the order in which they lie. All scores are kept until the end.
 */
export class AveragePrecision {
  readonly #classes: number;
  readonly #blocks: Array<{ readonly scores: Float32Array; readonly members: Uint8Array }> = [];

  constructor(classes: number) {
    this.#classes = classes;
  }

  /** `scores`: row-major, a row of `classes` for each of the images, whose classes are `labels[row]`. Keeps a copy. */
  add(scores: Float32Array, labels: ReadonlyArray<Iterable<number>>): void {
    const members = new Uint8Array(labels.length * this.#classes);
    for (const [row, classes] of labels.entries())
      for (const label of classes) members[row * this.#classes + label] = 1;
    this.#blocks.push({ scores: scores.slice(0, members.length), members });
  }

  /** Of each class, a fraction in [0, 1]: null where no image is of it, NaN where a score is none. Gives way to the event loop. */
  async perClass(): Promise<Array<number | null>> {
    const breather = new Breather();
    const values: Array<number | null> = [];
    for (let label = 0; label < this.#classes; label += 1) {
      await breather.breathe();
      values.push(elevenPoints(this.#scoresOf(label, 1), this.#scoresOf(label, 0)));
    }
    return values;
  }

  /** Over the classes that have images. Throws RangeError where none has. */
  async mean(): Promise<number> {
    const known = (await this.perClass()).filter((value) => value !== null);
    if (known.length === 0) throw new RangeError('A mean average precision needs at least one image with a label.');
    return known.reduce((total, value) => total + value, 0) / known.length;
  }

  /** Of the images that are of the class (1), or of the others (0), ascending. */
  #scoresOf(label: number, member: 0 | 1): Float32Array {
    const found: number[] = [];
    for (const { scores, members } of this.#blocks) {
      for (let at = label; at < members.length; at += this.#classes) {
        if (members[at] === member) found.push(scores[at] as number);
      }
    }
    return Float32Array.from(found).sort();
  }
}

/** Of the images of a class and of the others, both ascending. */
function elevenPoints(own: Float32Array, others: Float32Array): number | null {
  if (own.length === 0) return null;
  // NaN sorts to the end.
  if (Number.isNaN(own.at(-1)) || Number.isNaN(others.at(-1))) return Number.NaN;
  // Precision once all scores from a threshold on are taken, for every threshold at which one more of the class is.
  const precisions: number[] = [];
  let [found, wrong] = [0, 0];
  while (found < own.length) {
    const threshold = own[own.length - 1 - found] as number;
    const before = found;
    while (found < own.length && own[own.length - 1 - found] === threshold) found += 1;
    while (wrong < others.length && (others[others.length - 1 - wrong] as number) >= threshold) wrong += 1;
    for (let i = before; i < found; i += 1) precisions[i] = found / (found + wrong);
  }
  for (let i = own.length - 2; i >= 0; i -= 1) {
    precisions[i] = Math.max(precisions[i] as number, precisions[i + 1] as number);
  }
  let total = 0;
  for (let tenth = 0; tenth <= 10; tenth += 1) {
    // The fewest of the class that are that part of it, in whole numbers: 0.3 is no sum of tenths.
    const needed = Math.max(1, Math.ceil((tenth * own.length) / 10));
    total += precisions[needed - 1] as number;
  }
  return total / 11;
}
