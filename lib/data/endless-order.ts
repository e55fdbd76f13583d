import type { Breather } from '../breather.js';
import { permutation } from '../random/philox.js';

/** A step may hold the end of one order and the beginning of the next, and is drawn more than once. */
const ROUNDS_KEPT = 2;

/** A part of an endless row: the numbers, and for each the 0-based time around that it belongs to. */
export interface OrderedPart {
  readonly numbers: Int32Array;
  readonly rounds: Int32Array;
}

/** The numbers 0 to count - 1 again and again, each round in a random order of its own. Any part can be drawn alone. */
export class EndlessOrder {
  readonly count: number;
  readonly #seed: number;
  readonly #purpose: number;
  readonly #orders = new Map<number, Promise<Int32Array>>();

  /** `purpose`: tells these orders from others with the same seed (orderNumbers in random/purposes.ts). */
  constructor(count: number, seed: number, purpose: number) {
    this.count = count;
    this.#seed = seed;
    this.#purpose = purpose;
  }

  /** Of a place, from 0. */
  roundOf(position: number): number {
    return Math.floor(position / this.count);
  }

  async part(first: number, length: number, breather?: Breather): Promise<OrderedPart> {
    const numbers = new Int32Array(length);
    const rounds = new Int32Array(length);
    for (let done = 0; done < length; ) {
      const round = this.roundOf(first + done);
      const start = first + done - round * this.count;
      const order = (await this.#order(round, breather)).subarray(start, start + length - done);
      numbers.set(order, done);
      rounds.fill(round, done, done + order.length);
      done += order.length;
    }
    return { numbers, rounds };
  }

  #order(round: number, breather?: Breather): Promise<Int32Array> {
    const kept = this.#orders.get(round);
    if (kept !== undefined) return kept;
    const order = permutation(this.count, this.#seed, round, this.#purpose, breather);
    for (const oldest of this.#orders.keys()) {
      if (this.#orders.size < ROUNDS_KEPT) break;
      this.#orders.delete(oldest);
    }
    this.#orders.set(round, order);
    return order;
  }
}
