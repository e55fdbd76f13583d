import { extname } from 'node:path';
import type { SplitName } from '../data/dataset.js';
import { ByolError } from '../errors.js';
import { writeAtomically } from '../files/atomic-file.js';
import { refuseOthers } from '../files/own-file.js';
import { csvLine } from './csv.js';
import { encodeNpy } from './npy.js';

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

const INDEX = ['row', 'split', 'image', 'label', 'class'] as const;

/** The files of embeddings: FILE.csv, or FILE.npy with its index FILE.csv beside it. Throws ERR_BYOL_USAGE for other names. */
export function embeddingFiles(path: string): { readonly npy: string | null; readonly csv: string } {
  const extension = extname(path);
  if (extension === '.csv') return { npy: null, csv: path };
  if (extension === '.npy') return { npy: path, csv: `${path.slice(0, -extension.length)}.csv` };
  throw new ByolError('ERR_BYOL_USAGE', `Embeddings are written as .npy or .csv, and ${path} is neither.`);
}

/**
 * Throws ERR_BYOL_IO where a file that is not of these would be replaced, or the folder is not there: best asked before
 * anything is computed.
 */
export async function checkEmbeddingFiles(path: string): Promise<void> {
  const { npy, csv } = embeddingFiles(path);
  const hasIndex = await refuseOthers(csv, INDEX.join(','));
  // An array says nothing of where it is from; that its index is beside it does.
  if (npy !== null && !hasIndex) await refuseOthers(npy, null);
}

/** Returns the paths of what was written. A file of earlier embeddings is replaced; see checkEmbeddingFiles. */
export async function writeEmbeddings(path: string, embeddings: Embeddings): Promise<string[]> {
  await checkEmbeddingFiles(path);
  const { npy, csv } = embeddingFiles(path);
  const { features, count, dimension } = embeddings;
  const columns = npy === null ? Array.from({ length: dimension }, (_, i) => `feature${i}`) : [];
  const parts = [Buffer.from(csvLine([...INDEX, ...columns]))];
  for (let row = 0; row < count; row += 1) {
    const values = npy === null ? features.subarray(row * dimension, (row + 1) * dimension) : [];
    // Nine digits are what a float32 takes to be read back as it was.
    const numbers = Array.from(values, (value) => Number(value.toPrecision(9)));
    parts.push(Buffer.from(csvLine([...indexCells(embeddings, row), ...numbers])));
  }
  // The index last: an array with an index is a whole one.
  if (npy !== null) await writeAtomically(npy, encodeNpy(features, count, dimension));
  await writeAtomically(csv, Buffer.concat(parts));
  return npy === null ? [csv] : [npy, csv];
}

function indexCells({ split, images, labels, classNames }: Embeddings, row: number): (string | number | undefined)[] {
  const label = labels?.[row] ?? -1;
  return [row, split, images?.[row] ?? row, label < 0 ? undefined : label, classNames[label]];
}
