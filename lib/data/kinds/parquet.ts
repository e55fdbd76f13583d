import { z } from 'zod';
import type { DeepReadonly } from '../../deep-readonly.js';
import { defineDataKind, type OpenOptions } from '../data-kind.js';
import type { Dataset, FilesSource } from '../dataset.js';
import { brokenLimit, maxPixels } from '../photos/settings.js';
import { openShardDataset } from '../shards/shard-dataset.js';
import { areShards, findShards, type ShardKind } from '../shards/shard-names.js';

const schema = z.strictObject({
  /** Parquet files with images as bytes and their classes, as Hugging Face keeps sets of images. */
  kind: z.literal('parquet'),
  /** A .parquet file, a folder with some, as a clone of such a set, or a pattern for several: train-{00000..00002}-of-00003.parquet. */
  path: z.string().min(1),
  /** The same of images that are measured with; null: those of the folder that are called so. */
  test: z.string().min(1).nullable(),
  /** Name of the column with the images; null: told by what the files say, or by its usual names. */
  image: z.string().min(1).nullable(),
  /** Name of the column with their classes, likewise. */
  label: z.string().min(1).nullable(),
  brokenLimit: brokenLimit.schema,
  maxPixels: maxPixels.schema,
});

const defaults = { test: null, image: null, label: null, brokenLimit: brokenLimit.default } as const;

const ENDING = /\.(?:parquet|pq)$/i;
/** `data` has the files of a set, `default` those that Hugging Face makes of sets in other forms. */
const files: ShardKind = { ending: ENDING, files: '.parquet files', between: /^(?:data|default)$/i };

export const parquet = defineDataKind({
  schema,
  title: 'Parquet files of images, as Hugging Face has them',
  defaults,
  recognize: async (place) => {
    const { path, type } = place;
    const are = type === 'file' ? ENDING.test(path) : await areShards(place, files);
    return are ? { settings: { path, ...defaults } } : null;
  },
  open: openParquetData,
});

/**
 * Images in the order of the files and their rows. Throws ERR_BYOL_DATA for a file that is damaged or has no column of images, and where
 * too many images are broken.
 */
async function openParquetData(
  { path, test, image, label, brokenLimit, maxPixels }: DeepReadonly<z.infer<typeof schema>>,
  options: OpenOptions = {},
): Promise<Dataset<FilesSource>> {
  const tested = test === null ? {} : { test: (await findShards(test, files)).train ?? [] };
  const names = { ...(await findShards(path, files)), ...tested };
  return openShardDataset({ names, columns: { image, label }, brokenLimit, maxPixels, where: path }, options);
}
