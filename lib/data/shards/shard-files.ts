import { open } from 'node:fs/promises';
import { ByolError } from '../../errors.js';
import { fileReason } from '../../files/data-file.js';
import type { FilePlace, FilesSource } from '../dataset.js';
import type { ImageFormat } from '../headers/header.js';
import { formatOf, rawPath, readablePath } from '../photos/file-table.js';
import type { OpenedShard } from './shard-index.js';

/** Images within shards. */
export class ShardFiles implements FilesSource {
  readonly kind = 'files';
  readonly widths: Int32Array;
  readonly heights: Int32Array;
  readonly brokenLimit: number;
  readonly #shards: readonly OpenedShard[];
  readonly #shardOf: Int32Array;
  readonly #rows: Int32Array;

  /** @param shardOf of each image its place in `shards`; `rows`: its row there. */
  constructor(shards: readonly OpenedShard[], shardOf: Int32Array, rows: Int32Array, brokenLimit: number) {
    this.#shards = shards;
    this.#shardOf = shardOf;
    this.#rows = rows;
    this.widths = rows.map((row, image) => this.#shard(image).table.widths[row] as number);
    this.heights = rows.map((row, image) => this.#shard(image).table.heights[row] as number);
    this.brokenLimit = brokenLimit;
  }

  async read(image: number): Promise<Uint8Array> {
    const { file } = this.#shard(image);
    const { offset, length } = this.place(image);
    try {
      const archive = await open(file, 'r');
      try {
        const bytes = new Uint8Array(length);
        for (let done = 0; done < length; ) {
          const { bytesRead } = await archive.read(bytes, done, length - done, offset + done);
          if (bytesRead === 0) throw new Error('the archive ends within it');
          done += bytesRead;
        }
        return bytes;
      } finally {
        await archive.close();
      }
    } catch (error) {
      const reason = fileReason(error as NodeJS.ErrnoException);
      throw new ByolError('ERR_BYOL_IMAGE', `${this.location(image)} cannot be read: ${reason}.`, { cause: error });
    }
  }

  place(image: number): FilePlace {
    const { file, offsets, table } = this.#shard(image);
    const row = this.#row(image);
    return { path: Buffer.from(file), offset: offsets[row] as number, length: table.sizes[row] as number };
  }

  location(image: number): string {
    const { file, table } = this.#shard(image);
    return `${file}/${readablePath(rawPath(table, this.#row(image)))}`;
  }

  format(image: number): ImageFormat {
    return formatOf(this.#shard(image).table, this.#row(image)) as ImageFormat;
  }

  orientation(image: number): number {
    return this.#shard(image).table.orientations[this.#row(image)] as number;
  }

  #shard(image: number): OpenedShard {
    return this.#shards[this.#shardOf[image] as number] as OpenedShard;
  }

  #row(image: number): number {
    return this.#rows[image] as number;
  }
}
