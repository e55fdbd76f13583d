import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { ByolError } from '../../errors.js';
import { ioError, syncFolder } from '../../files/atomic-file.js';
import { Journal, type JournalPart, readJournal } from './journal.js';
import { aligned, type Columns, type Directory, encodeHeader, encodeIndex, HEADER_BYTES } from './layout.js';
import type { PackPlan } from './plan.js';

/** Bytes of pixels that a process which is killed loses at most, where nothing else is said, and seconds. */
const PART_BYTES = 2 ** 26;
const PART_SECONDS = 10;

/** What is in a store so far. */
export interface PackedSoFar {
  /** Images of the plan that are done, broken ones included. */
  readonly done: number;
  readonly bytes: number;
  /** CRC-32 of the pixels of each one that was packed. */
  readonly sums: readonly number[];
  /** Of the images of the plan, why they are left out: after "it". */
  readonly broken: ReadonlyMap<number, string>;
}

/** The files of a packing that has not ended. */
export function unfinishedFiles(path: string): { readonly store: string; readonly journal: string } {
  return { store: `${path}.partial`, journal: `${path}.journal` };
}

interface Opened {
  readonly file: FileHandle;
  readonly journal: Journal;
  readonly parts: readonly JournalPart[];
  readonly plan: PackPlan;
  readonly partBytes?: number | undefined;
}

/**
 * Writes a store under a temporary name, beside a journal of what is safely on disk, and goes on with one that an earlier process has left.
 * Errors are ERR_BYOL_IO.
 */
export class StoreWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #journal: Journal;
  readonly #partBytes: number;
  readonly #sums: number[] = [];
  readonly #broken = new Map<number, string>();
  #part: { images: number; sums: number[]; broken: Array<{ image: number; reason: string }>; bytes: number };
  #savedAt = performance.now();
  #done = 0;
  #bytes = 0;

  private constructor(path: string, { file, journal, parts, plan, partBytes = PART_BYTES }: Opened) {
    this.#path = path;
    this.#file = file;
    this.#journal = journal;
    this.#partBytes = partBytes;
    this.#part = { images: 0, sums: [], broken: [], bytes: 0 };
    for (const { images, sums, broken } of parts) {
      for (const { image, reason } of broken) this.#broken.set(image, reason);
      for (const sum of sums) this.#sums.push(sum);
      for (let i = 0; i < images; i += 1, this.#done += 1) {
        const { height, width } = plan.at(this.#done);
        if (!this.#broken.has(this.#done)) this.#bytes += height * width * 3;
      }
    }
  }

  static async open(path: string, plan: PackPlan, partBytes?: number): Promise<StoreWriter> {
    const names = unfinishedFiles(path);
    try {
      const journal = await readJournal(names.journal);
      const size = await stat(names.store).then(
        (entry) => entry.size,
        () => 0,
      );
      if (journal !== null && journal.job === plan.job && fits(journal.parts, plan)) {
        const file = await open(names.store, size === 0 ? 'w' : 'r+');
        const writer = new StoreWriter(path, {
          file,
          journal: await Journal.open(names.journal, plan.job, journal),
          parts: journal.parts,
          plan,
          partBytes,
        });
        if (writer.#end <= size || writer.#done === 0) {
          await file.truncate(writer.#end);
          return writer;
        }
        await writer.close();
      }
      const file = await open(names.store, 'w');
      return new StoreWriter(path, {
        file,
        journal: await Journal.open(names.journal, plan.job, null),
        parts: [],
        plan,
        partBytes,
      });
    } catch (error) {
      throw writeError(names.store, error);
    }
  }

  get soFar(): PackedSoFar {
    return { done: this.#done, bytes: this.#bytes, sums: this.#sums, broken: this.#broken };
  }

  get #end(): number {
    return HEADER_BYTES + this.#bytes;
  }

  /** The next images of the plan: pixels, or why there are none. */
  async add(images: ReadonlyArray<Uint8Array | string>): Promise<void> {
    const pixels = images.filter((image) => typeof image !== 'string');
    try {
      await writeAll(this.#file, pixels, this.#end);
    } catch (error) {
      throw writeError(this.#path, error);
    }
    for (const image of images) {
      if (typeof image === 'string') {
        this.#broken.set(this.#done, image);
        this.#part.broken.push({ image: this.#done, reason: image });
      } else {
        const sum = crc32(image);
        this.#sums.push(sum);
        this.#part.sums.push(sum);
        this.#part.bytes += image.length;
        this.#bytes += image.length;
      }
      this.#part.images += 1;
      this.#done += 1;
    }
    if (this.#part.bytes >= this.#partBytes || performance.now() - this.#savedAt > PART_SECONDS * 1000)
      await this.save();
  }

  /** Makes sure that what was added outlives this process. */
  async save(): Promise<void> {
    const { bytes: _, ...part } = this.#part;
    if (part.images === 0) return;
    try {
      // In this order: what the journal says is on disk.
      await this.#file.datasync();
      await this.#journal.add(part);
    } catch (error) {
      throw writeError(this.#path, error);
    }
    this.#part = { images: 0, sums: [], broken: [], bytes: 0 };
    this.#savedAt = performance.now();
  }

  /** The store gets its index, its header and its name. Returns its bytes. */
  async finish(columns: Columns, directory: Omit<Directory, 'columns'>): Promise<number> {
    const { index, directoryBytes } = encodeIndex(columns, directory);
    const indexOffset = aligned(this.#end);
    const fileBytes = indexOffset + index.length;
    const header = encodeHeader({
      images: this.#sums.length,
      fileBytes,
      pixelOffset: HEADER_BYTES,
      pixelBytes: this.#bytes,
      indexOffset,
      indexBytes: index.length,
      directoryBytes,
      indexSum: crc32(index),
    });
    try {
      await writeAll(this.#file, [Buffer.alloc(indexOffset - this.#end), index], this.#end);
      await writeAll(this.#file, [header], 0);
      await this.#file.sync();
      await rename(unfinishedFiles(this.#path).store, this.#path);
      await syncFolder(dirname(this.#path));
      return fileBytes;
    } catch (error) {
      throw writeError(this.#path, error);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
    await this.#journal.close();
  }
}

/** Whether a journal's numbers can be of this plan. */
function fits(parts: readonly JournalPart[], plan: PackPlan): boolean {
  let images = 0;
  for (const part of parts) {
    if (part.images !== part.sums.length + part.broken.length) return false;
    if (part.broken.some(({ image }) => image < images || image >= images + part.images)) return false;
    images += part.images;
  }
  return images <= plan.count;
}

async function writeAll(file: FileHandle, parts: readonly Uint8Array[], offset: number): Promise<void> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  for (let [left, at] = [[...parts], offset]; at < offset + length; ) {
    const { bytesWritten } = await file.writev(left.slice(0, 512), at);
    at += bytesWritten;
    let skipped = bytesWritten;
    while (left.length > 0 && skipped >= (left[0] as Uint8Array).length) skipped -= (left.shift() as Uint8Array).length;
    if (skipped > 0) left = [(left[0] as Uint8Array).subarray(skipped), ...left.slice(1)];
  }
}

const HINT = 'Make room and give the same command again: it goes on where it was.';

export function writeError(path: string, error: unknown): ByolError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return ioError(path, 'write', error, ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code) ? HINT : undefined);
}
