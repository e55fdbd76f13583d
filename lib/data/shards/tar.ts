import { type ByteReader, isAt } from '../headers/header.js';

/** Headers and contents fill whole blocks. */
const BLOCK = 512;
/** Longer names and lists of fields are none. */
const MOST_FIELDS = 1 << 20;

/** A file within an archive. */
export interface TarEntry {
  readonly name: string;
  /** Of its first byte. */
  readonly offset: number;
  readonly size: number;
}

/**
 * The regular files of a tar archive, in order, without reading their contents: POSIX ustar and pax (IEEE Std 1003.1-2001, pax
 * interchange format), and GNU's long names and large sizes. Throws SyntaxError, saying at which byte, where it is damaged or ends
 * within a file.
 *
 * @param size bytes of the whole archive.
 */
export function* readTar(read: ByteReader, size: number): Generator<TarEntry, void, undefined> {
  let [longName, paxSize]: [string | null, number | null] = [null, null];
  for (let at = 0; at + BLOCK <= size; ) {
    const header = read(at, BLOCK).slice();
    // Two blocks of zeros end an archive; what is after them is padding.
    if (header.every((byte) => byte === 0)) return;
    if (!hasChecksum(header)) throw new SyntaxError(`there is no tar header at byte ${at}`);
    const length = paxSize ?? number(header, 124, 12);
    const start = at + BLOCK;
    if (!Number.isSafeInteger(length) || length < 0)
      throw new SyntaxError(`the size of the file at byte ${at} is damaged`);
    if (start + length > size) throw new SyntaxError(`it ends within the file at byte ${at}`);
    const type = String.fromCharCode(header[156] as number);
    if ((type === 'L' || type === 'x') && length > MOST_FIELDS)
      throw new SyntaxError(`the name of the file at byte ${at} is damaged`);
    if (type === 'L') longName = text(read(start, length).slice());
    else if (type === 'x') [longName, paxSize] = paxFields(read(start, length).slice(), longName);
    else {
      if (type === '0' || type === '\0' || type === '7')
        yield { name: longName ?? ustarName(header), offset: start, size: length };
      [longName, paxSize] = [null, null];
    }
    at = start + Math.ceil(length / BLOCK) * BLOCK;
  }
  if (size % BLOCK !== 0) throw new SyntaxError(`it ends within a block, at byte ${size}`);
}

/** The sum of a header's bytes, its own field taken as spaces. */
function hasChecksum(header: Uint8Array): boolean {
  let sum = 0;
  for (const [at, byte] of header.entries()) sum += at >= 148 && at < 156 ? 32 : byte;
  return sum === number(header, 148, 8);
}

/** Octal digits; GNU: with the highest bit set, the bytes themselves. */
function number(header: Uint8Array, at: number, length: number): number {
  if (((header[at] as number) & 0x80) !== 0) {
    let value = (header[at] as number) & 0x7f;
    for (let i = 1; i < length; i += 1) value = value * 256 + (header[at + i] as number);
    return value;
  }
  const digits = text(header.subarray(at, at + length)).trim();
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

function ustarName(header: Uint8Array): string {
  const name = text(header.subarray(0, 100));
  const prefix = isAt(header, 257, 'ustar\0') ? text(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** "27 path=some/long/name\n", one after the other. */
function paxFields(bytes: Uint8Array, before: string | null): [string | null, number | null] {
  let [name, size]: [string | null, number | null] = [before, null];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(32, at);
    const length = Number(Buffer.from(bytes.subarray(at, space)).toString('latin1'));
    if (space < 0 || !Number.isInteger(length) || length <= 0) break;
    const [key, value = ''] = Buffer.from(bytes.subarray(space + 1, at + length - 1))
      .toString('utf8')
      .split(/=(.*)/s);
    if (key === 'path') name = value;
    if (key === 'size') size = Number(value);
    at += length;
  }
  return [name, size];
}

/** Up to the first 0. */
function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
}
