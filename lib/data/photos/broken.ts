import { ByolError } from '../../errors.js';
import { count } from '../../text/format.js';
import { tallyNames } from './tally.js';

/** Counts images that cannot be used, and stops where there are too many. */
export class BrokenImages {
  readonly #images: number;
  readonly #limit: number;
  readonly #where: string;
  readonly #first: string[] = [];
  #count = 0;

  /**
   * @param images how many there are in all.
   * @param limit the most that may be broken, as a part of all.
   * @param where for messages: the folder or file with the images.
   */
  constructor(images: number, limit: number, where: string) {
    this.#images = images;
    this.#limit = limit;
    this.#where = where;
  }

  get count(): number {
    return this.#count;
  }

  /** `reason`: after "it". Throws ERR_BYOL_DATA once there are more than the limit. */
  add(name: string, reason: string): void {
    this.#keep(name, reason);
    if (this.#count > this.#limit * this.#images) {
      throw this.#tooMany(`${count(this.#count)} of the first images of ${count(this.#images)}`);
    }
  }

  /** Several that are known at once: the error then has all of them. */
  addAll(broken: ReadonlyArray<{ readonly location: string; readonly reason: string }>): void {
    for (const { location, reason } of broken) this.#keep(location, reason);
    if (this.#count > this.#limit * this.#images) {
      throw this.#tooMany(`${count(this.#count)} of ${count(this.#images)} images`);
    }
  }

  #keep(name: string, reason: string): void {
    this.#count += 1;
    if (this.#first.length < 3) this.#first.push(`${name} (it ${reason})`);
  }

  /** A sentence; null: there are none. */
  get note(): string | null {
    if (this.#count === 0) return null;
    const images = this.#count === 1 ? '1 broken image is' : `${count(this.#count)} broken images are`;
    return `${images} left out among ${count(this.#images)} in ${this.#where}: ${tallyNames({ count: this.#count, first: this.#first })}.`;
  }

  #tooMany(broken: string): ByolError {
    const some = tallyNames({ count: this.#count, first: this.#first });
    const limit = suggestedLimit(this.#count, this.#images);
    return new ByolError(
      'ERR_BYOL_DATA',
      `${broken} in ${this.#where} are broken, more than data.brokenLimit (${this.#limit} of all) allows: ${some}.`,
      {
        hint: `See all of them with: npx byol data check PATH. Repair or remove them, or allow more: --set data.brokenLimit=${limit}, of byol data pack --broken-limit ${limit}`,
      },
    );
  }
}

/** Twice as many as there are so far, in a short number. */
export function suggestedLimit(broken: number, images: number): number {
  return Math.min(1, Number(Math.max(0.1, (2 * broken) / images).toPrecision(1)));
}

/** What follows the name of an image: of a sentence about "it", of the end of one, or of what a library says. */
export function afterIt(reason: string): string {
  if (reason.startsWith('it ')) return reason.slice('it '.length);
  return reason.startsWith('cannot be ') ? reason : `is broken: ${reason}`;
}
