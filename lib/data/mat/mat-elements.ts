import { inflateSync } from 'node:zlib';

/**
 * The elements that a MATLAB file of level 5 is made of: a type, a length and bytes, which may be elements again.
 * (MathWorks, "MAT-File Format", chapter 1.)
 */

/** Why bytes are not what they should be: after "it". */
export class MatProblem extends Error {}

/** Bytes that compressed elements of a file may become, together: those of data sets are of some megabytes. */
const LARGEST = 256 * 1024 * 1024;

export interface MatElement {
  readonly type: number;
  readonly bytes: DataView;
}

/** Numbers of types, as the format gives them. */
export const elementTypes = {
  int8: 1,
  uint8: 2,
  uint16: 4,
  int32: 5,
  uint32: 6,
  matrix: 14,
  compressed: 15,
  utf8: 16,
  utf16: 17,
} as const;

type Read = (bytes: DataView, at: number, little: boolean) => number;

/** Of types that are numbers: bytes of one, and how it is read. */
const numberTypes: Readonly<Record<number, readonly [size: number, read: Read]>> = {
  1: [1, (bytes, at) => bytes.getInt8(at)],
  2: [1, (bytes, at) => bytes.getUint8(at)],
  3: [2, (bytes, at, little) => bytes.getInt16(at, little)],
  4: [2, (bytes, at, little) => bytes.getUint16(at, little)],
  5: [4, (bytes, at, little) => bytes.getInt32(at, little)],
  6: [4, (bytes, at, little) => bytes.getUint32(at, little)],
  7: [4, (bytes, at, little) => bytes.getFloat32(at, little)],
  9: [8, (bytes, at, little) => bytes.getFloat64(at, little)],
  12: [8, (bytes, at, little) => safe(bytes.getBigInt64(at, little))],
  13: [8, (bytes, at, little) => safe(bytes.getBigUint64(at, little))],
};

function safe(value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new MatProblem(`has a whole number of more than 53 bits, ${value}`);
}

/** Reads elements one after the other. */
export class ElementReader {
  readonly little: boolean;
  readonly #bytes: DataView;
  #at: number;

  constructor(bytes: DataView, little: boolean, at = 0) {
    this.#bytes = bytes;
    this.little = little;
    this.#at = at;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.byteLength;
  }

  /** Throws MatProblem where there is no whole one. */
  next(): MatElement {
    const at = this.#at;
    this.#require(at + 8);
    const first = this.#bytes.getUint32(at, this.little);
    // A few bytes stand within the tag itself; their number is then in its upper half.
    const short = first >>> 16;
    if (short > 4) throw new MatProblem(`has a short element of ${short} bytes, at most 4 fit`);
    const type = short > 0 ? first & 0xffff : first;
    const length = short > 0 ? short : this.#bytes.getUint32(at + 4, this.little);
    const start = short > 0 ? at + 4 : at + 8;
    this.#require(start + length);
    // What is compressed is the only thing without a gap up to a multiple of 8.
    const end = type === elementTypes.compressed ? start + length : Math.ceil((start + length) / 8) * 8;
    this.#at = short > 0 ? at + 8 : end;
    return { type, bytes: new DataView(this.#bytes.buffer, this.#bytes.byteOffset + start, length) };
  }

  /** Numbers of whatever type. */
  numbers(): Float64Array<ArrayBuffer> {
    return numbersIn(this.next(), this.little);
  }

  #require(end: number): void {
    if (end <= this.#bytes.byteLength) return;
    throw new MatProblem(`is cut off: byte ${end} of ${this.#bytes.byteLength} is missing`);
  }
}

export function numbersIn({ type, bytes }: MatElement, little: boolean): Float64Array<ArrayBuffer> {
  const [size, read] = numberTypes[type] ?? noNumbers(type);
  if (bytes.byteLength % size !== 0)
    throw new MatProblem(`has ${bytes.byteLength} bytes of numbers that have ${size} each`);
  const numbers = new Float64Array(bytes.byteLength / size);
  for (let i = 0; i < numbers.length; i += 1) numbers[i] = read(bytes, i * size, little);
  return numbers;
}

function noNumbers(type: number): never {
  throw new MatProblem(`has an element of type ${type} where numbers should be`);
}

/** Unpacks compressed elements, which are zlib streams, of which all together have a limit. */
export class Inflater {
  #left = LARGEST;

  unpack({ bytes }: MatElement): DataView {
    try {
      const packed = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const unpacked = inflateSync(packed, { maxOutputLength: this.#left });
      this.#left = Math.max(1, this.#left - unpacked.length);
      return new DataView(unpacked.buffer, unpacked.byteOffset, unpacked.byteLength);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new MatProblem(
        code === 'ERR_BUFFER_TOO_LARGE'
          ? `unpacks to more than ${LARGEST} bytes`
          : `has a compressed part that is damaged: ${message}`,
      );
    }
  }
}
