import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { z } from 'zod';
import { ByolError } from '../errors.js';
import { ioError } from '../files/atomic-file.js';
import { explainForeignFile } from './foreign-file.js';

/**
 * Reads safetensors files: an 8-byte little-endian header length, a JSON header, the tensors' bytes, row-major. Writing is the
 * native addon's, and so is loading weights: this is for looking into a file, and blocks until it is read. Tensors that are
 * not asked for are not read.
 */

const LENGTH_BYTES = 8;
/** The limit of the reference implementation. */
const LARGEST_HEADER = 100_000_000;
/** Node refuses single reads of 2 GiB and more. */
const CHUNK = 256 * 1024 * 1024;

const ELEMENT_BYTES = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, U8: 1, BOOL: 1 } as const;
/** As safetensors calls them: 'F32', 'BF16', 'I64', ... */
export type TensorType = keyof typeof ELEMENT_BYTES;

/** A tensor of a file, row-major. */
export interface TensorInfo {
  readonly type: TensorType;
  readonly shape: readonly number[];
  /** Bytes from the start of the file, [begin, end). */
  readonly begin: number;
  readonly end: number;
}

/** What a safetensors file holds, without the values. */
export interface SafetensorsHeader {
  /** In the order of the file. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface TensorValues {
  readonly type: TensorType;
  readonly shape: readonly number[];
  /** Row-major. Half-precision values are widened, which changes none; int64 beyond 2^53 lose their last digits. */
  readonly data: Float64Array | Float32Array | Int32Array | Uint8Array;
}

const count = z.int().nonnegative();
const entrySchema = z.strictObject({
  dtype: z.enum(Object.keys(ELEMENT_BYTES) as [TensorType, ...TensorType[]]),
  shape: z.array(count),
  data_offsets: z.tuple([count, count]),
});
const metadataSchema = z.record(z.string(), z.string());

/**
 * Names, types and shapes of the tensors of a safetensors file, such as a run's encoder or a training state, and its metadata.
 * Throws ERR_BYOL_CHECKPOINT for a truncated or malformed file, ERR_BYOL_IO for one that cannot be read.
 */
export function readSafetensorsHeader(path: string): SafetensorsHeader {
  return withFile(path, (file) => readHeader(file, path));
}

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, TensorValues>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** `names`: the tensors to read; all if left out. Throws as readSafetensorsHeader, and ERR_BYOL_CHECKPOINT for a missing name. */
export function readSafetensors(path: string, names?: readonly string[]): SafetensorsFile {
  return withFile(path, (file) => {
    const header = readHeader(file, path);
    const tensors = new Map<string, TensorValues>();
    for (const name of names ?? header.tensors.keys()) {
      const info = header.tensors.get(name);
      if (info === undefined) throw malformed(path, `it has no tensor '${name}'`);
      const bytes = readRange(file, path, info.begin, info.end - info.begin);
      tensors.set(name, { type: info.type, shape: info.shape, data: decode(info.type, bytes) });
    }
    return { tensors, metadata: header.metadata };
  });
}

function withFile<T>(path: string, body: (file: number) => T): T {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    return body(file);
  } catch (error) {
    throw error instanceof ByolError ? explainForeignFile(path, error) : ioError(path, 'read', error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function malformed(path: string, problem: string): ByolError {
  return new ByolError(
    'ERR_BYOL_CHECKPOINT',
    `${path} is truncated, damaged or no safetensors file: ${problem}. Use another one or copy the file again.`,
  );
}

function readRange(file: number, path: string, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const bytesRead = readSync(file, bytes, done, Math.min(CHUNK, length - done), position + done);
    if (bytesRead === 0) throw malformed(path, 'it became shorter while it was read');
    done += bytesRead;
  }
  return bytes;
}

function readHeader(file: number, path: string): SafetensorsHeader {
  const { size } = fstatSync(file);
  if (size < LENGTH_BYTES) throw malformed(path, `it has ${size} bytes, fewer than any such file`);
  const lengthBytes = readRange(file, path, 0, LENGTH_BYTES);
  const length = Number(new DataView(lengthBytes.buffer).getBigUint64(0, true));
  if (length > LARGEST_HEADER) throw malformed(path, "its first 8 bytes are not a header's length");
  if (length > size - LENGTH_BYTES) throw malformed(path, 'it ends inside its header');
  const text = Buffer.from(readRange(file, path, LENGTH_BYTES, length)).toString('utf8');
  return parseHeader(text, path, LENGTH_BYTES + length, size);
}

function parseHeader(text: string, path: string, dataStart: number, size: number): SafetensorsHeader {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw malformed(path, 'its header is not JSON');
  }
  if (json === null || typeof json !== 'object' || Array.isArray(json))
    throw malformed(path, 'its header is no JSON object');
  const { __metadata__: metadata = {}, ...entries } = json as Record<string, unknown>;
  const parsedMetadata = metadataSchema.safeParse(metadata);
  if (!parsedMetadata.success) throw malformed(path, 'its metadata is not a map of strings');

  const tensors = new Map<string, TensorInfo>();
  for (const [name, entry] of Object.entries(entries)) {
    const parsed = entrySchema.safeParse(entry);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw malformed(path, `tensor '${name}' is invalid at '${issue?.path.join('.')}': ${issue?.message}`);
    }
    const { dtype: type, shape, data_offsets: offsets } = parsed.data;
    const expected = shape.reduce((product, n) => product * n, ELEMENT_BYTES[type]);
    if (offsets[1] - offsets[0] !== expected) {
      throw malformed(
        path,
        `tensor '${name}' takes ${offsets[1] - offsets[0]} bytes, but its shape and type need ${expected}`,
      );
    }
    tensors.set(name, { type, shape, begin: dataStart + offsets[0], end: dataStart + offsets[1] });
  }
  checkCoverage(tensors, path, dataStart, size);
  return { tensors, metadata: parsedMetadata.data };
}

/** The tensors must cover the data without holes or overlaps, and end where the file does. */
function checkCoverage(tensors: ReadonlyMap<string, TensorInfo>, path: string, dataStart: number, size: number): void {
  const byOffset = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let position = dataStart;
  for (const [name, { begin, end }] of byOffset) {
    if (begin < position) throw malformed(path, `tensor '${name}' overlaps another tensor`);
    if (begin > position) throw malformed(path, `tensor '${name}' does not start where the tensor before it ends`);
    position = end;
  }
  if (position !== size) {
    throw malformed(path, `it holds ${size - dataStart} bytes of data, its header lists ${position - dataStart}`);
  }
}

/** `bytes` begins a buffer of its own, so that typed arrays can lie over it; like LibTorch's CPUs it is little-endian. */
function decode(type: TensorType, bytes: Uint8Array): TensorValues['data'] {
  const { buffer } = bytes;
  switch (type) {
    case 'F64':
      return new Float64Array(buffer);
    case 'F32':
      return new Float32Array(buffer);
    case 'F16':
      return Float32Array.from(new Uint16Array(buffer), halfToNumber);
    case 'BF16':
      // The upper half of a float32.
      return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer);
    case 'I64':
      return Float64Array.from(new BigInt64Array(buffer), Number);
    case 'I32':
      return new Int32Array(buffer);
    case 'U8':
    case 'BOOL':
      return bytes;
  }
}

/** IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
