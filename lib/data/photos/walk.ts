import { type Dirent, opendirSync, type Stats, statSync } from 'node:fs';
import { fileReason } from '../../files/data-file.js';
import { pathBytes, readablePath } from './file-table.js';
import type { TallyKeeper } from './tally.js';

/** What a walk passes by. */
export const passedKinds = ['hidden', 'empty', 'loops', 'special', 'folders', 'files'] as const;
export type PassedKind = (typeof passedKinds)[number];

/** After a number: what was passed by, and why. */
export const passedTexts: Readonly<Record<PassedKind, string>> = {
  hidden: 'hidden or of a system',
  empty: 'folders without anything',
  loops: 'links to a folder that they lie in',
  special: 'neither files nor folders',
  folders: 'folders that cannot be read',
  files: 'files that cannot be read',
};

/** What computers put beside photos: of macOS in archives, and of Synology's thumbnails. */
const SYSTEM = /^(?:\..*|__MACOSX|@eaDir|Thumbs\.db|desktop\.ini)$/i;

/** Entries that are asked for at once. */
const BUFFERED = 1024;

/** A file below the folder. */
export interface WalkedFile {
  /** See rawPath(): relative to the folder. */
  readonly raw: string;
  readonly stats: Stats;
}

interface Entry {
  /** The name's bytes; of folders with '/' after them, so that sorting by it is sorting whole paths. */
  readonly key: string;
  readonly stats: Stats | null;
}

/**
 * Every regular file below a folder, by the bytes of its path, depth first. Links are followed, to where they do not lead into a folder
 * that they lie in; two links to one folder are two folders. What is passed by is counted.
 *
 * It waits for the file system at each name and is meant for a thread of its own.
 */
export function* walk(folder: string, passed: TallyKeeper<PassedKind>): Generator<WalkedFile, void, undefined> {
  const base = Buffer.from(folder).toString('latin1');
  yield* walkFolder(base, '', [identityOf(statSync(folder))], passed);
}

function* walkFolder(
  base: string,
  inside: string,
  above: readonly string[],
  passed: TallyKeeper<PassedKind>,
): Generator<WalkedFile, void, undefined> {
  const entries = entriesOf(base, inside, passed);
  if (entries?.length === 0 && inside !== '') passed.add('empty', readablePath(inside));
  for (const { key, stats } of entries ?? []) {
    const raw = inside + key;
    if (!key.endsWith('/')) {
      const found = stats ?? statOf(base, raw, 'files', passed);
      if (found?.isFile()) yield { raw, stats: found };
      else if (found !== null) passed.add('special', readablePath(raw));
      continue;
    }
    const folder = stats ?? statOf(base, raw, 'folders', passed);
    if (folder === null) continue;
    const identity = identityOf(folder);
    if (above.includes(identity)) passed.add('loops', readablePath(raw));
    else yield* walkFolder(base, raw, [...above, identity], passed);
  }
}

/** Sorted. The first folder must be readable; others are counted where they are not, and null. */
function entriesOf(base: string, inside: string, passed: TallyKeeper<PassedKind>): Entry[] | null {
  const entries: Entry[] = [];
  try {
    // As buffers: what is not UTF-8 would come as other names than the file system's.
    const folder = opendirSync(pathBytes(`${base}/${inside}`), {
      encoding: 'buffer' as BufferEncoding,
      bufferSize: BUFFERED,
    });
    try {
      for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
        const found = entryOf(base, inside, entry, passed);
        if (found !== null) entries.push(found);
      }
    } finally {
      folder.closeSync();
    }
  } catch (error) {
    if (inside === '') throw error;
    passed.add('folders', `${readablePath(inside)} (${fileReason(error as NodeJS.ErrnoException)})`);
    return null;
  }
  return entries.sort((a, b) => (a.key < b.key ? -1 : 1));
}

function entryOf(base: string, inside: string, entry: Dirent, passed: TallyKeeper<PassedKind>): Entry | null {
  const name = (entry.name as unknown as Buffer).toString('latin1');
  if (SYSTEM.test(name)) {
    passed.add('hidden', readablePath(inside + name));
    return null;
  }
  if (entry.isDirectory()) return { key: `${name}/`, stats: null };
  if (entry.isFile()) return { key: name, stats: null };
  const stats = statOf(base, inside + name, 'files', passed);
  return stats && { key: stats.isDirectory() ? `${name}/` : name, stats };
}

function statOf(base: string, raw: string, kind: PassedKind, passed: TallyKeeper<PassedKind>): Stats | null {
  try {
    return statSync(pathBytes(`${base}/${raw}`));
  } catch (error) {
    passed.add(kind, `${readablePath(raw)} (${fileReason(error as NodeJS.ErrnoException)})`);
    return null;
  }
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}
