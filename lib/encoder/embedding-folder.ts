import { type FileHandle, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { ByolError } from '../errors.js';
import type { EmbeddingIndex, EmbeddingRows } from '../export/embedding-rows.js';
import { embeddingFiles, partialFolder } from '../export/embeddings.js';
import { indexLines } from '../export/formats/csv.js';
import type { RowsOutline } from '../export/formats/format.js';
import { ioError, missingFolder, syncFolder, writeAtomically } from '../files/atomic-file.js';
import { readJson, writeJson } from '../files/json-file.js';
import type { ProcessLock } from '../files/process-lock.js';
import { lockRun } from '../run/run-lock.js';

/**
 * FILE.partial: representations on their way into FILE. `rows` has them as they come, journal.json says how many of them count. When
 * all are there the files are finished in the folder, and renamed to their own names; what is killed at any moment goes on from
 * what the journal says.
 */

const journalSchema = z.strictObject({
  version: z.literal(1),
  /** What decides the numbers. */
  job: z.record(z.string(), z.string()),
  /** Images of all parts that are done, and those of them that are broken, why: after "it". */
  done: z.int().nonnegative(),
  broken: z.array(z.tuple([z.int().nonnegative(), z.string()]).readonly()),
  /** The files are finished and only have to be renamed. */
  finished: z.boolean(),
});
type Journal = z.infer<typeof journalSchema>;

/** Part of the time that saving may take: a kill costs what was done since. */
const SAVING = 0.05;
/** Milliseconds between two times, at least. */
const SAVE_EVERY = 50;

const ROWS = 'rows';
const JOURNAL = 'journal.json';

/** What makes the numbers what they are: names and values, in words or as hashes. */
export type EmbeddingJob = Readonly<Record<string, string>>;

export interface EmbeddingFolderOptions {
  readonly job: EmbeddingJob;
  /** With the number of all images, broken ones too. */
  readonly outline: RowsOutline;
  index(image: number): EmbeddingIndex;
  /** Ends the making of files with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** How many of the rows are in the file that is made of them. */
  readonly onWritten?: ((rows: number, total: number) => void) | undefined;
}

export class EmbeddingFolder {
  readonly #out: string;
  readonly #folder: string;
  readonly #options: EmbeddingFolderOptions;
  readonly #lock: ProcessLock;
  /** Before the first row in the file of rows. */
  readonly #headBytes: number;
  /** null: the files are finished, and this one may have been renamed. */
  readonly #file: FileHandle | null;
  #journal: Journal;
  /** Images done, of which the journal may not know yet. */
  #done: number;
  #broken: Array<readonly [number, string]>;
  #saveAt = performance.now() + SAVE_EVERY;

  private constructor(
    out: string,
    lock: ProcessLock,
    file: FileHandle | null,
    journal: Journal,
    options: EmbeddingFolderOptions,
  ) {
    const { format } = embeddingFiles(out);
    const { outline } = options;
    this.#out = out;
    this.#folder = partialFolder(out);
    this.#lock = lock;
    this.#file = file;
    this.#headBytes = format.kind === 'framed' ? format.head(outline, outline.count).length : 0;
    this.#journal = journal;
    this.#options = options;
    this.#done = journal.done;
    this.#broken = [...journal.broken];
  }

  /**
   * Begins FILE.partial or goes on with it. Throws ERR_BYOL_RUN_LOCKED where another process is at it, ERR_BYOL_USAGE where other
   * work is unfinished there, and ERR_BYOL_IO.
   */
  static async open(path: string, options: EmbeddingFolderOptions): Promise<EmbeddingFolder> {
    // What a link leads to is replaced, not the link.
    const out = await realpath(path).catch(() => path);
    const folder = partialFolder(out);
    await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw missingFolder(out, error) ?? ioError(folder, 'make', error);
    });
    const lock = await lockRun(folder, 'folder of unfinished embeddings');
    let file: FileHandle | null = null;
    try {
      const journal = await journalOf(folder, options.job);
      if (!journal.finished) file = await openRows(join(folder, ROWS), journal.done === 0);
      const made = new EmbeddingFolder(out, lock, file, journal, options);
      if (!journal.finished) await made.#rewind();
      return made;
    } catch (error) {
      await file?.close();
      await lock.release();
      throw error;
    }
  }

  /** Images done. */
  get done(): number {
    return this.#done;
  }
  /** Those of them that are broken: numbers, and why: after "it". */
  get broken(): ReadonlyArray<readonly [image: number, reason: string]> {
    return this.#broken;
  }
  get rows(): number {
    return this.#done - this.#broken.length;
  }

  /** The rows of the images up to `done`, but for the broken ones among them. */
  async append(
    values: Float32Array,
    done: number,
    broken: ReadonlyArray<readonly [image: number, reason: string]>,
  ): Promise<void> {
    await this.#try(async () => {
      const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
      await writeAt(this.#rows(), bytes, this.#end());
    });
    this.#done = done;
    for (const [image, reason] of broken) this.#broken.push([image, reason]);
    if (performance.now() >= this.#saveAt) await this.save();
  }

  /** So that what was appended counts. */
  async save(): Promise<void> {
    if (this.#journal.done === this.#done) return;
    const began = performance.now();
    await this.#try(async () => {
      await this.#rows().datasync();
      await this.#write({ ...this.#journal, done: this.#done, broken: [...this.#broken] });
    });
    const now = performance.now();
    this.#saveAt = now + Math.max(SAVE_EVERY, (now - began) / SAVING);
  }

  /** Makes the files of what is there, and removes the folder. Returns their paths. */
  async finish(): Promise<string[]> {
    await this.save();
    if (!this.#journal.finished) {
      await this.#try(async () => {
        await this.#makeFiles();
        await this.#write({ ...this.#journal, finished: true });
      });
    }
    const { format, main, index } = embeddingFiles(this.#out);
    // The index last: an array with an index is a whole one.
    const files = index === null ? [main] : [main, index];
    try {
      for (const file of files) {
        const made = format.kind === 'framed' && file === main ? ROWS : basename(file);
        await rename(join(this.#folder, made), file).catch(async (error: NodeJS.ErrnoException) => {
          // Whoever was killed here had renamed it before.
          if (error.code !== 'ENOENT' || !(await isFile(file))) throw error;
        });
      }
      await syncFolder(dirname(this.#out));
      await this.#file?.close();
      await rm(this.#folder, { recursive: true });
    } catch (error) {
      throw ioError(this.#out, 'write', error);
    } finally {
      await this.#lock.release();
    }
    return files;
  }

  /** Keeps what was saved. */
  async close(): Promise<void> {
    await this.#file?.close().catch(() => {});
    await this.#lock.release();
  }

  /** In the folder: under their own names, but for an array, which the rows become where they are. */
  async #makeFiles(): Promise<void> {
    const { format, main, index } = embeddingFiles(this.#out);
    const rows = this.#all();
    if (format.kind === 'encoded') {
      await writeAtomically(join(this.#folder, basename(main)), format.encode(rows));
    } else {
      let end = this.#end();
      for (const bytes of format.tail(rows)) {
        await writeAt(this.#rows(), bytes, end);
        end += bytes.length;
      }
      await writeAt(this.#rows(), format.head(rows, this.#options.outline.count), 0);
      await this.#rows().datasync();
    }
    if (index !== null) await writeAtomically(join(this.#folder, basename(index)), indexLines(rows));
  }

  #all(): EmbeddingRows {
    const { outline, index, signal, onWritten } = this.#options;
    const { dimension } = outline;
    const images = new Int32Array(this.rows);
    const broken = new Set(this.#broken.map(([image]) => image));
    let next = 0;
    for (let row = 0; row < images.length; row += 1) {
      while (broken.has(next)) next += 1;
      images[row] = next;
      next += 1;
    }
    return {
      ...outline,
      count: images.length,
      index: (row) => index(images[row] as number),
      read: async (start, end) => {
        signal?.throwIfAborted();
        const values = new Float32Array((end - start) * dimension);
        await readAt(this.#rows(), new Uint8Array(values.buffer), this.#headBytes + 4 * start * dimension);
        onWritten?.(end, images.length);
        return values;
      },
    };
  }

  /** Back to what the journal says: a process that was killed may have written more. */
  async #rewind(): Promise<void> {
    const { size } = await this.#rows().stat();
    if (this.#done > 0 && size < this.#end()) {
      throw new ByolError(
        'ERR_BYOL_IO',
        `${join(this.#folder, ROWS)} has ${size} bytes and should have ${this.#end()}: it has been changed or cut off.`,
        { hint: `Delete ${this.#folder}, and begin anew.` },
      );
    }
    await this.#rows().truncate(this.#end());
  }

  #rows(): FileHandle {
    if (this.#file === null) throw new TypeError('these embeddings are finished');
    return this.#file;
  }

  /** Where the next row goes. */
  #end(): number {
    return this.#headBytes + 4 * this.rows * this.#options.outline.dimension;
  }

  async #write(journal: Journal): Promise<void> {
    await writeJson(join(this.#folder, JOURNAL), journal);
    this.#journal = journal;
  }

  /** What was saved before stays, and the error says so. */
  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#options.signal?.aborted && error === this.#options.signal.reason) throw error;
      const told = error instanceof ByolError ? error : ioError(this.#folder, 'write to', error);
      throw new ByolError(told.code, told.message, {
        cause: error,
        hint: `What is done is kept in ${this.#folder}. Make room, and the same command goes on.`,
      });
    }
  }
}

/** What is there, or the start of it. Throws ERR_BYOL_USAGE where it is of another job, ERR_BYOL_IO where it is damaged. */
async function journalOf(folder: string, job: EmbeddingJob): Promise<Journal> {
  const path = join(folder, JOURNAL);
  const found = await readJson(path).catch((error: unknown) => {
    if (error instanceof SyntaxError) return null;
    throw error;
  });
  if (found === undefined) {
    const journal: Journal = { version: 1, job: { ...job }, done: 0, broken: [], finished: false };
    await writeJson(path, journal);
    return journal;
  }
  const parsed = journalSchema.safeParse(found);
  if (!parsed.success) {
    throw new ByolError('ERR_BYOL_IO', `${path} is damaged: it does not say how far the embeddings are.`, {
      hint: `Delete ${folder}, and begin anew.`,
    });
  }
  const other = Object.keys({ ...parsed.data.job, ...job }).filter((key) => parsed.data.job[key] !== job[key]);
  if (other.length === 0) return parsed.data;
  throw new ByolError(
    'ERR_BYOL_USAGE',
    `Other embeddings are unfinished in ${folder}: ${other.join(', ')} differ${other.length === 1 ? 's' : ''}.`,
    { hint: `Finish those with the command that began them, write to another file, or delete ${folder}.` },
  );
}

async function openRows(path: string, isNew: boolean): Promise<FileHandle> {
  try {
    return await open(path, isNew ? 'w+' : 'r+');
  } catch (error) {
    throw ioError(path, 'open', error);
  }
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

async function readAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, position + done);
    if (bytesRead === 0) throw new Error('rows that were written are not there any more');
    done += bytesRead;
  }
}
