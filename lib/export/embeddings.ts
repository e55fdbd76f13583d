import { extname } from 'node:path';
import { VERSION } from '../binding/package-root.js';
import type { SplitName } from '../data/dataset.js';
import { writeAtomically } from '../files/atomic-file.js';
import { isPresent } from '../files/data-file.js';
import { refuseOthers } from '../files/own-file.js';
import { bytesOf, type EmbeddingRows, rowBlocks, rowsOfBytes } from './embedding-rows.js';
import { INDEX_MARK, indexLines } from './formats/csv.js';
import type { EmbeddingFormat } from './formats/format.js';
import { formatOf } from './formats/index.js';

/** The representations of a data set's images. */
export interface Embeddings {
  /** Of a data set: row i is image i of the split. */
  readonly split?: SplitName;
  /** Files that are of no data set: row i is images[i]. */
  readonly images?: readonly string[];
  readonly count: number;
  readonly dimension: number;
  /** count x dimension, row-major, as the encoder gives them: not normalised. */
  readonly features: Float32Array;
  /** One class per image, -1 where unknown; null: no labels at all. */
  readonly labels: Int32Array | null;
  /** In label order; empty without labels. */
  readonly classNames: readonly string[];
  /** The file that the encoder came from; of a run, relative to its folder. */
  readonly weights: string;
}

/** Values that are written at once. */
const BLOCK_BYTES = 16 * 1024 * 1024;

export interface EmbeddingFiles {
  readonly format: EmbeddingFormat;
  readonly main: string;
  /** null: the main file says itself which image a row is of. */
  readonly index: string | null;
}

/** FILE.csv, FILE.parquet, or FILE.npy and FILE.safetensors with their index FILE.csv beside them. Throws ERR_BYOL_USAGE for other names. */
export function embeddingFiles(path: string): EmbeddingFiles {
  const format = formatOf(path);
  return { format, main: path, index: format.indexed ? `${path.slice(0, -extname(path).length)}.csv` : null };
}

/**
 * Throws ERR_BYOL_IO where a file that is not of these would be replaced, or the folder is not there: best asked before
 * anything is computed.
 */
export async function checkEmbeddingFiles(path: string): Promise<void> {
  const { format, main, index } = embeddingFiles(path);
  if (format.isOwn !== undefined) await refuseOthers(main, { end: format.isOwn });
  else if (index === null) await refuseOthers(main, { start: INDEX_MARK });
  // An array says nothing of where it is from; that its index is beside it does, or that its index is about to come.
  else if (!(await refuseOthers(index, { start: INDEX_MARK })) && !(await isPresent(partialFolder(main))))
    await refuseOthers(main, null);
}

/** Where the rows of a file gather until it is whole. */
export function partialFolder(path: string): string {
  return `${path}.partial`;
}

/**
 * To .npy, .csv, .parquet or .safetensors, by the name's ending. Returns the paths of what was written. A file of earlier embeddings
 * is replaced; see checkEmbeddingFiles.
 */
export async function writeEmbeddings(path: string, embeddings: Embeddings): Promise<string[]> {
  await checkEmbeddingFiles(path);
  const { format, main, index } = embeddingFiles(path);
  const rows = rowsInMemory(embeddings);
  await writeAtomically(main, format.kind === 'framed' ? framed(format, rows) : format.encode(rows));
  // The index last: an array with an index is a whole one.
  if (index !== null) await writeAtomically(index, indexLines(rows));
  return index === null ? [main] : [main, index];
}

/** What is written beside representations in files that have room for it. */
export function embeddingFacts(weights: string): Record<string, string> {
  return { framework: `byol-torch ${VERSION}`, weights };
}

async function* framed(
  format: Extract<EmbeddingFormat, { kind: 'framed' }>,
  rows: EmbeddingRows,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield format.head(rows, rows.count);
  for (const { start, end } of rowBlocks(rows.count, rowsOfBytes(BLOCK_BYTES, rows.dimension))) {
    yield bytesOf(await rows.read(start, end));
  }
  yield* format.tail(rows);
}

function rowsInMemory({ split, images, labels, classNames, ...embeddings }: Embeddings): EmbeddingRows {
  const { count, dimension, features, weights } = embeddings;
  return {
    count,
    dimension,
    classNames: labels === null ? [] : classNames,
    facts: embeddingFacts(weights),
    index: (row) => {
      const label = labels?.[row] ?? -1;
      return {
        split: split ?? null,
        image: row,
        file: images?.[row] ?? null,
        label: label < 0 ? null : label,
        className: classNames[label] ?? null,
      };
    },
    read: async (start, end) => features.subarray(start * dimension, end * dimension),
  };
}
