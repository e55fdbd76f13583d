/**
 * Where the blocks of data begin that are packed with Snappy (format_description.txt of github.com/google/snappy). Compressors pack
 * every 64 KiB for themselves, though the format does not ask for it: an image so is read without the rest of its page.
 */

/** Unpacked bytes of a block. */
const BLOCK = 65_536;

/** A part that can be unpacked for itself. */
export interface SnappyPart {
  /** Of its first element, and bytes of all, in what is packed. */
  readonly offset: number;
  readonly length: number;
  /** Of its first byte, and bytes of all, in what is unpacked. */
  readonly start: number;
  readonly size: number;
}

export class SnappyBlocks {
  readonly #packed: number;
  readonly #size: number;
  /** Of each block its first element. */
  readonly #offsets: readonly number[];
  /** Whether none of the blocks refers to one before. */
  readonly areApart: boolean;

  /** Throws SyntaxError for damaged data. */
  constructor(bytes: Uint8Array) {
    const offsets: number[] = [];
    const at = (offset: number): number => {
      const byte = bytes[offset];
      if (byte === undefined) throw new SyntaxError('what is packed with Snappy is cut off');
      return byte;
    };
    let next = 0;
    while (at(next) >= 128) next += 1;
    next += 1;
    let [written, areApart] = [0, true];
    while (next < bytes.length) {
      if (written % BLOCK === 0) offsets[written / BLOCK] = next;
      const block = Math.floor(written / BLOCK) * BLOCK;
      const { length, distance, end } = elementAt(at, next);
      if (distance > written - block || written + length > block + BLOCK) areApart = false;
      written += length;
      next = end;
    }
    this.#packed = bytes.length;
    this.#size = written;
    this.#offsets = offsets;
    this.areApart = areApart;
  }

  /** The smallest part with these bytes of what is unpacked. */
  partOf(start: number, length: number): SnappyPart {
    const [first, end] = this.areApart
      ? [Math.floor(start / BLOCK), Math.ceil((start + length) / BLOCK)]
      : [0, Number.POSITIVE_INFINITY];
    const offset = this.#offsets[first] ?? this.#packed;
    const packedEnd = this.#offsets[end] ?? this.#packed;
    const unpackedEnd = Math.min(this.#size, end * BLOCK);
    return { offset, length: packedEnd - offset, start: first * BLOCK, size: unpackedEnd - first * BLOCK };
  }
}

/** An element's unpacked bytes, how far before it they are copied from (0: they are its own), and where the next one is. */
function elementAt(
  at: (offset: number) => number,
  offset: number,
): { readonly length: number; readonly distance: number; readonly end: number } {
  const tag = at(offset);
  const number = (bytes: number): number => {
    let value = 0;
    for (let i = bytes; i > 0; i -= 1) value = value * 256 + at(offset + i);
    return value;
  };
  if ((tag & 3) === 0) {
    const digits = Math.max(0, (tag >> 2) - 59);
    const length = 1 + (digits === 0 ? tag >> 2 : number(digits));
    return { length, distance: 0, end: offset + 1 + digits + length };
  }
  if ((tag & 3) === 1) {
    return { length: 4 + ((tag >> 2) & 7), distance: ((tag >> 5) << 8) + at(offset + 1), end: offset + 2 };
  }
  const digits = (tag & 3) === 2 ? 2 : 4;
  return { length: 1 + (tag >> 2), distance: number(digits), end: offset + 1 + digits };
}
