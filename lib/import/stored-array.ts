import { halfToNumber } from '../export/safetensors.js';
import type { ByteSource } from './bytes.js';
import { ImportProblem } from './problem.js';

/** Arrays where they lie in a file, with NumPy's and PyTorch's layouts. */

const ELEMENT_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;
export type ElementType = keyof typeof ELEMENT_BYTES;

export function elementBytes(type: ElementType): number {
  return ELEMENT_BYTES[type];
}

export interface ArrayLayout {
  readonly type: ElementType;
  readonly bigEndian: boolean;
  readonly shape: readonly number[];
  /** In elements, from 0, for each axis. */
  readonly strides: readonly number[];
  /** The first element's place among those of `bytes`. */
  readonly start: number;
}

export interface StoredArray extends ArrayLayout {
  readonly bytes: ByteSource;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function rowMajorStrides(shape: readonly number[]): number[] {
  return shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
}

export function columnMajorStrides(shape: readonly number[]): number[] {
  return shape.map((_, axis) => elementCount(shape.slice(0, axis)));
}

/** Throws ImportProblem where elements lie outside of `elements`, or where there are more than those. */
export function checkLayout({ shape, strides, start }: ArrayLayout, elements: number): void {
  if (shape.length !== strides.length) throw new ImportProblem('it is damaged: an array has other axes than strides');
  const count = elementCount(shape);
  if (count === 0) return;
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] as number), start);
  if (!(start >= 0 && last < elements && count <= elements)) {
    throw new ImportProblem(`it is damaged: an array of shape [${shape}] is larger than what it lies in`);
  }
}

/** The same elements with axis `axes[i]` as axis i. */
export function transposed(array: StoredArray, axes: readonly number[]): StoredArray {
  const pick = (values: readonly number[]): number[] => axes.map((axis) => values[axis] as number);
  return { ...array, shape: pick(array.shape), strides: pick(array.strides) };
}

/** The same part of the same file in the same layout. */
export function isSameArray(a: StoredArray, b: StoredArray): boolean {
  const layout = ({ type, shape, strides, start }: StoredArray): string =>
    JSON.stringify([type, shape, strides, start]);
  return a.bytes === b.bytes && layout(a) === layout(b);
}

/** Row-major. float64 is rounded, integers too from 2^24 on. */
export function readFloats(array: StoredArray): Float32Array {
  const { shape, strides, start, type, bytes } = array;
  const size = ELEMENT_BYTES[type];
  const count = elementCount(shape);
  if (count === 0) return new Float32Array(0);
  const span = shape.reduce((sum, length, axis) => sum + (length - 1) * (strides[axis] as number), 1);
  const values = toFloats(bytes.read(start * size, span * size), array);
  return isRowMajor(shape, strides) ? values : gather(values, shape, strides);
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  const expected = rowMajorStrides(shape);
  return shape.every((size, axis) => size === 1 || strides[axis] === expected[axis]);
}

function gather(values: Float32Array, shape: readonly number[], strides: readonly number[]): Float32Array {
  const out = new Float32Array(elementCount(shape));
  const inner = shape.at(-1) as number;
  const step = strides.at(-1) as number;
  const index = shape.slice(0, -1).map(() => 0);
  for (let at = 0, from = 0; at < out.length; ) {
    for (let i = 0; i < inner; i += 1) out[at + i] = values[from + i * step] as number;
    at += inner;
    for (let axis = index.length - 1; axis >= 0; axis -= 1) {
      const stride = strides[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      from += stride;
      if (index[axis] !== shape[axis]) break;
      from -= stride * (shape[axis] as number);
      index[axis] = 0;
    }
  }
  return out;
}

/** `bytes` may be changed: it is a copy. */
function toFloats(bytes: Uint8Array, { type, bigEndian }: ArrayLayout): Float32Array {
  if (bigEndian) reverseEach(bytes, ELEMENT_BYTES[type]);
  const buffer = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const over = [buffer.buffer as ArrayBuffer, buffer.byteOffset, bytes.length / ELEMENT_BYTES[type]] as const;
  switch (type) {
    case 'F64':
      return Float32Array.from(new Float64Array(...over));
    case 'F32':
      return new Float32Array(...over);
    case 'F16':
      return Float32Array.from(new Uint16Array(...over), halfToNumber);
    case 'BF16': {
      // The upper half of a float32.
      const halves = new Uint16Array(...over);
      return new Float32Array(Uint32Array.from(halves, (bits) => bits << 16).buffer);
    }
    case 'I64':
      return Float32Array.from(new BigInt64Array(...over), Number);
    case 'U64':
      return Float32Array.from(new BigUint64Array(...over), Number);
    case 'I32':
      return Float32Array.from(new Int32Array(...over));
    case 'U32':
      return Float32Array.from(new Uint32Array(...over));
    case 'I16':
      return Float32Array.from(new Int16Array(...over));
    case 'U16':
      return Float32Array.from(new Uint16Array(...over));
    case 'I8':
      return Float32Array.from(new Int8Array(...over));
    case 'U8':
    case 'BOOL':
      return Float32Array.from(buffer);
  }
}

function reverseEach(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}
