import { fstatSync, readSync } from 'node:fs';
import { ImportProblem } from './problem.js';

/** Bytes that are read where they are needed: checkpoints have gigabytes of which an encoder is a part. */
export interface ByteSource {
  readonly size: number;
  /** A new array; [offset, offset + length) must lie inside. Throws ImportProblem where it does not, or no longer. */
  read(offset: number, length: number): Uint8Array;
}

/** Node refuses single reads of 2 GiB and more. */
const LARGEST_READ = 256 * 1024 * 1024;

/** A file that stays open, of the size that it had at first. */
export class FileBytes implements ByteSource {
  readonly size: number;
  readonly #file: number;

  constructor(file: number) {
    this.#file = file;
    this.size = fstatSync(file).size;
  }

  read(offset: number, length: number): Uint8Array {
    checkInside(this, offset, length);
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const got = readSync(this.#file, bytes, done, Math.min(LARGEST_READ, length - done), offset + done);
      if (got === 0) throw new ImportProblem('it became shorter while it was read');
      done += got;
    }
    return bytes;
  }
}

export class MemoryBytes implements ByteSource {
  readonly size: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    // A Buffer's slice() would be no copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.size = bytes.length;
  }

  read(offset: number, length: number): Uint8Array {
    checkInside(this, offset, length);
    return this.#bytes.slice(offset, offset + length);
  }
}

/** A part of a source, as one of its own. */
export class BytesRange implements ByteSource {
  readonly source: ByteSource;
  readonly begin: number;
  readonly size: number;

  constructor(source: ByteSource, begin: number, size: number) {
    checkInside(source, begin, size);
    this.source = source;
    this.begin = begin;
    this.size = size;
  }

  read(offset: number, length: number): Uint8Array {
    checkInside(this, offset, length);
    return this.source.read(this.begin + offset, length);
  }
}

function checkInside({ size }: { readonly size: number }, offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
    throw new ImportProblem('it has a size or a place that cannot be');
  }
  if (offset + length > size)
    throw new ImportProblem('it is truncated or damaged: something in it goes beyond its end');
}

const WINDOW = 64 * 1024;

/** Reads a source from front to end through a small window; what is skipped is not read. Numbers are little-endian. */
export class ByteCursor {
  readonly #source: ByteSource;
  #window: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#window.buffer);
  #windowBegin = 0;
  #position: number;

  constructor(source: ByteSource, position = 0) {
    this.#source = source;
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.#source.size - this.#position;
  }

  uint8(): number {
    const at = this.#take(1);
    return this.#view.getUint8(at);
  }

  uint16(): number {
    const at = this.#take(2);
    return this.#view.getUint16(at, true);
  }

  int32(): number {
    const at = this.#take(4);
    return this.#view.getInt32(at, true);
  }

  uint32(): number {
    const at = this.#take(4);
    return this.#view.getUint32(at, true);
  }

  /** Throws ImportProblem from 2^53 on, which no file has bytes for. */
  uint64(): number {
    const at = this.#take(8);
    const value = Number(this.#view.getBigUint64(at, true));
    if (!Number.isSafeInteger(value)) throw new ImportProblem('it has a size or a place that cannot be');
    return value;
  }

  /** Big-endian, as pickle has it. */
  float64(): number {
    const at = this.#take(8);
    return this.#view.getFloat64(at, false);
  }

  bytes(length: number): Uint8Array {
    const bytes = this.#source.read(this.#position, length);
    this.#position += length;
    return bytes;
  }

  /** Where the next `length` bytes lie, which are passed over. */
  skip(length: number): BytesRange {
    const range = new BytesRange(this.#source, this.#position, length);
    this.#position += length;
    return range;
  }

  /** Up to a line feed, which is passed over and left out. */
  line(longest: number): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let length = 0; ; ) {
      const start = this.#take(0);
      const rest = this.#window.subarray(start);
      if (rest.length === 0) throw new ImportProblem('it is truncated or damaged: it ends inside a line');
      const end = rest.indexOf(10);
      const part = end < 0 ? rest : rest.subarray(0, end);
      length += part.length;
      if (length > longest) throw new ImportProblem(`it has a line of more than ${longest} bytes`);
      parts.push(part);
      this.#position += part.length + (end < 0 ? 0 : 1);
      if (end >= 0) return Buffer.concat(parts);
    }
  }

  /** Where in the window the next bytes begin, passed over; all of them are in it, and for 0 as many as there are. */
  #take(length: number): number {
    let start = this.#position - this.#windowBegin;
    const inside = start >= 0 && (length === 0 ? start < this.#window.length : start + length <= this.#window.length);
    if (!inside) {
      const size = Math.max(length, Math.min(WINDOW, this.left));
      this.#window = this.#source.read(this.#position, size);
      this.#view = new DataView(this.#window.buffer, this.#window.byteOffset, this.#window.byteLength);
      this.#windowBegin = this.#position;
      start = 0;
    }
    this.#position += length;
    return start;
  }
}
