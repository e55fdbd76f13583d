import { crc32 } from 'node:zlib';
import { z } from 'zod';

/**
 * A packed store, one file. All numbers are little-endian; sums are CRC-32 as zlib and PNG have it.
 *
 * | bytes | what |
 * | --- | --- |
 * | 0 to 4095 | the header |
 * | from 4096 | pixels: of image i heights[i] x widths[i] x 3 bytes of RGB, row-major, one image after the other, in the order of the splits |
 * | header.indexOffset | the index: columns, each from a multiple of 8 on, and at its end the directory, JSON in UTF-8 |
 *
 * The header: "BYOLPACK", u32 version, u32 number of images, u64 bytes of the file, u64 first byte of the pixels, u64 bytes of
 * the pixels, u64 first byte of the index, u64 its bytes, u64 bytes of the directory, u32 sum of the index; zeros; the last four
 * bytes are the sum of those before. The directory says which columns there are and where in the index each begins:
 * `offsets` (u64: the first byte of each image), `heights`, `widths`, `sums` (u32: of each image's pixels), `nameEnds` (u64)
 * and `names` (UTF-8, one after the other), and for each split `labels:SPLIT` (i32) and `labelOffsets:SPLIT` (u32) of any number of labels.
 */

export const MAGIC = Buffer.from('BYOLPACK', 'latin1');
/** Another layout is another version. */
export const VERSION = 1;
export const HEADER_BYTES = 4096;
/** Of columns. */
const ALIGNMENT = 8;

export interface Header {
  readonly images: number;
  readonly fileBytes: number;
  readonly pixelOffset: number;
  readonly pixelBytes: number;
  readonly indexOffset: number;
  readonly indexBytes: number;
  readonly directoryBytes: number;
  readonly indexSum: number;
}

const splitSchema = z.strictObject({
  images: z.int().positive(),
  targets: z.enum(['class', 'labels']).nullable(),
});

export const directorySchema = z.strictObject({
  /** Of each column its first byte in the index, and how many there are. */
  columns: z.record(z.string(), z.tuple([z.int().nonnegative(), z.int().nonnegative()])),
  splits: z.strictObject({
    train: splitSchema,
    val: splitSchema.optional(),
    test: splitSchema.optional(),
  }),
  classNames: z.array(z.string().min(1)),
  /** Pixels of the shorter side of what was larger; null: every image has its own size. */
  size: z.int().positive().nullable(),
  /** Pixels of the longest side of all images. */
  longestSide: z.int().positive(),
  /** SHA-256 of what was packed and how: the same is not packed again. */
  job: z.string(),
  notes: z.array(z.string()),
});
export type Directory = z.infer<typeof directorySchema>;

export function encodeHeader(header: Header): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(VERSION, 8);
  bytes.writeUInt32LE(header.images, 12);
  const { fileBytes, pixelOffset, pixelBytes, indexOffset, indexBytes, directoryBytes } = header;
  for (const [i, value] of [fileBytes, pixelOffset, pixelBytes, indexOffset, indexBytes, directoryBytes].entries()) {
    bytes.writeBigUInt64LE(BigInt(value), 16 + 8 * i);
  }
  bytes.writeUInt32LE(header.indexSum, 64);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, HEADER_BYTES - 4)), HEADER_BYTES - 4);
  return bytes;
}

export function hasMagic(bytes: Uint8Array): boolean {
  return MAGIC.equals(bytes.subarray(0, MAGIC.length));
}

/** Why there is none, after "it"; of bytes that have the magic. */
export function decodeHeader(bytes: Buffer): Header | string {
  if (bytes.length < HEADER_BYTES) return `ends within its header, after ${bytes.length} bytes`;
  const version = bytes.readUInt32LE(8);
  if (version !== VERSION) {
    return `is of version ${version}, and this program reads version ${VERSION}: a newer byol-torch wrote it`;
  }
  const last = HEADER_BYTES - 4;
  if (crc32(bytes.subarray(0, last)) !== bytes.readUInt32LE(last)) return 'has a damaged header (its checksum differs)';
  const large = (i: number): number => Number(bytes.readBigUInt64LE(16 + 8 * i));
  return {
    images: bytes.readUInt32LE(12),
    fileBytes: large(0),
    pixelOffset: large(1),
    pixelBytes: large(2),
    indexOffset: large(3),
    indexBytes: large(4),
    directoryBytes: large(5),
    indexSum: bytes.readUInt32LE(64),
  };
}

/** Columns by name, as they are written. */
export type Columns = Readonly<Record<string, Uint8Array>>;

/** The index of these columns; `directory` is told where they are. */
export function encodeIndex(
  columns: Columns,
  directory: Omit<Directory, 'columns'>,
): { readonly index: Buffer; readonly directoryBytes: number } {
  const parts: Uint8Array[] = [];
  const places: Record<string, [number, number]> = {};
  let at = 0;
  for (const [name, bytes] of Object.entries(columns)) {
    places[name] = [at, bytes.length];
    const padding = (ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT;
    parts.push(bytes, new Uint8Array(padding));
    at += bytes.length + padding;
  }
  const text = Buffer.from(JSON.stringify({ columns: places, ...directory } satisfies Directory), 'utf8');
  return { index: Buffer.concat([...parts, text]), directoryBytes: text.length };
}

/** The first multiple of a column's alignment from there on. */
export function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

export function encodeUint32(values: ArrayLike<number>): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (let i = 0; i < values.length; i += 1) bytes.writeUInt32LE(values[i] as number, i * 4);
  return bytes;
}

export function encodeInt32(values: ArrayLike<number>): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (let i = 0; i < values.length; i += 1) bytes.writeInt32LE(values[i] as number, i * 4);
  return bytes;
}

export function encodeUint64(values: ArrayLike<number>): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as number;
    bytes.writeUInt32LE(value % 2 ** 32, i * 8);
    bytes.writeUInt32LE(Math.floor(value / 2 ** 32), i * 8 + 4);
  }
  return bytes;
}

export function decodeUint64(bytes: Buffer): Float64Array {
  return Float64Array.from(
    { length: bytes.length / 8 },
    (_, i) => bytes.readUInt32LE(i * 8) + bytes.readUInt32LE(i * 8 + 4) * 2 ** 32,
  );
}

/** Of numbers below 2^31, or signed ones. */
export function decodeInt32(bytes: Buffer): Int32Array {
  return Int32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readInt32LE(i * 4));
}

export function decodeUint32(bytes: Buffer): Uint32Array {
  return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32LE(i * 4));
}
