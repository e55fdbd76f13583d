import { constants, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ByolError } from '../../errors.js';
import { fileReason } from '../../files/data-file.js';
import type { FilePlace, FilesSource } from '../dataset.js';
import type { ImageFormat } from '../headers/header.js';
import { type FileTable, formatOf, pathBytes, rawPath, readablePath } from './file-table.js';

/** Some of the files below a folder. */
export class FolderFiles implements FilesSource {
  readonly kind = 'files';
  readonly widths: Int32Array;
  readonly heights: Int32Array;
  readonly brokenLimit: number;
  readonly #folder: string;
  readonly #table: FileTable;
  readonly #rows: Int32Array;

  /** @param rows of usable images, in their order. */
  constructor(folder: string, table: FileTable, rows: Int32Array, brokenLimit: number) {
    this.#folder = folder;
    this.#table = table;
    this.#rows = rows;
    this.widths = rows.map((row) => table.widths[row] as number);
    this.heights = rows.map((row) => table.heights[row] as number);
    this.brokenLimit = brokenLimit;
  }

  async read(image: number): Promise<Uint8Array> {
    try {
      // Without waiting, should it be a pipe by now.
      const file = await open(this.#path(image), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
      try {
        if (!(await file.stat()).isFile()) throw new Error('it is not a regular file');
        return await file.readFile();
      } finally {
        await file.close();
      }
    } catch (error) {
      const reason = fileReason(error as NodeJS.ErrnoException);
      throw new ByolError('ERR_BYOL_IMAGE', `${this.location(image)} cannot be read: ${reason}.`, { cause: error });
    }
  }

  place(image: number): FilePlace {
    const length = this.#table.sizes[this.#row(image)] as number;
    return { path: this.#path(image), offset: 0, length, whole: true };
  }

  location(image: number): string {
    return join(this.#folder, readablePath(rawPath(this.#table, this.#row(image))));
  }

  format(image: number): ImageFormat {
    // Rows without a format are no usable images.
    return formatOf(this.#table, this.#row(image)) as ImageFormat;
  }

  orientation(image: number): number {
    return this.#table.orientations[this.#row(image)] as number;
  }

  #row(image: number): number {
    return this.#rows[image] as number;
  }

  #path(image: number): Buffer {
    return Buffer.concat([Buffer.from(`${this.#folder}/`), pathBytes(rawPath(this.#table, this.#row(image)))]);
  }
}
