import { MemoryBytes } from '../bytes.js';
import { ImportProblem } from '../problem.js';
import {
  checkLayout,
  columnMajorStrides,
  type ElementType,
  elementBytes,
  elementCount,
  rowMajorStrides,
  type StoredArray,
} from '../stored-array.js';
import type { GlobalTable } from './globals.js';
import { decodeLatin1, LatinText } from './latin-text.js';
import type { GlobalMeaning } from './values.js';
import {
  PyArray,
  type PyBytes,
  PyGlobal,
  PyInstance,
  PyList,
  PyTuple,
  type PyValue,
  takeBytes,
  takeItems,
  takeSizes,
  takeText,
} from './values.js';

/** NumPy's arrays and scalars, as it, dill and JAX write them (numpy/_core/src/multiarray/methods.c, array_reduce). */

/** By kind and size, as the names of types without a byte order have them. */
const TYPES: ReadonlyMap<string, ElementType> = new Map([
  ['f8', 'F64'],
  ['f4', 'F32'],
  ['f2', 'F16'],
  ['i8', 'I64'],
  ['i4', 'I32'],
  ['i2', 'I16'],
  ['i1', 'I8'],
  ['u8', 'U64'],
  ['u4', 'U32'],
  ['u2', 'U16'],
  ['u1', 'U8'],
  ['b1', 'BOOL'],
]);

class Dtype extends PyInstance {
  /** null: texts, times, objects, records. */
  readonly type: ElementType | null;
  bigEndian = false;

  constructor(type: ElementType | null) {
    super('numpy.dtype');
    this.type = type;
  }

  /** (version, byte order, ...): '>' is big-endian, '|' of bytes, '=' of whoever wrote it, which is little-endian today. */
  override setState(state: PyValue): void {
    const order = takeItems(state, 'the state of a dtype')[1];
    this.bigEndian = order === '>';
  }
}

function makeDtype([name]: readonly PyValue[]): Dtype {
  // JAX's bfloat16 is a type of the package ml_dtypes.
  if (name instanceof PyGlobal) return new Dtype(name.name === 'ml_dtypes.bfloat16' ? 'BF16' : null);
  const text = takeText(name, 'the name of a dtype');
  const dtype = new Dtype(TYPES.get(text.replace(/^[<>|=]/, '')) ?? null);
  dtype.bigEndian = text.startsWith('>');
  return dtype;
}

class NumpyArray extends PyArray {
  constructor() {
    super('numpy.ndarray', null);
  }

  /** (version, shape, dtype, whether Fortran's order, bytes); the oldest have no version. */
  override setState(state: PyValue): void {
    const items = takeItems(state, 'the state of an array');
    const [shape, dtype, fortran, data] = items.length === 5 ? items.slice(1) : items;
    this.array = storedArray(shape, dtype, fortran === true || fortran === 1, data);
  }
}

function storedArray(
  shape: PyValue | undefined,
  dtype: PyValue | undefined,
  fortran: boolean,
  data: PyValue | undefined,
): StoredArray | null {
  if (!(dtype instanceof Dtype)) throw new ImportProblem('its pickle is damaged: an array has no dtype');
  // Of objects, the items are a list.
  if (dtype.type === null || data instanceof PyList) return null;
  const sizes = takeSizes(shape, 'the shape of an array');
  const strides = fortran ? columnMajorStrides(sizes) : rowMajorStrides(sizes);
  const bytes = plainBytes(takeBytes(data, 'the bytes of an array'), elementCount(sizes) * elementBytes(dtype.type));
  const array = { type: dtype.type, bigEndian: dtype.bigEndian, shape: sizes, strides, start: 0, bytes };
  checkLayout(array, bytes.size / elementBytes(dtype.type));
  return array;
}

/** `size`: how many there should be. */
function plainBytes({ source, latin1 }: PyBytes, size: number): StoredArray['bytes'] {
  if (!latin1) return source;
  // One that is in memory is short.
  return source instanceof MemoryBytes ? new MemoryBytes(decodeLatin1(source, size)) : new LatinText(source, size);
}

const reconstruct: GlobalMeaning = { call: () => new NumpyArray() };

/** NumPy's own, behind a call of others': (function, its arguments, the array's state, ...). */
function forward([callee, args, state]: readonly PyValue[]): PyValue {
  if (!(callee instanceof PyGlobal) || callee.meaning !== reconstruct) {
    throw new ImportProblem('its pickle makes an array in an unknown way');
  }
  const array = new NumpyArray();
  takeItems(args, 'the arguments of an array');
  array.setState(state ?? null);
  return array;
}

/** Protocol 5: (buffer, dtype, shape, order). */
function fromBuffer([buffer, dtype, shape, order]: readonly PyValue[]): PyArray {
  return new PyArray('numpy.ndarray', storedArray(shape, dtype, order === 'F', buffer));
}

function scalar([dtype, bytes]: readonly PyValue[]): PyArray {
  return new PyArray('numpy.generic', storedArray(new PyTuple([]), dtype, false, bytes));
}

/** NumPy 2 has other names than NumPy 1. */
const inCore = (module: string, name: string, meaning: GlobalMeaning): Array<[string, GlobalMeaning]> => [
  [`numpy.core.${module} ${name}`, meaning],
  [`numpy._core.${module} ${name}`, meaning],
];

export const numpyGlobals: GlobalTable = {
  ...Object.fromEntries([
    ...inCore('multiarray', '_reconstruct', reconstruct),
    ...inCore('multiarray', 'scalar', { call: scalar }),
    ...inCore('numeric', '_frombuffer', { call: fromBuffer }),
  ]),
  'numpy ndarray': {},
  'numpy dtype': { call: makeDtype },
  ...Object.fromEntries(
    'bool_ int32 int64 float16 float32 float64 uint8'.split(' ').map((name) => [`numpy ${name}`, {}]),
  ),
  'ml_dtypes bfloat16': {},
  'dill._dill _create_array': { call: forward },
  'jax._src.array _reconstruct_array': { call: forward },
  'jax._src.device_array reconstruct_device_array': { call: forward },
};
