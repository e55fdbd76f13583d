import { deflateSync } from 'node:zlib';

/** MATLAB files of level 5, as data sets have them: written by the format's description, for stand-ins of such sets. */

export type MatInput =
  | readonly number[]
  | string
  | { readonly cells: readonly MatInput[] }
  | { readonly structs: ReadonlyArray<Readonly<Record<string, MatInput>>> };

/** A row of numbers (double), a row of characters, a row of cells, a row of structs with equal fields. */
export function matFile(variables: Readonly<Record<string, MatInput>>, compressed = true): Buffer {
  const header = Buffer.alloc(128, ' ');
  header.write('MATLAB 5.0 MAT-file, a stand-in');
  header.writeUInt16LE(0x0100, 124);
  header.write('IM', 126);
  const arrays = Object.entries(variables).map(([name, value]) => {
    const array = matrix(name, value);
    if (!compressed) return array;
    const packed = deflateSync(array);
    return Buffer.concat([tag(15, packed.length), packed]);
  });
  return Buffer.concat([header, ...arrays]);
}

function matrix(name: string, value: MatInput): Buffer {
  const [kind, count, body] = contents(value);
  return element(
    14,
    Buffer.concat([element(6, uint32(kind, 0)), element(5, uint32(1, count)), element(1, Buffer.from(name)), ...body]),
  );
}

function contents(value: MatInput): readonly [kind: number, count: number, body: readonly Buffer[]] {
  if (typeof value === 'string') return [4, value.length, [element(16, Buffer.from(value))]];
  if ('cells' in value) return [1, value.cells.length, value.cells.map((cell) => matrix('', cell))];
  if ('structs' in value) {
    const names = Object.keys(value.structs[0] ?? {});
    const body = value.structs.flatMap((one) => names.map((name) => matrix('', one[name] ?? [])));
    const padded = names.map((name) => Buffer.from(name.padEnd(32, '\0')));
    return [2, value.structs.length, [element(5, uint32(32)), element(1, Buffer.concat(padded)), ...body]];
  }
  const doubles = Buffer.alloc(value.length * 8);
  for (const [i, number] of value.entries()) doubles.writeDoubleLE(number, i * 8);
  return [6, value.length, [element(9, doubles)]];
}

/** Up to four bytes stand in the tag itself. */
function element(type: number, bytes: Buffer): Buffer {
  if (bytes.length > 0 && bytes.length <= 4) {
    const short = Buffer.alloc(8);
    short.writeUInt16LE(type, 0);
    short.writeUInt16LE(bytes.length, 2);
    bytes.copy(short, 4);
    return short;
  }
  return Buffer.concat([tag(type, bytes.length), bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
}

function tag(type: number, length: number): Buffer {
  return uint32(type, length);
}

function uint32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeUInt32LE(value, i * 4);
  return bytes;
}
