import { z } from 'zod';
import type { DeepReadonly } from '../../deep-readonly.js';
import { ByolError } from '../../errors.js';
import { defineDataKind, type OpenOptions } from '../data-kind.js';
import { type BrokenFile, type Dataset, type FilesSource, type ImageSplit, splitNames } from '../dataset.js';
import { problemTexts } from '../headers/read-header.js';
import { BrokenImages } from '../photos/broken.js';
import { problemOf, rawPath, readablePath } from '../photos/file-table.js';
import { sortedClasses } from '../photos/list-file.js';
import { brokenLimit } from '../photos/settings.js';
import { measuredSplits } from '../photos/split.js';
import { openShards } from '../shards/open-shards.js';
import { ShardFiles } from '../shards/shard-files.js';
import type { OpenedShard } from '../shards/shard-index.js';
import { findShards, isPattern, SHARD_ENDING } from '../shards/shard-names.js';

const schema = z.strictObject({
  /** Tar archives of images with their classes, as WebDataset makes them: x.jpg with x.cls or x.json. */
  kind: z.literal('shards'),
  /** A .tar or .tar.gz file, a folder with some, or a pattern for several: train-{0000..0146}.tar. */
  path: z.string().min(1),
  /** The same of images that are measured with; null: those of the folder that are called so. */
  test: z.string().min(1).nullable(),
  brokenLimit: brokenLimit.schema,
});

const defaults = { test: null, brokenLimit: brokenLimit.default } as const;

export const shards = defineDataKind({
  schema,
  title: 'shards of images: .tar files as WebDataset has them',
  defaults,
  recognize: async ({ path, type, files }) => {
    const are =
      type === 'file' ? SHARD_ENDING.test(path) || isPattern(path) : files.some((name) => SHARD_ENDING.test(name));
    return are ? { settings: { path, ...defaults } } : null;
  },
  open: openShardData,
});

/** Images in the order of the shards. Throws ERR_BYOL_DATA for a shard that is damaged, and where too many images are broken. */
async function openShardData(
  { path, test, brokenLimit }: DeepReadonly<z.infer<typeof schema>>,
  options: OpenOptions = {},
): Promise<Dataset<FilesSource>> {
  const names = { ...(await findShards(path)), ...(test !== null && { test: (await findShards(test)).train ?? [] }) };
  const opened = await openShards(
    splitNames.flatMap((name) => names[name] ?? []),
    options,
  );
  const images = opened.reduce((sum, { table }) => sum + table.count, 0);
  const broken = new BrokenImages(images, brokenLimit, path);
  const files: BrokenFile[] = [];
  const classNames = sortedClasses(opened.flatMap(({ labelNames }) => labelNames));
  let next = 0;
  const [train, val, tested] = splitNames.map((name) => {
    const count = names[name]?.length ?? 0;
    next += count;
    return count === 0
      ? undefined
      : splitOf(opened.slice(next - count, next), classNames, brokenLimit, (location, reason) => {
          files.push({ location, reason });
          broken.add(location, reason);
        });
  });
  if (train === undefined || train.count === 0) {
    throw new ByolError(
      'ERR_BYOL_DATA',
      `There are no training images in ${path}: its shards hold no jpg, png or other image files.`,
    );
  }
  return {
    ...measuredSplits(train, val, tested),
    classNames: [train, val, tested].some((split) => split?.targets != null) ? classNames : [],
    broken: files,
    notes: broken.note === null ? [] : [broken.note],
  };
}

function splitOf(
  opened: readonly OpenedShard[],
  classNames: readonly string[],
  brokenLimit: number,
  onBroken: (location: string, reason: string) => void,
): ImageSplit<FilesSource> {
  const most = opened.reduce((sum, { table }) => sum + table.count, 0);
  const [shardOf, rows, labels] = [new Int32Array(most), new Int32Array(most), new Int32Array(most)];
  const numbers = new Map(classNames.map((name, number) => [name, number]));
  let count = 0;
  for (const [place, shard] of opened.entries()) {
    const own = shard.labelNames.map((name) => numbers.get(name) ?? -1);
    for (let row = 0; row < shard.table.count; row += 1) {
      const problem = problemOf(shard.table, row);
      if (problem !== null) {
        onBroken(`${shard.file}/${readablePath(rawPath(shard.table, row))}`, problemTexts[problem]);
        continue;
      }
      [shardOf[count], rows[count], labels[count]] = [place, row, own[shard.labels[row] as number] ?? -1];
      count += 1;
    }
  }
  const known = labels.subarray(0, count);
  return {
    count,
    source: new ShardFiles(opened, shardOf.slice(0, count), rows.slice(0, count), brokenLimit),
    targets: known.some((label) => label >= 0) ? { kind: 'class', labels: known.slice() } : null,
  };
}
