import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { z } from 'zod';
import { type FileTable, type TableColumn, tableColumnNames, tableColumns } from './file-table.js';

/**
 * A table as a file: a mark, the length of a header, the header (JSON), the columns in their order, and the SHA-256 of all that. A new
 * way of reading headers, or another order of columns, is another version: indices of the old one are then made again.
 */
const MARK = 'byol-torch index\n';
const VERSION = 1;
const HASH_BYTES = 32;

const headerSchema = z.strictObject({
  version: z.literal(VERSION),
  endianness: z.literal(endianness()),
  folder: z.string(),
  count: z.int().nonnegative(),
  nameBytes: z.int().nonnegative(),
});

export function encodeIndex(folder: string, table: FileTable): Uint8Array {
  const header: z.infer<typeof headerSchema> = {
    version: VERSION,
    endianness: endianness(),
    folder,
    count: table.count,
    nameBytes: table.names.length,
  };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const parts: Uint8Array[] = [Buffer.from(MARK), length, text];
  for (const name of tableColumnNames) {
    const { buffer, byteOffset, byteLength } = table[name];
    parts.push(new Uint8Array(buffer, byteOffset, byteLength));
  }
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return Buffer.concat([...parts, hash.digest()]);
}

/** The table that was written of this folder; null: there is none, or it is damaged or of another version, and has to be made again. */
export async function readIndex(path: string, folder: string): Promise<FileTable | null> {
  const bytes = await readFile(path).catch(() => null);
  return bytes && decodeIndex(bytes, folder);
}

/** See readIndex(). Takes any bytes. */
export function decodeIndex(bytes: Buffer, folder: string): FileTable | null {
  const end = bytes.length - HASH_BYTES;
  const start = MARK.length + 4;
  if (end < start || bytes.toString('latin1', 0, MARK.length) !== MARK) return null;
  const hash = createHash('sha256').update(bytes.subarray(0, end)).digest();
  if (!hash.equals(bytes.subarray(end))) return null;
  const columnsAt = start + bytes.readUInt32LE(MARK.length);
  const parsed = headerSchema.safeParse(jsonOf(bytes.toString('utf8', start, columnsAt)));
  if (!parsed.success || parsed.data.folder !== folder) return null;
  const { count, nameBytes } = parsed.data;
  const bytesOf = (name: TableColumn): number =>
    (name === 'names' ? nameBytes : count) * tableColumns[name].BYTES_PER_ELEMENT;
  if (columnsAt + tableColumnNames.reduce((sum, name) => sum + bytesOf(name), 0) !== end) return null;
  let at = columnsAt;
  const take = (name: TableColumn) => {
    const column = new tableColumns[name](name === 'names' ? nameBytes : count);
    new Uint8Array(column.buffer).set(bytes.subarray(at, at + column.byteLength));
    at += column.byteLength;
    return column;
  };
  const columns = Object.fromEntries(tableColumnNames.map((name) => [name, take(name)]));
  return { count, ...columns } as FileTable;
}

/** null: it is none. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
