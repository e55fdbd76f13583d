import type { Dirent, Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ByolError } from '../errors.js';
import { ioError } from '../files/atomic-file.js';
import { holdsRun } from '../run/run-folder.js';

/** What is looked through below the folder at most: whoever serves a whole disk is told so. */
const MOST_FOLDERS = 50_000;
const DEEPEST = 12;
/** A run keeps its states there; the others are large and hold no runs. */
const SKIPPED = new Set(['checkpoints', 'node_modules']);
/** A folder that changed so shortly before it was read may have changed since with the same time. */
const SETTLED_MS = 2000;
/** Folders that are asked for at once: the system answers four at a time. */
const AT_ONCE = 16;

interface Folder {
  readonly inode: number;
  readonly changed: number;
  /** `changed` will differ when its content does. */
  readonly settled: boolean;
  readonly isRun: boolean;
  readonly folders: readonly string[];
  readonly links: number;
}

export interface FoundRun {
  /** From the folder to the run; '' is the folder itself. */
  readonly path: string;
  /** The same as before: no file in it was made, replaced or deleted since. null: that cannot be told. */
  readonly stamp: string | null;
}

export interface FoundRuns {
  /** In no order. */
  readonly runs: readonly FoundRun[];
  /** What the user should know of the search, as sentences. */
  readonly notes: readonly string[];
}

/** Finds the runs below a folder, at any depth. What has not changed since is not listed again. */
export class RunFinder {
  readonly #root: string;
  #known = new Map<string, Folder>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Throws ERR_BYOL_IO if the folder itself cannot be listed, and the reason of `signal` once it is aborted. */
  async find(signal?: AbortSignal): Promise<FoundRuns> {
    const known = new Map<string, Folder>();
    const unread: string[] = [];
    let level = [''];
    let cut = false;
    for (let depth = 0; level.length > 0; depth += 1) {
      const next: string[] = [];
      for (let start = 0; start < level.length; start += AT_ONCE) {
        signal?.throwIfAborted();
        const some = level.slice(start, start + AT_ONCE);
        const folders = await Promise.all(some.map((path) => this.#look(path, unread)));
        for (const [index, folder] of folders.entries()) {
          if (folder === null) continue;
          const path = some[index] as string;
          known.set(path, folder);
          for (const name of folder.folders) next.push(path === '' ? name : `${path}/${name}`);
        }
      }
      cut ||= next.length > 0 && (depth + 1 === DEEPEST || known.size + next.length > MOST_FOLDERS);
      level = cut ? [] : next;
    }
    this.#known = known;
    const runs = [...known].flatMap(([path, { isRun, inode, changed, settled }]) =>
      isRun ? [{ path, stamp: settled ? `${inode}-${changed}` : null }] : [],
    );
    return { runs, notes: this.#notes(known, unread, cut) };
  }

  #notes(known: ReadonlyMap<string, Folder>, unread: readonly string[], cut: boolean): string[] {
    const links = [...known.values()].reduce((sum, folder) => sum + folder.links, 0);
    const notes: string[] = [];
    if (cut) {
      notes.push(`Not all folders were looked through: there are too many, or they lie too deep (${DEEPEST} levels).`);
    }
    if (links > 0) {
      notes.push(links === 1 ? 'A link was not followed.' : `${links} links were not followed.`);
    }
    if (unread.length > 0) {
      notes.push(`Cannot be listed: ${unread.slice(0, 3).join(', ')}${unread.length > 3 ? ', ...' : ''}.`);
    }
    return notes;
  }

  /** null: it is gone, or cannot be read. */
  async #look(path: string, unread: string[]): Promise<Folder | null> {
    const place = join(this.#root, path);
    try {
      const there = await lstat(place);
      if (!there.isDirectory()) return this.#missing(path);
      const before = this.#known.get(path);
      if (before?.settled && before.inode === there.ino && before.changed === there.mtimeMs) return before;
      return folderOf(there, await readdir(place, { withFileTypes: true }));
    } catch (error) {
      if (path === '') throw error instanceof ByolError ? error : ioError(place, 'list', error);
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') unread.push(path);
      return null;
    }
  }

  #missing(path: string): null {
    if (path !== '') return null;
    throw new ByolError('ERR_BYOL_IO', `${this.#root} is not a folder.`);
  }
}

function folderOf({ ino, mtimeMs }: Stats, entries: readonly Dirent[]): Folder {
  const names = new Set<string>();
  const folders: string[] = [];
  let links = 0;
  for (const entry of entries) {
    const { name } = entry;
    if (entry.isSymbolicLink()) {
      links += 1;
      continue;
    }
    names.add(name);
    if (entry.isDirectory() && !SKIPPED.has(name) && !name.startsWith('.')) folders.push(name);
  }
  return {
    inode: ino,
    changed: mtimeMs,
    settled: Date.now() - mtimeMs > SETTLED_MS,
    isRun: holdsRun(names),
    folders,
    links,
  };
}
