import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { type FileMetaData, parquetMetadata, type RowGroup, type SchemaTree } from 'hyparquet';
import { type ByteReader, readerOf } from '../headers/header.js';
import { readHeader } from '../headers/read-header.js';
import { type ShardContents, ShardContentsBuilder, type ShardPlace } from '../shards/shard-contents.js';
import { type AskedColumns, findColumns, type ImageColumns } from './parquet-columns.js';
import { readPages, type ValuesPage } from './parquet-pages.js';

/**
 * An image is read from its place in the file only where no more than so many times its bytes, or these, have to be unpacked for it.
 * Where whole pages of 100 photos of 40 kB are unpacked for each, decoding makes 120 photos a second in place of 195.
 */
const MOST_UNPACKED = { times: 8, bytes: 4 * 65_536 } as const;

/** Images cannot be read from their places: they have to be unpacked. */
export class NeedsUnpacking extends Error {}

export interface ParquetOptions {
  readonly columns: AskedColumns;
  /** Where images are unpacked to, one after the other: their places are in it. null: they are read from where they lie. */
  readonly unpackTo: string | null;
}

/**
 * The images of a Parquet file (github.com/apache/parquet-format) as the package `datasets` writes them: a column of structs with bytes
 * and a path, or of bytes, and one of labels. Pages are read one by one, so that memory depends on their size and not on that of
 * groups of rows. Waits for the file system. Throws SyntaxError where it is no such file, or damaged, what the system says, and
 * NeedsUnpacking.
 */
export function readParquet(path: string, { columns: asked, unpackTo }: ParquetOptions): ShardContents {
  const file = openSync(path, 'r');
  const target = unpackTo === null ? null : new Target(unpackTo);
  try {
    const stats = fstatSync(file);
    const read = readerOfFile(file);
    const metadata = readMetadata(read, stats.size);
    const columns = findColumns(metadata, asked);
    const builder = new ShardContentsBuilder(stats);
    let row = 0;
    for (const group of metadata.row_groups) {
      for (const image of imagesOf(group, columns, read, stats.size)) {
        const { bytes, name, label } = image;
        const path = `row ${row}${name === '' ? '' : `/${name}`}`;
        row += 1;
        const raw = Buffer.from(path).toString('latin1');
        if (bytes === null) {
          // What is only named lies elsewhere.
          const problem = name === '' ? 'empty' : 'unreadable';
          builder.add({ name: raw, offset: 0, size: 0, header: { header: null, problem }, label });
          continue;
        }
        const place = target?.add(bytes) ?? placeOf(image.page, bytes);
        builder.add({ name: raw, size: bytes.length, header: readHeader(readerOf(bytes)), label, ...place });
      }
    }
    return builder.finish(columns.classNames);
  } catch (error) {
    throw error instanceof SyntaxError || error instanceof NeedsUnpacking || isOfSystem(error)
      ? error
      : new SyntaxError(`it is a damaged Parquet file (${(error as Error).message})`, { cause: error });
  } finally {
    closeSync(file);
    target?.close();
  }
}

function isOfSystem(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).syscall !== undefined;
}

function placeOf(page: ValuesPage, bytes: Uint8Array): ShardPlace {
  const place = page.place(bytes);
  if (place === null) throw new NeedsUnpacking();
  const { offset, packed } = place;
  if (packed === null) return { offset };
  if (packed.size > Math.max(MOST_UNPACKED.bytes, MOST_UNPACKED.times * bytes.length)) throw new NeedsUnpacking();
  return { offset, packed };
}

interface FoundImage {
  readonly bytes: Uint8Array | null;
  readonly page: ValuesPage;
  readonly name: string;
  readonly label: string | null;
}

function* imagesOf(
  group: RowGroup,
  { bytes, path, label, classNames }: ImageColumns,
  read: ByteReader,
  size: number,
): Generator<FoundImage, void, undefined> {
  const pages = (of: readonly SchemaTree[]): Generator<ValuesPage, void, undefined> => {
    const names = of.slice(1).map(({ element }) => element.name);
    const column = group.columns.find(({ meta_data }) => meta_data?.path_in_schema.join('\0') === names.join('\0'));
    if (column?.meta_data === undefined) throw new SyntaxError(`a group of rows lacks the column ${names.join('.')}`);
    if (column.file_path !== undefined) throw new SyntaxError('its columns lie in other files, which are not read');
    return readPages(read, size, column.meta_data, of);
  };
  const all = (of: readonly SchemaTree[] | null): unknown[] =>
    of === null ? [] : [...pages(of)].flatMap((page) => page.values);
  const [names, labels] = [all(path), all(label)];
  let row = 0;
  for (const page of pages(bytes)) {
    for (const value of page.values) {
      yield {
        bytes: value instanceof Uint8Array ? value : null,
        page,
        name: textOf(names[row]) ?? '',
        label: labelOf(labels[row], classNames),
      };
      row += 1;
    }
  }
}

function textOf(value: unknown): string | null {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  return ['number', 'bigint', 'boolean'].includes(typeof value) ? String(value) : null;
}

/** null: unknown, which sets for competitions say by -1. */
function labelOf(value: unknown, classNames: readonly string[] | null): string | null {
  const text = textOf(value);
  if (text === null || text === '') return null;
  if (classNames === null || value instanceof Uint8Array) return text;
  return classNames[Number(text)] ?? null;
}

function readMetadata(read: ByteReader, size: number): FileMetaData {
  const tail = read(Math.max(0, size - 8), 8).slice();
  const isParquet = tail.length === 8 && Buffer.from(tail).toString('latin1', 4) === 'PAR1';
  if (!isParquet) throw new SyntaxError('it is no Parquet file, or cut off');
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true) + 8;
  if (length > size) throw new SyntaxError('it is a damaged Parquet file (what describes it is longer than itself)');
  return parquetMetadata(read(size - length, length).slice(), { geoparquet: false });
}

/** Reads each for itself: pages are large. */
function readerOfFile(file: number): ByteReader {
  return (offset, length) => {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const count = readSync(file, bytes, done, length - done, offset + done);
      if (count === 0) break;
      done += count;
    }
    return bytes.subarray(0, done);
  };
}

/** A file of images, one after the other. */
class Target {
  readonly #file: number;
  #end = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  add(bytes: Uint8Array): ShardPlace {
    const offset = this.#end;
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done);
    this.#end += bytes.length;
    return { offset };
  }

  close(): void {
    closeSync(this.#file);
  }
}
