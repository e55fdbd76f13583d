import type { HeaderReading } from '../headers/read-header.js';
import { type FileStamp, type FileTable, FileTableBuilder } from '../photos/file-table.js';

/** The images of one shard, in its order. */
export interface ShardContents {
  /** Names, sizes and headers of the images; its rows are not sorted. */
  readonly table: FileTable;
  /** Where each image's bytes begin in the file, or those of the elements of Snappy that it is packed in. */
  readonly offsets: Float64Array;
  /** null: no image is packed. */
  readonly packed: PackedImages | null;
  /** Places in `labelNames`, -1 where a sample says none. */
  readonly labels: Int32Array;
  readonly labelNames: readonly string[];
  /** All classes in the order of their numbers, where the shard says so. */
  readonly classNames: readonly string[] | null;
}

/** Of images that are packed with Snappy. */
export interface PackedImages {
  /** Bytes of the elements; 0: this one is not packed. */
  readonly lengths: Float64Array;
  /** Bytes that they are unpacked to. */
  readonly sizes: Float64Array;
  /** Where in these the image begins. */
  readonly starts: Float64Array;
}

/** Where the bytes of an image lie in a file. */
export interface ShardPlace {
  readonly offset: number;
  /** See PackedImages. */
  readonly packed?: { readonly length: number; readonly size: number; readonly start: number };
}

export interface ShardImage extends ShardPlace {
  /** See rawPath(). */
  readonly name: string;
  readonly size: number;
  readonly header: HeaderReading;
  readonly label: string | null;
}

/** Images of a shard are added one by one. */
export class ShardContentsBuilder {
  readonly #stamp: Omit<FileStamp, 'size'>;
  readonly #table = new FileTableBuilder();
  readonly #offsets: number[] = [];
  /** Of each row, but for those after the last one that is packed. */
  readonly #packed: Array<ShardPlace['packed']> = [];
  readonly #labels: number[] = [];
  readonly #numbers = new Map<string, number>();

  /** @param stamp of the shard. */
  constructor({ mtimeMs, ctimeMs, ino }: Omit<FileStamp, 'size'>) {
    this.#stamp = { mtimeMs, ctimeMs, ino };
  }

  add({ name, size, header, offset, packed, label }: ShardImage): void {
    this.#table.add(name, { size, ...this.#stamp }, header);
    this.#offsets.push(offset);
    if (packed !== undefined) this.#packed[this.#offsets.length - 1] = packed;
    if (label !== null && !this.#numbers.has(label)) this.#numbers.set(label, this.#numbers.size);
    this.#labels.push(label === null ? -1 : (this.#numbers.get(label) as number));
  }

  finish(classNames: readonly string[] | null = null): ShardContents {
    const column = (name: 'length' | 'size' | 'start'): Float64Array =>
      Float64Array.from(this.#offsets, (_, row) => this.#packed[row]?.[name] ?? 0);
    const packed = { lengths: column('length'), sizes: column('size'), starts: column('start') };
    return {
      table: this.#table.finish(),
      offsets: Float64Array.from(this.#offsets),
      packed: this.#packed.length === 0 ? null : packed,
      labels: Int32Array.from(this.#labels),
      labelNames: [...this.#numbers.keys()],
      classNames,
    };
  }
}
