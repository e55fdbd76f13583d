import { extname } from 'node:path';
import { ByolError } from '../../errors.js';
import { csv } from './csv.js';
import type { EmbeddingFormat } from './format.js';
import { npy } from './npy.js';
import { parquet } from './parquet.js';
import { safetensors } from './safetensors.js';

const formats: readonly EmbeddingFormat[] = [npy, csv, parquet, safetensors];

/** By the ending of a file's name. Throws ERR_BYOL_USAGE for others. */
export function formatOf(path: string): EmbeddingFormat {
  const ending = extname(path).toLowerCase();
  const found = formats.find((format) => format.ending === ending);
  if (found !== undefined) return found;
  const known = formats.map((format) => format.ending);
  throw new ByolError(
    'ERR_BYOL_USAGE',
    `Embeddings are written as ${known.slice(0, -1).join(', ')} or ${known.at(-1)}, and ${path} is none of these.`,
  );
}
