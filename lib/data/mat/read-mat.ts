import { ByolError } from '../../errors.js';
import { readDataFile } from '../../files/data-file.js';
import { ElementReader, elementTypes, Inflater, type MatElement, MatProblem, numbersIn } from './mat-elements.js';

/** MATLAB files of level 5 (MATLAB 5 to 7, scipy.io.savemat), as far as lists of data sets need them. */

/** An array: of one number, too. Elements are in column-major order, as MATLAB keeps them. */
export type MatValue =
  | { readonly kind: 'numbers'; readonly sides: readonly number[]; readonly numbers: Float64Array }
  /** Rows of characters, without the spaces at their ends; empty text has no row. */
  | { readonly kind: 'text'; readonly rows: readonly string[] }
  | { readonly kind: 'cells'; readonly sides: readonly number[]; readonly cells: readonly MatValue[] }
  /** Of each field the values of all elements. */
  | { readonly kind: 'structs'; readonly count: number; readonly fields: ReadonlyMap<string, readonly MatValue[]> };

const HEADER = 128;
/** Bytes; the largest file of a list is of one megabyte. */
const LARGEST_FILE = 64 * 1024 * 1024;
/** Cells in structs in cells: more than any list has. */
const DEEPEST = 8;
/** Of one array, and of one struct. */
const MOST_SIDES = 16;
const MOST_FIELDS = 256;

/** Numbers of classes of arrays. */
const CELL = 1;
const STRUCT = 2;
const CHAR = 4;
const [FIRST_NUMBERS, LAST_NUMBERS] = [6, 15];
const COMPLEX = 0x0800;

/** What other arrays are called, for messages. */
const otherClasses: Readonly<Record<number, string>> = {
  3: 'objects',
  5: 'a sparse matrix',
  16: 'a function',
  17: 'objects of a class of its own',
};

/**
 * The variables of these names. What else is in the file is passed by unread. Throws ERR_BYOL_DATA naming the file and what is wrong for
 * other files, for a variable that is missing, and for one of sparse, complex or other arrays than numbers, text, cells and structs.
 *
 * @param what says what the file should be, as of readDataFile().
 */
export async function readMat<Name extends string>(
  path: string,
  what: string,
  names: readonly Name[],
): Promise<Readonly<Record<Name, MatValue>>> {
  const bytes = await readDataFile(path, what, (size) => {
    if (size > LARGEST_FILE)
      throw new ByolError('ERR_BYOL_DATA', `${path} (${what}) has ${size} bytes, more than ${LARGEST_FILE}.`);
  });
  try {
    return parseMat(bytes, names);
  } catch (error) {
    if (!(error instanceof MatProblem)) throw error;
    throw new ByolError('ERR_BYOL_DATA', `${path} (${what}) cannot be used: it ${error.message}.`, { cause: error });
  }
}

/** The same of bytes; throws MatProblem. */
export function parseMat<Name extends string>(
  bytes: Uint8Array,
  names: readonly Name[],
): Readonly<Record<Name, MatValue>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = byteOrder(view);
  const inflater = new Inflater();
  const found = new Map<string, MatValue>();
  const there: string[] = [];
  for (const reader = new ElementReader(view, little, HEADER); !reader.atEnd; ) {
    const element = reader.next();
    const isPacked = element.type === elementTypes.compressed;
    const matrix = isPacked ? new ElementReader(inflater.unpack(element), little).next() : element;
    if (matrix.type !== elementTypes.matrix || matrix.bytes.byteLength === 0) continue;
    const array = new ArrayReader(matrix, little);
    there.push(array.name);
    if (names.some((name) => name === array.name)) found.set(array.name, array.value(0));
  }
  const missing = names.find((name) => !found.has(name));
  if (missing !== undefined)
    throw new MatProblem(`has no variable '${missing}' (it has: ${there.slice(0, 8).join(', ') || 'none'})`);
  return Object.fromEntries(found) as Record<Name, MatValue>;
}

function byteOrder(view: DataView): boolean {
  if (view.byteLength < HEADER) throw new MatProblem(`is no MATLAB file: it has ${view.byteLength} bytes`);
  const mark = String.fromCharCode(view.getUint8(126), view.getUint8(127));
  if (mark !== 'IM' && mark !== 'MI') throw new MatProblem('is no MATLAB file of level 5 (MATLAB 5 to 7)');
  const little = mark === 'IM';
  const version = view.getUint16(124, little);
  if (version === 0x0200)
    throw new MatProblem("is of MATLAB 7.3, which is HDF5: save it as of version 7 (save(..., '-v7'))");
  if (version !== 0x0100) throw new MatProblem(`is a MATLAB file of an unknown version, ${version}`);
  return little;
}

/** One array: its head at once, what is in it where it is asked for. */
class ArrayReader {
  readonly name: string;
  readonly #little: boolean;
  readonly #reader: ElementReader;
  readonly #class: number;
  readonly #flags: number;
  readonly #sides: readonly number[];
  readonly #count: number;

  constructor({ bytes }: MatElement, little: boolean) {
    this.#little = little;
    this.#reader = new ElementReader(bytes, little);
    const [flags = 0] = this.#reader.numbers();
    this.#flags = flags;
    this.#class = flags & 0xff;
    this.#sides = [...this.#reader.numbers()];
    this.#count = this.#sides.reduce((product, side) => product * side, 1);
    // Every element takes a byte at least: no array is made that its file could not fill.
    const isSound =
      this.#sides.length >= 2 &&
      this.#sides.length <= MOST_SIDES &&
      this.#sides.every((side) => Number.isInteger(side) && side >= 0);
    if (!isSound || this.#count > bytes.byteLength)
      throw new MatProblem(
        `has an array of sides ${this.#sides.slice(0, MOST_SIDES).join(' x ')} in ${bytes.byteLength} bytes`,
      );
    this.name = textOf(this.#reader.next(), little);
  }

  value(depth: number): MatValue {
    if (depth > DEEPEST) throw new MatProblem(`has arrays in arrays, deeper than ${DEEPEST}`);
    if (this.#class === CELL) {
      const cells = Array.from({ length: this.#count }, () => this.#inner(depth));
      return { kind: 'cells', sides: this.#sides, cells };
    }
    if (this.#class === STRUCT) return this.#structs(depth);
    if (this.#class === CHAR) return { kind: 'text', rows: this.#rows() };
    if (this.#class < FIRST_NUMBERS || this.#class > LAST_NUMBERS) {
      throw new MatProblem(`has ${otherClasses[this.#class] ?? `an array of class ${this.#class}`}, which is not read`);
    }
    if ((this.#flags & COMPLEX) !== 0) throw new MatProblem('has complex numbers, which are not read');
    const numbers = this.#reader.numbers();
    this.#requireCount(numbers.length);
    return { kind: 'numbers', sides: this.#sides, numbers };
  }

  #inner(depth: number): MatValue {
    const element = this.#reader.next();
    if (element.type !== elementTypes.matrix)
      throw new MatProblem(`has an element of type ${element.type} where an array should be`);
    // MATLAB writes what was never set so.
    if (element.bytes.byteLength === 0) return { kind: 'numbers', sides: [0, 0], numbers: new Float64Array(0) };
    return new ArrayReader(element, this.#little).value(depth + 1);
  }

  #structs(depth: number): MatValue {
    const [width = 0] = this.#reader.numbers();
    const names = this.#reader.next().bytes;
    if (!(width >= 1) || names.byteLength % width !== 0 || names.byteLength > width * MOST_FIELDS)
      throw new MatProblem(`has ${names.byteLength} bytes of names of fields, which have ${width} each`);
    const fields = Array.from({ length: names.byteLength / width }, (_, field) => {
      const bytes = new DataView(names.buffer, names.byteOffset + field * width, width);
      return { name: textOf({ type: elementTypes.int8, bytes }, this.#little), values: [] as MatValue[] };
    });
    const twice = fields.find(({ name }, i) => fields.findIndex((other) => other.name === name) < i);
    if (twice !== undefined) throw new MatProblem(`has a struct with two fields called '${twice.name}'`);
    // Without fields elements take no bytes.
    if (fields.length === 0) return { kind: 'structs', count: 0, fields: new Map() };
    for (let element = 0; element < this.#count; element += 1) {
      for (const { values } of fields) values.push(this.#inner(depth));
    }
    return { kind: 'structs', count: this.#count, fields: new Map(fields.map(({ name, values }) => [name, values])) };
  }

  #rows(): string[] {
    const element = this.#reader.next();
    const text = textOf(element, this.#little, false);
    // MATLAB counts halves of pairs in UTF-16, others whole characters.
    const whole = [...text];
    const characters = whole.length === this.#count ? whole : text.split('');
    const [rows = 0, ...others] = this.#sides;
    const columns = others.reduce((product, side) => product * side, 1);
    if (this.#count === 0) return [];
    // scipy writes empty text as one character that is not there.
    if (text === '') return new Array<string>(rows).fill('');
    this.#requireCount(characters.length);
    return Array.from({ length: rows }, (_, row) =>
      Array.from({ length: columns }, (_, column) => characters[column * rows + row] as string)
        .join('')
        .trimEnd(),
    );
  }

  #requireCount(found: number): void {
    if (found === this.#count) return;
    throw new MatProblem(`has ${found} elements in an array of sides ${this.#sides.join(' x ')}`);
  }
}

/** @param ends whether it ends at its first zero. */
function textOf(element: MatElement, little: boolean, ends = true): string {
  const { type, bytes } = element;
  let text: string;
  if (type === elementTypes.utf8)
    text = new TextDecoder().decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  else {
    const asNumbers = type === elementTypes.utf16 ? { type: elementTypes.uint16, bytes } : element;
    text = [...numbersIn(asNumbers, little)].map((code) => String.fromCharCode(code)).join('');
  }
  return ends ? (text.split('\0', 1)[0] as string) : text;
}
