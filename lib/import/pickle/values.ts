import { type ByteSource, type BytesRange, MemoryBytes } from '../bytes.js';
import { ImportProblem } from '../problem.js';
import type { StoredArray } from '../stored-array.js';

/** What a pickle describes, as plain data. Nothing here has behaviour of Python's but what the reader gives it. */
export type PyValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PyText
  | PyBytes
  | PyTuple
  | PyList
  | PyDict
  | PyGlobal
  | PyInstance;

/** A text of so many bytes that it is left where it lies: in protocol 2 that is how an array's bytes are written. */
export class PyText {
  readonly utf8: BytesRange;
  constructor(utf8: BytesRange) {
    this.utf8 = utf8;
  }
}

/** `source` as it is, or, with `latin1`, as UTF-8 text whose characters are the bytes. */
export class PyBytes {
  readonly source: ByteSource;
  readonly latin1: boolean;
  constructor(source: ByteSource, latin1: boolean) {
    this.source = source;
    this.latin1 = latin1;
  }
}

export class PyTuple {
  readonly items: readonly PyValue[];
  constructor(items: readonly PyValue[]) {
    this.items = items;
  }
}

/** A list, set or frozen set. */
export class PyList {
  readonly items: PyValue[];
  constructor(items: PyValue[]) {
    this.items = items;
  }
}

/** A dictionary of any class, in the order of the file. */
export class PyDict {
  readonly entries = new Map<PyValue, PyValue>();

  get(key: string): PyValue | undefined {
    return this.entries.get(key);
  }

  /** For BUILD: attributes beside the items, such as the `_metadata` of PyTorch's, are of no use. */
  setState(_state: PyValue): void {}
}

/** What a name of a module stands for here, where it is allowed at all. */
export interface GlobalMeaning {
  /** For REDUCE: as a function, or a class, called with these arguments. */
  readonly call?: (args: readonly PyValue[]) => PyValue;
  /** For NEWOBJ, OBJ and INST: as a class of which an object is made. */
  readonly create?: (args: readonly PyValue[]) => PyValue;
}

export class PyGlobal {
  /** "numpy.ndarray" */
  readonly name: string;
  readonly meaning: GlobalMeaning;
  constructor(name: string, meaning: GlobalMeaning = {}) {
    this.name = name;
    this.meaning = meaning;
  }
}

/** An object whose state BUILD may set. As it is: of a class that is known to be of no use here, and nothing is kept of it. */
export class PyInstance {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
  setState(_state: PyValue): void {}
}

/** An array or tensor; null: one of no numeric type, or one whose state is still to come. */
export class PyArray extends PyInstance {
  array: StoredArray | null;
  constructor(name: string, array: StoredArray | null) {
    super(name);
    this.array = array;
  }
}

/** Words for messages. */
export function describeValue(value: PyValue): string {
  if (value === null) return 'None';
  if (value instanceof PyGlobal || value instanceof PyInstance) return value.name;
  if (typeof value !== 'object')
    return { string: 'a text', boolean: 'a truth value' }[typeof value as string] ?? 'a number';
  if (value instanceof PyTuple) return 'a tuple';
  if (value instanceof PyDict) return 'a dictionary';
  if (value instanceof PyList) return 'a list';
  return value instanceof PyText ? 'a text' : 'bytes';
}

/** Arguments of the functions that are known: each `take...()` gives one, or throws ImportProblem where it is something else. */
export function takeInteger(value: PyValue | undefined, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw unfit(value, what, 'a whole number');
  return value;
}

export function takeText(value: PyValue | undefined, what: string): string {
  if (typeof value !== 'string') throw unfit(value, what, 'a text');
  return value;
}

export function takeItems(value: PyValue | undefined, what: string): readonly PyValue[] {
  if (value instanceof PyTuple || value instanceof PyList) return value.items;
  throw unfit(value, what, 'a tuple');
}

/** Sizes or strides, each from 0. */
export function takeSizes(value: PyValue | undefined, what: string): number[] {
  return takeItems(value, what).map((item) => {
    const size = takeInteger(item, what);
    if (size < 0) throw new ImportProblem(`it is damaged: ${what} below 0`);
    return size;
  });
}

export function takeBytes(value: PyValue | undefined, what: string): PyBytes {
  if (value instanceof PyBytes) return value;
  if (value instanceof PyText) return new PyBytes(value.utf8, true);
  if (typeof value === 'string') return latin1Bytes(value);
  throw unfit(value, what, 'bytes');
}

/** The bytes that the characters of a text are. */
export function latin1Bytes(text: string): PyBytes {
  return new PyBytes(new MemoryBytes(Buffer.from(text, 'utf8')), true);
}

function unfit(value: PyValue | undefined, what: string, expected: string): ImportProblem {
  const found = value === undefined ? 'missing' : describeValue(value);
  return new ImportProblem(`it is damaged: ${what} is ${found} instead of ${expected}`);
}
