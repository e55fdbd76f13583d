import { Breather } from '../breather.js';
import { operationNumbers } from './purposes.js';

/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 * A stream is a place in the counter's space, not a state that moves on: any draw can be made again, alone and in any
 * order.
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** Upper 32 bits of the product of two unsigned 32-bit integers; `low` and `high` are the halves of the second. */
function upperHalf(a: number, low: number, high: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  // Neither sum exceeds 32 bits: (2^16 - 1)^2 + 2^16 - 1 < 2^32.
  const middle = (Math.imul(aHigh, low) + (Math.imul(aLow, low) >>> 16)) | 0;
  const carry = (Math.imul(aLow, high) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, high) + (middle >>> 16) + (carry >>> 16)) | 0;
}

/** Writes the four 32-bit words of counter (c0..c3) under key (k0, k1) to `out`, as signed integers. */
export function philox4x32(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Int32Array,
): void {
  for (let round = 0; round < ROUNDS; round += 1) {
    const high0 = upperHalf(c0, MULTIPLIER_0 & 0xffff, MULTIPLIER_0 >>> 16);
    const high1 = upperHalf(c2, MULTIPLIER_1 & 0xffff, MULTIPLIER_1 >>> 16);
    const low0 = Math.imul(c0, MULTIPLIER_0);
    c0 = high1 ^ c1 ^ k0;
    c1 = Math.imul(c2, MULTIPLIER_1);
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

const block = new Int32Array(4);

/**
 * The random numbers of one purpose: `operation` of `view` of `sample` in `epoch` under `seed`. Streams that differ in
 * any of the five are independent. purposes.ts says what is drawn where.
 */
export class Stream {
  readonly #key0: number;
  readonly #key1: number;
  readonly #epoch: number;
  readonly #sample: number;
  readonly #purpose: number;
  #block = 0;
  #left = 0;
  #words0 = 0;
  #words1 = 0;
  #words2 = 0;
  #words3 = 0;

  /** `seed`: an integer in [0, 2^53); `epoch`, `sample`: in [0, 2^32); `view`, `operation`: in [0, 2^16). */
  constructor(seed: number, epoch: number, sample: number, view = 0, operation = 0) {
    this.#key0 = seed | 0;
    this.#key1 = Math.floor(seed / 0x100000000);
    this.#epoch = epoch;
    this.#sample = sample;
    this.#purpose = (view << 16) | operation;
  }

  /** An integer in [0, 2^32). */
  word(): number {
    if (this.#left === 0) this.#refill();
    this.#left -= 1;
    const word = this.#words0;
    this.#words0 = this.#words1;
    this.#words1 = this.#words2;
    this.#words2 = this.#words3;
    return word >>> 0;
  }

  // A batch makes thousands of streams of a few words each: the words are fields because an array each would cost more.
  #refill(): void {
    philox4x32(this.#block, this.#purpose, this.#sample, this.#epoch, this.#key0, this.#key1, block);
    this.#words0 = block[0] as number;
    this.#words1 = block[1] as number;
    this.#words2 = block[2] as number;
    this.#words3 = block[3] as number;
    this.#block += 1;
    this.#left = 4;
  }

  /** A number in [low, high), of 2^32 equally likely ones. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.word() / 0x100000000);
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** An integer in [0, count), all exactly equally likely; 1 <= count <= 2^32. */
  below(count: number): number {
    // Words beyond the largest multiple of count would favour small results; they are drawn again.
    const limit = 0x100000000 - (0x100000000 % count);
    let word = this.word();
    while (word >= limit) word = this.word();
    return word % count;
  }
}

/** Swaps between two looks at the clock. */
const SWAPS = 4096;

/**
 * The numbers 0..count-1 in random order, each order equally likely (Fisher-Yates). Orders of different seeds, epochs
 * or purposes (0..65535, orderNumbers) are independent. Gives way to the event loop: the order of ImageNet's
 * images takes a tenth of a second and more.
 */
export async function permutation(
  count: number,
  seed: number,
  epoch: number,
  purpose = 0,
  breather = new Breather(),
): Promise<Int32Array> {
  const order = new Int32Array(count);
  for (let i = 0; i < count; i += 1) order[i] = i;
  const stream = new Stream(seed, epoch, 0, purpose, operationNumbers.permutation);
  for (let i = count - 1; i > 0; i -= 1) {
    if (i % SWAPS === 0) await breather.breathe();
    const j = stream.below(i + 1);
    const swapped = order[i] as number;
    order[i] = order[j] as number;
    order[j] = swapped;
  }
  return order;
}
