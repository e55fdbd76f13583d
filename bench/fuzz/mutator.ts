import { Stream } from '../../lib/random/philox.js';

/** Numbers at which counts and sizes go wrong, and bytes that begin a marker. */
const ODD = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff, 0x10, 0x40];
const MOST_BYTES = 1 << 18;

/** Damage to files, as disks and networks do it and as people do who mean harm: native/fuzz/mutate.h in TypeScript. */
export class Mutator {
  readonly #stream: Stream;

  constructor(seed: number) {
    this.#stream = new Stream(seed, 0, 0);
  }

  below(limit: number): number {
    return limit <= 1 ? 0 : this.#stream.below(limit);
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** One of the files, damaged at one place or at several, perhaps with parts of another. */
  damaged(seeds: readonly Uint8Array[]): Uint8Array {
    let bytes: Uint8Array = Uint8Array.from(this.of(seeds));
    if (this.below(10) === 0) return bytes.slice(0, this.below(bytes.length));
    for (let left = 1 + this.below(1 + this.below(12)); left > 0; left -= 1) bytes = this.#damage(bytes, seeds);
    return bytes.slice(0, MOST_BYTES);
  }

  #damage(bytes: Uint8Array, seeds: readonly Uint8Array[]): Uint8Array {
    if (bytes.length === 0) return bytes;
    // Headers decide more than data, so half of all damage is done to the first kilobyte.
    const at = this.below(2) === 0 ? this.below(Math.min(bytes.length, 1024)) : this.below(bytes.length);
    const length = Math.min(1 + this.below(this.below(4) === 0 ? 400 : 8), bytes.length - at);
    const [before, part, after] = [bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at + length)];
    const other = this.of(seeds);
    const from = this.below(other.length);
    switch (this.below(9)) {
      case 0:
        bytes[at] = (bytes[at] as number) ^ (1 << this.below(8));
        return bytes;
      case 1:
        bytes[at] = this.below(256);
        return bytes;
      case 2:
        bytes[at] = this.of(ODD);
        return bytes;
      case 3:
        return bytes.fill(this.below(2) === 0 ? 0 : this.below(256), at, at + length);
      case 4:
        return joined(before, after);
      case 5:
        return joined(
          before,
          ...Array.from({ length: 1 + this.below(this.below(20) === 0 ? 200 : 3) }, () => part),
          part,
          after,
        );
      case 6:
        return joined(before, other.subarray(from, from + length), part, after);
      case 7:
        return joined(before, other.subarray(from));
      default: {
        // A number of four bytes, at its least, its most or near to them.
        const number = this.of([0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0x10000, bytes.length]);
        if (at + 4 <= bytes.length)
          new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, number, this.below(2) === 0);
        return bytes;
      }
    }
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
