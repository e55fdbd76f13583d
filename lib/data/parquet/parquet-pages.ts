import type { ColumnMetaData, Compressors, DecodedArray, PageHeader, SchemaTree } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { decompressPage, readDataPage, readDataPageV2 } from 'hyparquet/src/datapage.js';
import { readPlain } from 'hyparquet/src/plain.js';
import { getMaxDefinitionLevel } from 'hyparquet/src/schema.js';
import { compressors } from 'hyparquet-compressors';
import type { ByteReader } from '../headers/header.js';
import { areRunsWithin } from './check-runs.js';
import { SnappyBlocks } from './snappy-blocks.js';

/** One value after the other, as far as pages are read: hyparquet alone would keep whole groups of rows in memory. */

/** Where a value's bytes lie in the file, or elements of Snappy that they are in. */
export interface ValuePlace {
  readonly offset: number;
  /** Bytes of the elements, bytes of what they are unpacked to, and where in it the value begins; null: the value lies there as it is. */
  readonly packed: { readonly length: number; readonly size: number; readonly start: number } | null;
}

/** Values of one page; null: there is none in that row. */
export interface ValuesPage {
  readonly values: readonly unknown[];
  /** null: its bytes lie nowhere in one piece, as those of columns that only keep differences, or are not packed with Snappy. */
  place(value: Uint8Array): ValuePlace | null;
}

/** A page is unpacked at once. */
const MOST_PAGE = 512 * 1024 * 1024;
/** Headers may have the least and the largest value of their page. */
const MOST_HEADER = 64 * 1024 * 1024;
const FIRST_HEADER = 4096;

/** What is in memory: bytes as they lie in the file, or unpacked ones. */
interface Held {
  /** In the file. */
  readonly offset: number;
  readonly unpacked: { readonly bytes: Uint8Array; readonly blocks: SnappyBlocks | null } | null;
}

/**
 * The pages of one column of one group of rows (github.com/apache/parquet-format), a column without lists. Throws where they are
 * damaged.
 *
 * @param size bytes of the whole file.
 * @param path elements of the schema, from its root on.
 */
export function* readPages(
  read: ByteReader,
  size: number,
  column: ColumnMetaData,
  path: readonly SchemaTree[],
): Generator<ValuesPage, void, undefined> {
  const { codec, type, path_in_schema: pathInSchema } = column;
  const element = (path.at(-1) as SchemaTree).element;
  const rows = Number(column.num_values);
  // A file without rows may say of its columns that they lie nowhere.
  if (rows === 0) return;
  const [first, dictionaryAt] = [Number(column.data_page_offset), Number(column.dictionary_page_offset ?? 0)];
  const start = dictionaryAt > 0 ? Math.min(first, dictionaryAt) : first;
  const end = start + Number(column.total_compressed_size);
  if (!(start > 0 && end <= size && end >= start)) throw new SyntaxError('a column lies outside of it');
  const held = new Map<ArrayBufferLike, Held>();
  let [raw, rawAt] = [new Uint8Array(), 0];
  const decoder = {
    ...{ pathInSchema, type, element, schemaPath: [...path], codec, parsers: DEFAULT_PARSERS, utf8: false },
    compressors: watched(codec, (input, unpacked) => {
      const offset = rawAt + input.byteOffset - raw.byteOffset;
      const blocks = codec === 'SNAPPY' && type === 'BYTE_ARRAY' ? new SnappyBlocks(input) : null;
      held.set(unpacked.buffer, { offset, unpacked: { bytes: unpacked, blocks } });
    }),
  };
  let dictionary: DecodedArray | null = null;
  let done = 0;
  for (let at = start; at < end && done < rows; ) {
    const [header, headerBytes] = headerAt(read, at, end);
    checkHeader(header, end - at - headerBytes, rows);
    rawAt = at + headerBytes;
    raw = read(rawAt, header.compressed_page_size).slice();
    if (raw.length < header.compressed_page_size) throw new SyntaxError(`it ends within a page at byte ${at}`);
    at = rawAt + header.compressed_page_size;
    held.set(raw.buffer, { offset: rawAt, unpacked: null });
    if (header.type === 'DICTIONARY_PAGE') {
      const page = decompressPage(raw, header.uncompressed_page_size, codec, decoder.compressors);
      const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
      dictionary = readPlain({ view, offset: 0 }, type, header.dictionary_page_header?.num_values ?? 0, undefined);
      continue;
    }
    if (header.type !== 'DATA_PAGE' && header.type !== 'DATA_PAGE_V2') continue;
    const values = valuesOf(header, raw, decoder, dictionary);
    done += values.length;
    yield { values, place: (value) => placeOf(held, value) };
    const kept = new Set(
      Array.isArray(dictionary) ? dictionary.slice(0, 1).map((value: unknown) => bufferOf(value)) : [],
    );
    for (const buffer of held.keys()) if (!kept.has(buffer)) held.delete(buffer);
  }
  if (done < rows) throw new SyntaxError(`a column has ${done} of ${rows} values`);
}

function bufferOf(value: unknown): ArrayBufferLike | null {
  return value instanceof Uint8Array ? value.buffer : null;
}

/** What unpacks pages, telling each. */
function watched(codec: string, tell: (input: Uint8Array, unpacked: Uint8Array) => void): Compressors {
  if (codec === 'UNCOMPRESSED') return {};
  const unpack = Object.entries(compressors).find(([name]) => name === codec)?.[1];
  if (unpack === undefined) throw new SyntaxError(`it is compressed with ${codec}, which is not read`);
  return {
    [codec]: (input: Uint8Array, length: number) => {
      const unpacked = unpack(input, length);
      tell(input, unpacked);
      return unpacked;
    },
  };
}

/** The header of a page and how many bytes it has. */
function headerAt(read: ByteReader, at: number, end: number): readonly [PageHeader, number] {
  for (let window = FIRST_HEADER; ; window *= 16) {
    const bytes = read(at, Math.min(window, end - at)).slice();
    const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
    try {
      return [parquetHeader(reader), reader.offset];
    } catch (error) {
      if (window >= end - at || window >= MOST_HEADER) throw error;
    }
  }
}

function checkHeader(header: PageHeader, most: number, rows: number): void {
  const { compressed_page_size: packed, uncompressed_page_size: unpacked } = header;
  const { data_page_header: v1, data_page_header_v2: v2, dictionary_page_header: words } = header;
  const values = v1?.num_values ?? v2?.num_values ?? words?.num_values ?? 0;
  const isWithin = (value: number, limit: number): boolean => Number.isInteger(value) && value >= 0 && value <= limit;
  if (isWithin(packed, most) && isWithin(unpacked, MOST_PAGE) && isWithin(values, rows)) return;
  throw new SyntaxError('a page is damaged, or too large');
}

/** Of each row its value, or null. */
function valuesOf(
  header: PageHeader,
  raw: Uint8Array,
  decoder: Parameters<typeof readDataPage>[2],
  dictionary: DecodedArray | null,
): unknown[] {
  const { data_page_header: v1, data_page_header_v2: v2 } = header;
  if (v2 !== undefined && v2.num_nulls === v2.num_values) return new Array(v2.num_values).fill(null);
  if (v1 === undefined && v2 === undefined) throw new SyntaxError('a page has no header of its values');
  const unpacked = (): Uint8Array =>
    decompressPage(raw, header.uncompressed_page_size, decoder.codec, decoder.compressors);
  const isNumbered = (v1 ?? v2)?.encoding.endsWith('_DICTIONARY') === true;
  if (isNumbered && dictionary === null) throw new SyntaxError('a page names values of a dictionary that is not there');
  checkRuns(header, raw, unpacked, decoder, isNumbered);
  const { dataPage, definitionLevels } =
    v1 === undefined ? readDataPageV2(raw, header, decoder) : readDataPage(unpacked(), v1, decoder);
  const value = (index: number): unknown => {
    const found: unknown = dataPage[index];
    return (isNumbered ? dictionary?.[Number(found)] : found) ?? null;
  };
  const levels = definitionLevels ?? [];
  if (levels.length === 0) return Array.from({ length: dataPage.length }, (_, index) => value(index));
  const present = getMaxDefinitionLevel([...decoder.schemaPath]);
  let next = 0;
  return levels.map((level) => (level === present ? value(next++) : null));
}

/** Of definition levels and of numbers in a dictionary. */
function checkRuns(
  { data_page_header: v1, data_page_header_v2: v2, uncompressed_page_size: size }: PageHeader,
  raw: Uint8Array,
  unpacked: () => Uint8Array,
  { schemaPath, codec, compressors: unpackers }: Parameters<typeof readDataPage>[2],
  isNumbered: boolean,
): void {
  const width = 32 - Math.clz32(getMaxDefinitionLevel([...schemaPath]));
  let [levels, data] = [raw.subarray(0, 0), raw];
  if (v1 !== undefined) {
    const page = unpacked();
    const length = width === 0 ? 0 : 4 + new DataView(page.buffer, page.byteOffset).getUint32(0, true);
    [levels, data] = [page.subarray(Math.min(4, length), length), page.subarray(length)];
  } else if (v2 !== undefined) {
    const start = v2.repetition_levels_byte_length + v2.definition_levels_byte_length;
    levels = raw.subarray(v2.repetition_levels_byte_length, start);
    data = raw.subarray(start);
    if (isNumbered && v2.is_compressed !== false) data = decompressPage(data, size - start, codec, unpackers);
  }
  const values = v1?.num_values ?? v2?.num_values ?? 0;
  const areWithin =
    (width === 0 || areRunsWithin(levels, width, values, values)) &&
    (!isNumbered || areRunsWithin(data.subarray(1), data[0] ?? 0, 0, values));
  if (!areWithin) throw new SyntaxError('a page has other values than it says');
}

function placeOf(held: ReadonlyMap<ArrayBufferLike, Held>, value: Uint8Array): ValuePlace | null {
  const found = held.get(value.buffer);
  if (found === undefined) return null;
  const { offset, unpacked } = found;
  if (unpacked === null) return { offset: offset + value.byteOffset, packed: null };
  const { bytes, blocks } = unpacked;
  if (blocks === null) return null;
  const start = value.byteOffset - bytes.byteOffset;
  const part = blocks.partOf(start, value.length);
  return { offset: offset + part.offset, packed: { length: part.length, size: part.size, start: start - part.start } };
}
