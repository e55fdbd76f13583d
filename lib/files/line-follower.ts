import { type FileHandle, open } from 'node:fs/promises';
import { Breather } from '../breather.js';
import { ioError } from './atomic-file.js';

/** Who is told the lines. */
export interface LineReader {
  /** What was told before is not in the file any more: it is another one, or a part of it was taken back. */
  readonly begin: () => void;
  readonly line: (text: string) => void;
}

/** Bytes that are read at once. */
const CHUNK = 1 << 18;
/** A line of metrics has some hundred bytes. What is longer is none, and is not kept in memory. */
const LONGEST_LINE = 1 << 20;
/** So many bytes before the place where reading goes on are compared with what was there. */
const WITNESS = 256;
const NEWLINE = 0x0a;

/**
 * Reads on in a growing file of lines from where it was. A line without its end is left for the next time. A file that was replaced,
 * shortened, or rewritten in place is read from its start again.
 */
export class LineFollower {
  readonly #path: string;
  #inode = -1;
  /** Behind the last whole line. */
  #offset = 0;
  /** The bytes before it. */
  #witness = Buffer.alloc(0);
  /** A line that is too long has begun before `#offset`. */
  #skipping = false;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Tells the lines that have come since the last call. `from`: of a file that is read from its start, begin with the first whole
   * line behind this byte. Returns whether anything has changed. Throws ERR_BYOL_IO. One call at a time.
   */
  async read(reader: LineReader, from: (size: number) => number = () => 0): Promise<boolean> {
    let file: FileHandle | undefined;
    try {
      file = await open(this.#path, 'r');
      return await this.#readOn(file, reader, from);
    } catch (error) {
      // What a reader throws is its own.
      if (typeof (error as NodeJS.ErrnoException).syscall !== 'string') throw error;
      if (isGone(error)) return this.#gone(reader);
      throw ioError(this.#path, 'read', error);
    } finally {
      await file?.close();
    }
  }

  #gone(reader: LineReader): boolean {
    if (this.#inode === -1) return false;
    this.#restart(-1, 0);
    reader.begin();
    return true;
  }

  #restart(inode: number, offset: number): void {
    this.#inode = inode;
    this.#offset = offset;
    this.#witness = Buffer.alloc(0);
    this.#skipping = false;
  }

  async #readOn(file: FileHandle, reader: LineReader, from: (size: number) => number): Promise<boolean> {
    const { ino, size } = await file.stat();
    if (ino === this.#inode && size === this.#offset) return false;
    let changed = false;
    if (ino !== this.#inode || size < this.#offset || !(await this.#isSame(file))) {
      const start = Math.min(size, Math.max(0, from(size)));
      this.#restart(ino, start);
      // From within the file on: the rest of the line that the place lies in is none.
      this.#skipping = start > 0;
      reader.begin();
      changed = true;
    }
    const breather = new Breather();
    const chunk = Buffer.allocUnsafe(CHUNK);
    let rest = Buffer.alloc(0);
    for (let at = this.#offset; at < size; ) {
      const { bytesRead } = await file.read(chunk, 0, Math.min(CHUNK, size - at), at);
      if (bytesRead === 0) break;
      at += bytesRead;
      const bytes =
        rest.length === 0 ? chunk.subarray(0, bytesRead) : Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      let start = 0;
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
        if (!this.#skipping) {
          reader.line(bytes.toString('utf8', start, end));
          changed = true;
        }
        this.#skipping = false;
        start = end + 1;
        if (breather.due) await breather.breathe();
      }
      if (bytes.length - start > LONGEST_LINE) {
        this.#skipping = true;
        start = bytes.length;
      }
      if (start > 0) {
        this.#offset = at - bytes.length + start;
        this.#witness = Buffer.from(bytes.subarray(Math.max(0, start - WITNESS), start));
      }
      rest = Buffer.from(bytes.subarray(start));
    }
    return changed;
  }

  async #isSame(file: FileHandle): Promise<boolean> {
    const before = Buffer.alloc(this.#witness.length);
    const { bytesRead } = await file.read(before, 0, before.length, this.#offset - before.length);
    return bytesRead === before.length && before.equals(this.#witness);
  }
}

/** The file, or a folder on the way to it, is not there. */
function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}
