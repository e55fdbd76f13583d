import type { ByteCursor } from '../bytes.js';
import { ImportProblem } from '../problem.js';
import { OPCODES, type Opcode } from './opcodes.js';
import { latin1Bytes, PyBytes, PyText, type PyValue } from './values.js';

/** An operation of the stack machine: 'VALUE' puts its argument on the stack, whatever way it was written. */
export interface Operation {
  readonly name: string;
  readonly argument: PyValue;
}

/** Texts and bytes up to this length are read at once, longer ones stay in the file. */
const SHORT = 4096;
/** Of a line: protocol 0 writes whole arrays as one. */
const LONGEST_LINE = 64 * 1024 * 1024;
/** Of an integer, in bytes or digits: far beyond any that Python's libraries write, and quick to read. */
const LONGEST_INTEGER = 1024;

/** Reads the next one. Throws ImportProblem where there is none, or its argument is not whole. */
export function readOperation(cursor: ByteCursor): Operation {
  const code = cursor.uint8();
  const opcode = OPCODES.get(code);
  if (opcode === undefined) throw new ImportProblem(`its pickle is damaged: ${code} is no operation`);
  return interpret(opcode, readArgument(cursor, opcode));
}

function readArgument(cursor: ByteCursor, { argument, name }: Opcode): PyValue {
  switch (argument) {
    case 'none':
      return null;
    case 'uint8':
      return cursor.uint8();
    case 'uint16':
      return cursor.uint16();
    case 'int32':
      return cursor.int32();
    case 'uint32':
      return cursor.uint32();
    case 'uint64':
      return cursor.uint64();
    case 'float64':
      return cursor.float64();
    case 'line':
      return latin1(cursor.line(LONGEST_LINE));
    case 'two lines':
      return `${utf8(cursor.line(LONGEST_LINE))}\n${utf8(cursor.line(LONGEST_LINE))}`;
    case 'text8':
      return readText(cursor, cursor.uint8());
    case 'text32':
      return readText(cursor, cursor.uint32());
    case 'text64':
      return readText(cursor, cursor.uint64());
    case 'bytes8':
      return readBytes(cursor, cursor.uint8(), name);
    case 'bytes32':
      return readBytes(cursor, cursor.uint32(), name);
    case 'bytes64':
      return readBytes(cursor, cursor.uint64(), name);
  }
}

function readText(cursor: ByteCursor, length: number): PyValue {
  return length <= SHORT ? utf8(cursor.bytes(length)) : new PyText(cursor.skip(length));
}

function readBytes(cursor: ByteCursor, length: number, name: string): PyValue {
  if (name.startsWith('LONG')) {
    if (length > LONGEST_INTEGER) throw tooLong();
    return littleEndian(cursor.bytes(length));
  }
  // Python 2's texts are bytes, names as well as what arrays hold.
  if (name.endsWith('BINSTRING') && length <= SHORT) return latin1(cursor.bytes(length));
  return new PyBytes(cursor.skip(length), false);
}

function interpret({ name }: Opcode, argument: PyValue): Operation {
  const value = (of: PyValue): Operation => ({ name: 'VALUE', argument: of });
  switch (name) {
    case 'NONE':
      return value(null);
    case 'NEWTRUE':
      return value(true);
    case 'NEWFALSE':
      return value(false);
    case 'INT':
      // Protocol 1 has no other way to write a truth value.
      if (argument === '00' || argument === '01') return value(argument === '01');
      return value(decimal(argument as string));
    case 'LONG':
      return value(decimal((argument as string).replace(/L$/, '')));
    case 'FLOAT':
      return value(Number(argument));
    case 'STRING':
      return value(unquote(argument as string));
    case 'UNICODE':
      return value(rawUnicode(argument as string));
    case 'BININT':
    case 'BININT1':
    case 'BININT2':
    case 'BINFLOAT':
    case 'LONG1':
    case 'LONG4':
    case 'SHORT_BINSTRING':
    case 'BINSTRING':
    case 'SHORT_BINUNICODE':
    case 'BINUNICODE':
    case 'BINUNICODE8':
    case 'SHORT_BINBYTES':
    case 'BINBYTES':
    case 'BINBYTES8':
    case 'BYTEARRAY8':
      return value(argument);
    case 'GET':
    case 'PUT':
      return { name, argument: decimal(argument as string) };
    case 'BINGET':
    case 'LONG_BINGET':
      return { name: 'GET', argument };
    case 'BINPUT':
    case 'LONG_BINPUT':
      return { name: 'PUT', argument };
    default:
      return { name, argument };
  }
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function decimal(text: string): number | bigint {
  if (text.length > LONGEST_INTEGER) throw tooLong();
  if (!/^\s*[+-]?\d+\s*$/.test(text)) throw new ImportProblem('its pickle is damaged: a number is none');
  return narrow(BigInt(text.trim().replace(/^\+/, '')));
}

/** Two's complement. */
function littleEndian(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  return narrow(BigInt.asIntN(8 * bytes.length, value));
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function tooLong(): ImportProblem {
  return new ImportProblem(`its pickle has an integer of more than ${LONGEST_INTEGER} digits`);
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b', f: '\f', v: '\v' };

/** Python 2's repr() of its bytes. */
function unquote(line: string): PyValue {
  const text = /^(['"])(.*)\1$/s.exec(line.trim())?.[2];
  if (text === undefined) throw new ImportProblem('its pickle is damaged: a text has no quotation marks');
  const plain = text.replace(/\\(x[0-9a-fA-F]{2}|.)/gs, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (ESCAPES[code] ?? code),
  );
  return plain.length <= SHORT ? plain : latin1Bytes(plain);
}

/** Python's codec raw-unicode-escape: Latin-1, with \\uXXXX and \\UXXXXXXXX for what has no byte there. */
function rawUnicode(line: string): PyValue {
  const text = line.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (all, short?: string, long?: string) => {
    const code = Number.parseInt((short ?? long) as string, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
  return text;
}
