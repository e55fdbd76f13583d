/** Damaged files: the same from the same seed. */

/** Marsaglia's xorshift32: any number but 0 begins a row of its own. */
export class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed, 2_654_435_761) ^ 0x9e3779b9) >>> 0 || 1;
  }

  /** A whole number from 0, below `limit`. */
  below(limit: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state % limit;
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

/** What breaks readers of lengths and places, by width in bytes. */
const NUMBERS = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  2n ** 53n,
  2n ** 64n - 1n,
];

const ALL = [0, 1, 2, 3, 4, 5, 6, 7, 8];
const IN_PLACE = [0, 1, 2, 7, 8];

/** One to eight changes of a file; `others`: parts of these are put into it. */
export function damage(file: Uint8Array, others: readonly Uint8Array[], draw: Draw): Uint8Array {
  let bytes = Buffer.from(file);
  // Half of them keep their length, and so their places.
  const kinds = draw.below(2) === 0 ? IN_PLACE : ALL;
  for (let changes = 1 + draw.below(8); changes > 0 && bytes.length > 0; changes -= 1) {
    const at = draw.below(bytes.length);
    switch (draw.of(kinds)) {
      case 0:
        bytes[at] = (bytes[at] as number) ^ (1 << draw.below(8));
        break;
      case 1:
        bytes[at] = draw.below(256);
        break;
      case 2: {
        const width = draw.of([1, 2, 4, 8]);
        const number = Buffer.alloc(8);
        number.writeBigUInt64LE(draw.of(NUMBERS));
        number.copy(bytes, at, 0, width);
        break;
      }
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + draw.below(64))]);
        break;
      case 4:
        bytes = bytes.subarray(0, at);
        break;
      case 5: {
        const from = draw.below(bytes.length);
        const part = bytes.subarray(from, from + 1 + draw.below(256));
        bytes = Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)]);
        break;
      }
      case 6: {
        const other = draw.of(others);
        const from = draw.below(other.length);
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          other.subarray(from, from + 1 + draw.below(512)),
          bytes.subarray(at),
        ]);
        break;
      }
      case 7: {
        // Within the first kilobyte lie the structures of most.
        bytes[draw.below(Math.min(bytes.length, 1024))] = draw.below(256);
        break;
      }
      default: {
        const from = draw.below(bytes.length);
        bytes.copy(bytes, at, from, from + 1 + draw.below(64));
      }
    }
  }
  return bytes;
}
