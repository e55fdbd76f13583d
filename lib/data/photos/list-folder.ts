import { closeSync, constants, openSync, readSync, type Stats, statSync } from 'node:fs';
import { fileReason } from '../../files/data-file.js';
import type { ByteReader } from '../headers/header.js';
import { type HeaderReading, readHeader } from '../headers/read-header.js';
import {
  type FileTable,
  FileTableBuilder,
  isSame,
  otherForms,
  pathBytes,
  rawPath,
  readablePath,
} from './file-table.js';
import { type Tallies, TallyKeeper } from './tally.js';
import { type PassedKind, type WalkedFile, walk } from './walk.js';

/** Everything below a folder. */
export interface Listing {
  /** Of all files, images and others. */
  readonly table: FileTable;
  /** What is not in it. */
  readonly passed: Tallies<PassedKind>;
  /** Files whose first bytes were read; the others are as an older table has them. */
  readonly read: number;
}

/** Bytes of a file that are read at once: most headers lie in them. */
const WINDOW = 4096;

/**
 * Lists a folder and reads the headers of the files that an older table of it lacks or has otherwise. Yields the number of files so far
 * after each. Waits for the file system, as walk().
 *
 * @param names of the only files to list, as rawPath() has them, ascending: those that are not there are unreadable, and those that are
 * spelled otherwise have their own name (see otherForms()). null: all.
 */
export function* listFolder(
  folder: string,
  older: FileTable | null,
  names: readonly string[] | null = null,
): Generator<number, Listing, undefined> {
  const keeper = new TallyKeeper<PassedKind>();
  const builder = new FileTableBuilder(older?.count);
  const base = Buffer.from(folder).toString('latin1');
  const window = new Uint8Array(WINDOW);
  let read = 0;
  // Both ascend by the same order: what the older one has before this file is gone.
  let row = 0;
  for (const { raw, stats } of names === null ? walk(folder, keeper) : named(base, names, keeper)) {
    if (stats === null) {
      builder.add(raw, NO_STAMP, { header: null, problem: 'unreadable' });
      continue;
    }
    while (older !== null && row < older.count && rawPath(older, row) < raw) row += 1;
    if (older !== null && row < older.count && isSame(older, row, stats) && rawPath(older, row) === raw) {
      builder.addAgain(raw, stats, older, row);
    } else {
      read += 1;
      builder.add(raw, stats, headerOf(base, { raw, stats }, window, keeper));
    }
    yield builder.count;
  }
  return { table: builder.finish(), passed: keeper.finish(), read };
}

const NO_STAMP = { size: 0, mtimeMs: 0, ctimeMs: 0, ino: 0 };

/** `stats`: null where there is no such file. */
interface NamedFile {
  readonly raw: string;
  readonly stats: Stats | null;
}

function* named(base: string, names: readonly string[], keeper: TallyKeeper<PassedKind>): Generator<NamedFile> {
  for (const raw of names) {
    try {
      const [found, stats] = statNamed(base, raw);
      yield { raw: found, stats: stats.isFile() ? stats : null };
    } catch (error) {
      keeper.add('files', `${readablePath(raw)} (${fileReason(error as NodeJS.ErrnoException)})`);
      yield { raw, stats: null };
    }
  }
}

/** A list from another computer may spell the same name otherwise: with what it is called here. */
function statNamed(base: string, raw: string): readonly [string, Stats] {
  try {
    return [raw, statSync(pathBytes(`${base}/${raw}`))];
  } catch (error) {
    for (const form of otherForms(raw)) {
      const stats = statSync(pathBytes(`${base}/${form}`), { throwIfNoEntry: false });
      if (stats !== undefined) return [form, stats];
    }
    throw error;
  }
}

function headerOf(
  base: string,
  { raw, stats }: WalkedFile,
  window: Uint8Array,
  keeper: TallyKeeper<PassedKind>,
): HeaderReading {
  if (stats.size === 0) return { header: null, problem: 'empty' };
  let file: number | undefined;
  try {
    // Without waiting, should it be a pipe by now.
    file = openSync(pathBytes(`${base}/${raw}`), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    return readHeader(windowOf(file, window));
  } catch (error) {
    keeper.add('files', `${readablePath(raw)} (${fileReason(error as NodeJS.ErrnoException)})`);
    return { header: null, problem: 'unreadable' };
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Reads of a file through a window that is filled where it is needed. */
function windowOf(file: number, window: Uint8Array): ByteReader {
  let [start, end] = [0, 0];
  return (offset, length) => {
    if (length > window.length) {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
    }
    if (offset < start || offset + length > end) {
      start = offset;
      end = offset + readSync(file, window, 0, window.length, offset);
    }
    return window.subarray(offset - start, Math.min(offset + length, end) - start);
  };
}
