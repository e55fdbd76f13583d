import { z } from 'zod';
import type { DeepReadonly } from '../../deep-readonly.js';
import { defineDataKind, type OpenOptions } from '../data-kind.js';
import type { Dataset, FilesSource } from '../dataset.js';
import { brokenLimit, maxPixels } from '../photos/settings.js';
import { openShardDataset } from '../shards/shard-dataset.js';
import { areShards, findShards, isPattern, SHARD_ENDING, tarShards } from '../shards/shard-names.js';

const schema = z.strictObject({
  /** Tar archives of images with their classes, as WebDataset makes them: x.jpg with x.cls or x.json. */
  kind: z.literal('shards'),
  /** A .tar or .tar.gz file, a folder with some, or a pattern for several: train-{0000..0146}.tar. */
  path: z.string().min(1),
  /** The same of images that are measured with; null: those of the folder that are called so. */
  test: z.string().min(1).nullable(),
  brokenLimit: brokenLimit.schema,
  maxPixels: maxPixels.schema,
});

const defaults = { test: null, brokenLimit: brokenLimit.default } as const;

export const shards = defineDataKind({
  schema,
  title: 'shards of images: .tar files as WebDataset has them',
  defaults,
  recognize: async (place) => {
    const { path, type } = place;
    const are = type === 'file' ? SHARD_ENDING.test(path) || isPattern(path) : await areShards(place, tarShards);
    return are ? { settings: { path, ...defaults } } : null;
  },
  open: openShardData,
});

/** Images in the order of the shards. Throws ERR_BYOL_DATA for a shard that is damaged, and where too many images are broken. */
async function openShardData(
  { path, test, brokenLimit, maxPixels }: DeepReadonly<z.infer<typeof schema>>,
  options: OpenOptions = {},
): Promise<Dataset<FilesSource>> {
  const tested = test === null ? {} : { test: (await findShards(test, tarShards)).train ?? [] };
  const names = { ...(await findShards(path, tarShards)), ...tested };
  return openShardDataset({ names, columns: null, brokenLimit, maxPixels, where: path }, options);
}
