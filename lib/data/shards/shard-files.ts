import { open } from 'node:fs/promises';
import { compressors } from 'hyparquet-compressors';
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
    const { offset, length, packed } = this.place(image);
    try {
      const bytes = await readPart(file, offset, length);
      if (packed === undefined) return bytes;
      const size = this.#shard(image).packed?.sizes[this.#row(image)] as number;
      return unpack(bytes, size).subarray(packed.offset, packed.offset + packed.length);
    } catch (error) {
      const reason = fileReason(error as NodeJS.ErrnoException);
      throw new ByolError('ERR_BYOL_IMAGE', `${this.location(image)} cannot be read: ${reason}.`, { cause: error });
    }
  }

  place(image: number): FilePlace {
    const { file, offsets, packed, table } = this.#shard(image);
    const row = this.#row(image);
    const [path, offset, length] = [Buffer.from(file), offsets[row] as number, table.sizes[row] as number];
    const pageLength = packed?.lengths[row] ?? 0;
    if (packed === null || pageLength === 0) return { path, offset, length };
    return { path, offset, length: pageLength, packed: { offset: packed.starts[row] as number, length } };
  }

  location(image: number): string {
    const { path, table } = this.#shard(image);
    return `${path}/${readablePath(rawPath(table, this.#row(image)))}`;
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

async function readPart(path: string, offset: number, length: number): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0) throw new Error('the shard ends within it');
      done += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

/** Snappy's elements to as many bytes. */
function unpack(elements: Uint8Array, size: number): Uint8Array {
  const bytes = compressors.SNAPPY?.(Buffer.concat([Buffer.from(varint(size)), elements]), size);
  if (bytes?.length !== size) throw new Error('what it is packed in is damaged');
  return bytes;
}

/** The length that a whole stream begins with. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}
