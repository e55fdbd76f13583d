import type { EmbeddingRows } from '../embedding-rows.js';

/** What rows are known by before all of them are there. */
export type RowsOutline = Pick<EmbeddingRows, 'count' | 'dimension' | 'classNames' | 'facts'>;

interface AnyFormat {
  /** With its dot. */
  readonly ending: string;
  /** Whether an index of the rows stands beside the file, as CSV: the file itself has no room for names. */
  readonly indexed: boolean;
  /** Whether the end of a file that is there says that it is of this package. Left out: only the index beside it does. */
  readonly isOwn?: (tail: string) => boolean;
}

/** The rows as they are in memory, between a head and a tail. */
export interface FramedFormat extends AnyFormat {
  readonly kind: 'framed';
  /** Of as many bytes for any number of rows up to `most`: rows can be written before it is known how many they are. */
  head(rows: RowsOutline, most: number): Uint8Array;
  tail(rows: EmbeddingRows): Iterable<Uint8Array>;
}

/** Everything else: the rows become something that cannot be written before they are all there. */
export interface EncodedFormat extends AnyFormat {
  readonly kind: 'encoded';
  /** The file's bytes in order. */
  encode(rows: EmbeddingRows): AsyncGenerator<Uint8Array, void, undefined>;
}

/** How representations are written. */
export type EmbeddingFormat = FramedFormat | EncodedFormat;
