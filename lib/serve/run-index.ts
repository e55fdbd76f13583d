import { realpath, stat } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { Breather } from '../breather.js';
import { ByolError } from '../errors.js';
import { ioError } from '../files/atomic-file.js';
import { type FoundRun, RunFinder } from './run-finder.js';
import { type RunOverview, runId, WatchedRun } from './watched-run.js';

/** How long a request waits for runs that have not been read yet; those that are read by then are shown. Milliseconds. */
const PATIENCE = 600;
/** Several pages that ask within this time share one look. Milliseconds. */
const FRESH = 500;
/** Runs that are read at once: the system answers four calls at a time. */
const AT_ONCE = 8;

/** What the list of runs shows, or what has changed in it. */
export interface RunList {
  /** Grows with every change. */
  readonly version: number;
  /** The server's clock, in milliseconds since 1970. */
  readonly now: number;
  /** Every run that is there, newest first. */
  readonly order: readonly string[];
  /** Those that have changed. */
  readonly runs: readonly RunOverview[];
  /** Runs that were found, but not read yet. */
  readonly pending: number;
  readonly notes: readonly string[];
}

interface Row {
  readonly run: WatchedRun;
  /** When it changed last; 0: it has not been read yet. */
  version: number;
  /** Of its folder when it was found last. */
  stamp: FoundRun['stamp'];
}

/** The runs below a folder, looked at when somebody asks. */
export class RunIndex {
  /** Without links in it. */
  readonly root: string;
  readonly #finder: RunFinder;
  /** By id. */
  readonly #rows = new Map<string, Row>();
  #version = 1;
  #notes: readonly string[] = [];
  #looked = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | null = null;
  readonly #closed = new AbortController();

  private constructor(root: string) {
    this.root = root;
    this.#finder = new RunFinder(root);
  }

  /** Throws ERR_BYOL_IO if there is no such folder. */
  static async open(folder: string): Promise<RunIndex> {
    let isFolder: boolean;
    let root: string;
    try {
      root = await realpath(folder);
      isFolder = (await stat(root)).isDirectory();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw ioError(folder, 'open', error);
      throw new ByolError('ERR_BYOL_IO', `There is no folder ${folder}.`, {
        hint: 'Give the folder that runs are in: byol report --serve FOLDER.',
        cause: error,
      });
    }
    if (!isFolder) throw new ByolError('ERR_BYOL_IO', `${folder} is a file, not a folder with runs.`);
    return new RunIndex(root);
  }

  /** The number of the last change. */
  get version(): number {
    return this.#version;
  }

  /** Looks for changes; what takes longer than a moment goes on behind. Throws ERR_BYOL_IO if the folder cannot be listed. */
  async refresh(): Promise<void> {
    if (this.#looking === null) {
      if (performance.now() - this.#looked < FRESH) return;
      this.#looking = this.#look().finally(() => {
        this.#looked = performance.now();
        this.#looking = null;
      });
      // Whoever has stopped waiting does not hear of it; the next one does.
      this.#looking.catch(() => {});
    }
    const waiting = new AbortController();
    await Promise.race([
      this.#looking,
      setTimeout(PATIENCE, undefined, { signal: waiting.signal, ref: false }).catch(() => {}),
    ]);
    waiting.abort();
  }

  /** `after`: a version that the asker has; 0: none. */
  list(after: number): RunList {
    const known = [...this.#rows.values()].filter(({ version }) => version > 0);
    const runs = known.flatMap(({ run, version }) => (version > after && run.overview !== null ? [run.overview] : []));
    return {
      version: this.#version,
      now: Date.now(),
      order: known
        .flatMap(({ run: { overview } }) => overview ?? [])
        .sort((a, b) => (b.began ?? 0) - (a.began ?? 0) || (a.name < b.name ? -1 : 1))
        .map(({ id }) => id),
      runs,
      pending: this.#rows.size - known.length,
      notes: this.#notes,
    };
  }

  /** What is still being read is given up. */
  close(): void {
    this.#closed.abort();
  }

  /** A run as it is now; undefined: there is none with this id. */
  async get(id: string): Promise<WatchedRun | undefined> {
    // Before the list was asked for, as by an address that was kept.
    if (!this.#rows.has(id)) await this.refresh();
    const row = this.#rows.get(id);
    if (row === undefined) return undefined;
    await this.#read(row, null);
    return row.run;
  }

  async #look(): Promise<void> {
    const { runs, notes } = await this.#finder.find(this.#closed.signal);
    const there = new Map(runs.map((found) => [runId(found.path), found]));
    for (const id of this.#rows.keys()) {
      if (there.has(id)) continue;
      this.#rows.delete(id);
      this.#version += 1;
    }
    for (const [id, { path, stamp }] of there) {
      const row = this.#rows.get(id);
      if (row === undefined) this.#rows.set(id, { run: new WatchedRun(this.root, path), version: 0, stamp });
      else row.stamp = stamp;
    }
    if (JSON.stringify(notes) !== JSON.stringify(this.#notes)) {
      this.#notes = notes;
      this.#version += 1;
    }
    await this.#readAll();
  }

  async #readAll(): Promise<void> {
    const queue = [...this.#rows.values()];
    const work = async (): Promise<void> => {
      const breather = new Breather();
      for (let row = queue.pop(); row !== undefined && !this.#closed.signal.aborted; row = queue.pop()) {
        await this.#read(row, row.stamp);
        await breather.breathe();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  async #read(row: Row, stamp: Row['stamp']): Promise<void> {
    if (!(await row.run.refresh(stamp))) return;
    this.#version += 1;
    row.version = this.#version;
  }
}
