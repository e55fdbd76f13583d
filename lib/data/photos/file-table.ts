import { type ImageFormat, type ImageHeader, type ImageTrait, imageFormats, imageTraits } from '../headers/header.js';
import { type HeaderProblem, type HeaderReading, headerProblems } from '../headers/read-header.js';

/** In `formats` and `problems`: there is none. */
const NONE = 255;

/**
 * What is known of many files, a million in about 90 MB: typed arrays, which cross to other threads and go into files as they are.
 * Paths are the bytes that the file system has, which need not be UTF-8, relative to the folder that was listed, '/' between
 * folders; rows ascend by these bytes.
 */
export interface FileTable {
  readonly count: number;
  /** One path after the other. */
  readonly names: Uint8Array;
  /** Where each path ends in `names`. */
  readonly nameEnds: Uint32Array;
  /** Bytes of each file. */
  readonly sizes: Float64Array;
  /** Milliseconds since 1970, of contents and of the file's own record. */
  readonly modified: Float64Array;
  readonly changed: Float64Array;
  readonly inodes: Float64Array;
  /** Pixels of the upright image; 0 where they are not known. */
  readonly widths: Int32Array;
  readonly heights: Int32Array;
  /** EXIF, 1 to 8. */
  readonly orientations: Uint8Array;
  /** Places in `imageFormats`. */
  readonly formats: Uint8Array;
  /** Places in `headerProblems`. */
  readonly problems: Uint8Array;
  /** A bit for each of `imageTraits`. */
  readonly traits: Uint16Array;
}

/** Arrays of a table, with one number for each row but `names`; in the order in which files keep them. */
export const tableColumns = {
  sizes: Float64Array,
  modified: Float64Array,
  changed: Float64Array,
  inodes: Float64Array,
  nameEnds: Uint32Array,
  widths: Int32Array,
  heights: Int32Array,
  traits: Uint16Array,
  orientations: Uint8Array,
  formats: Uint8Array,
  problems: Uint8Array,
  names: Uint8Array,
} as const;
export type TableColumn = keyof typeof tableColumns;
export const tableColumnNames = Object.keys(tableColumns) as readonly TableColumn[];

/** By which a file is known again: where all are equal, it is taken for unchanged. */
export interface FileStamp {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly ino: number;
}

/** The path of a row, a character for each of its bytes: for comparing, and for the file system through pathBytes(). */
export function rawPath({ names, nameEnds }: FileTable, row: number): string {
  const start = row === 0 ? 0 : (nameEnds[row - 1] as number);
  const end = nameEnds[row] as number;
  return Buffer.from(names.buffer, names.byteOffset + start, end - start).toString('latin1');
}

/** What the file system takes. */
export function pathBytes(raw: string): Buffer {
  return Buffer.from(raw, 'latin1');
}

/**
 * For people: bytes that are not UTF-8 are shown as \xNN, and accents in one piece, as NFC. So are characters that a terminal would
 * obey and line ends, which would make one name look like several.
 */
export function readablePath(raw: string): string {
  const bytes = pathBytes(raw);
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes).normalize('NFC');
    return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (char) => escaped(Buffer.from(char)));
  } catch {
    return raw.replace(/[^\x20-\x7e]/g, (char) => escaped(pathBytes(char)));
  }
}

/** Each byte as \xNN. */
function escaped(bytes: Buffer): string {
  return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

/** The same characters in other bytes: accents in one piece (NFC) and apart (NFD), as Linux and macOS write them. */
export function otherForms(raw: string): string[] {
  const text = pathBytes(raw).toString('utf8');
  const forms = (['NFC', 'NFD'] as const).map((form) => Buffer.from(text.normalize(form)).toString('latin1'));
  return Buffer.from(text).toString('latin1') === raw ? forms.filter((form) => form !== raw) : [];
}

export function formatOf({ formats }: FileTable, row: number): ImageFormat | null {
  return imageFormats[formats[row] as number] ?? null;
}

export function problemOf({ problems }: FileTable, row: number): HeaderProblem | null {
  return headerProblems[problems[row] as number] ?? null;
}

export function hasTrait({ traits }: FileTable, row: number, trait: ImageTrait): boolean {
  return ((traits[row] as number) & (1 << imageTraits.indexOf(trait))) !== 0;
}

export function isSame(table: FileTable, row: number, { size, mtimeMs, ctimeMs, ino }: FileStamp): boolean {
  return (
    table.sizes[row] === size &&
    table.modified[row] === mtimeMs &&
    table.changed[row] === ctimeMs &&
    table.inodes[row] === ino
  );
}

type Columns = { [Column in TableColumn]: InstanceType<(typeof tableColumns)[Column]> };

/** Rows are added one by one, in order. */
export class FileTableBuilder {
  #count = 0;
  #nameBytes = 0;
  #columns: Columns;

  constructor(capacity = 1024) {
    const rows = Math.max(1, capacity);
    this.#columns = Object.fromEntries(
      tableColumnNames.map((name) => [name, new tableColumns[name](name === 'names' ? rows * 48 : rows)]),
    ) as Columns;
  }

  get count(): number {
    return this.#count;
  }

  add(raw: string, stamp: FileStamp, { header, problem }: HeaderReading): void {
    const row = this.#begin(raw, stamp);
    const columns = this.#columns;
    columns.formats[row] = header === null ? NONE : imageFormats.indexOf(header.format);
    columns.problems[row] = problem === null ? NONE : headerProblems.indexOf(problem);
    if (header === null) {
      columns.orientations[row] = 1;
      return;
    }
    const { width, height } = uprightSize(header);
    columns.widths[row] = width;
    columns.heights[row] = height;
    columns.orientations[row] = header.orientation;
    for (const trait of header.traits)
      columns.traits[row] = (columns.traits[row] as number) | (1 << imageTraits.indexOf(trait));
  }

  /** A file that is as it was in an older table. */
  addAgain(raw: string, stamp: FileStamp, older: FileTable, olderRow: number): void {
    const row = this.#begin(raw, stamp);
    for (const name of ['formats', 'problems', 'widths', 'heights', 'orientations', 'traits'] as const) {
      this.#columns[name][row] = older[name][olderRow] as number;
    }
  }

  /** Ends the building. */
  finish(): FileTable {
    const used = (name: TableColumn): number => (name === 'names' ? this.#nameBytes : this.#count);
    const columns = Object.fromEntries(
      tableColumnNames.map((name) => [name, this.#columns[name].slice(0, used(name))]),
    ) as Columns;
    return { count: this.#count, ...columns };
  }

  #begin(raw: string, { size, mtimeMs, ctimeMs, ino }: FileStamp): number {
    const row = this.#count;
    if (row === this.#columns.sizes.length) for (const name of tableColumnNames) if (name !== 'names') this.#grow(name);
    while (this.#nameBytes + raw.length > this.#columns.names.length) this.#grow('names');
    const columns = this.#columns;
    Buffer.from(columns.names.buffer).write(raw, this.#nameBytes, 'latin1');
    this.#nameBytes += raw.length;
    this.#count += 1;
    columns.nameEnds[row] = this.#nameBytes;
    columns.sizes[row] = size;
    columns.modified[row] = mtimeMs;
    columns.changed[row] = ctimeMs;
    columns.inodes[row] = ino;
    return row;
  }

  #grow(name: TableColumn): void {
    const old = this.#columns[name];
    const larger = new tableColumns[name](old.length * 2);
    larger.set(old);
    this.#columns = { ...this.#columns, [name]: larger };
  }
}

/** As it is seen: orientations from 5 on lie on their side. */
export function uprightSize({ width, height, orientation }: ImageHeader): {
  readonly width: number;
  readonly height: number;
} {
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}
