import type { SplitName } from '../data/dataset.js';

/** Which image a row is of. */
export interface EmbeddingIndex {
  /** null: of no data set. */
  readonly split: SplitName | null;
  /** Its number in the split, or among the files that were given, from 0. */
  readonly image: number;
  /** null: it is in no file of its own. */
  readonly file: string | null;
  /** null: unknown. */
  readonly label: number | null;
  readonly className: string | null;
}

/** Representations of any number of images, as files of them are made from: a part at a time. */
export interface EmbeddingRows {
  readonly count: number;
  readonly dimension: number;
  /** In label order; empty without labels. */
  readonly classNames: readonly string[];
  /** What to write beside them: names and texts. */
  readonly facts: Readonly<Record<string, string>>;
  index(row: number): EmbeddingIndex;
  /** Rows [start, end), row-major float32: (end - start) x dimension. */
  read(start: number, end: number): Promise<Float32Array>;
}

/** The parts [start, end) of so many rows, `most` rows each. */
export function* rowBlocks(
  count: number,
  most: number,
): Generator<{ readonly start: number; readonly end: number }, void, undefined> {
  for (let start = 0; start < count; start += most) yield { start, end: Math.min(count, start + most) };
}

/** Rows whose values take so many bytes at most; one at least. */
export function rowsOfBytes(bytes: number, dimension: number): number {
  return Math.max(1, Math.floor(bytes / (dimension * Float32Array.BYTES_PER_ELEMENT)));
}

/** Little-endian, as every processor is that Node runs LibTorch on. */
export function bytesOf(values: Float32Array | Int32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
