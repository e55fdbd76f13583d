import { type FileHandle, open, readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { z } from 'zod';

/**
 * What a packing has done, beside its unfinished store: a line for what was begun and one for each part that is safely on disk, each
 * after its own checksum. A line that was cut off by the end of the process or a full disk does not count.
 */

const beginSchema = z.strictObject({ job: z.string() });
const partSchema = z.strictObject({
  /** How many images in a row. */
  images: z.int().positive(),
  /** CRC-32 of the pixels of those that were packed, in order. */
  sums: z.array(z.int().nonnegative()),
  /** The others, counted from the first image of all. */
  broken: z.array(z.strictObject({ image: z.int().nonnegative(), reason: z.string() })),
});
export type JournalPart = z.infer<typeof partSchema>;

/** What earlier processes have done. */
export interface JournalState {
  readonly job: string;
  readonly parts: readonly JournalPart[];
  /** Of the lines that count. */
  readonly bytes: number;
}

/** null: there is none. Rejects with the system's error. */
export async function readJournal(path: string): Promise<JournalState | null> {
  const text = await readFile(path, 'latin1').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  let [bytes, job]: [number, string | null] = [0, null];
  const parts: JournalPart[] = [];
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', bytes)) {
    const value = decodeLine(text.slice(bytes, end));
    const begun = beginSchema.safeParse(value);
    const part = partSchema.safeParse(value);
    if (job === null ? !begun.success : !part.success) break;
    if (begun.success) job = begun.data.job;
    if (part.success) parts.push(part.data);
    bytes = end + 1;
  }
  return job === null ? null : { job, parts, bytes };
}

/** A journal that is written to. */
export class Journal {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Goes on after what counts of one, or begins one. Rejects with the system's error. */
  static async open(path: string, job: string, before: JournalState | null): Promise<Journal> {
    const file = await open(path, before === null ? 'w' : 'r+');
    const journal = new Journal(file);
    try {
      await file.truncate(before?.bytes ?? 0);
      if (before === null) await journal.#append({ job });
      return journal;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Of images whose pixels are on disk. */
  async add(part: JournalPart): Promise<void> {
    await this.#append(part);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #append(value: JournalPart | z.infer<typeof beginSchema>): Promise<void> {
    const { size } = await this.#file.stat();
    const line = Buffer.from(encodeLine(value), 'latin1');
    for (let done = 0; done < line.length; ) {
      const { bytesWritten } = await this.#file.write(line, done, line.length - done, size + done);
      done += bytesWritten;
    }
    await this.#file.datasync();
  }
}

/** In ASCII, so that a place in the text is one in the file. */
function encodeLine(value: unknown): string {
  const text = JSON.stringify(value).replace(/[\u0080-\uffff]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`;
}

function decodeLine(line: string): unknown {
  const text = line.slice(9);
  return Number.parseInt(line.slice(0, 8), 16) === crc32(text) ? JSON.parse(text) : null;
}
