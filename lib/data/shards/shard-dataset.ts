import { dirname } from 'node:path';
import { ByolError } from '../../errors.js';
import { count } from '../../text/format.js';
import type { OpenOptions } from '../data-kind.js';
import { type BrokenFile, type Dataset, type FilesSource, type ImageSplit, splitNames } from '../dataset.js';
import type { AskedColumns } from '../parquet/parquet-columns.js';
import { BrokenImages } from '../photos/broken.js';
import { type FileTable, rawPath, readablePath } from '../photos/file-table.js';
import { sortedClasses } from '../photos/list-file.js';
import { measuredSplits } from '../photos/split.js';
import { traitNotes } from '../photos/trait-notes.js';
import { whyUnusable } from '../photos/unusable.js';
import { openShards } from './open-shards.js';
import { ShardFiles } from './shard-files.js';
import type { OpenedShard } from './shard-index.js';
import type { ShardNames } from './shard-names.js';

export interface ShardDataset {
  readonly names: ShardNames;
  /** See openShards(). */
  readonly columns: AskedColumns | null;
  readonly brokenLimit: number;
  /** See maxPixels. */
  readonly maxPixels?: number | undefined;
  /** For messages: what was asked for. */
  readonly where: string;
}

/** Images in the order of the shards. Throws ERR_BYOL_DATA for a shard that is damaged, and where too many images are broken. */
export async function openShardDataset(
  { names, columns, brokenLimit, maxPixels, where }: ShardDataset,
  options: OpenOptions,
): Promise<Dataset<FilesSource>> {
  const opened = await openShards(
    splitNames.flatMap((name) => names[name] ?? []),
    columns,
    options,
  );
  const images = opened.reduce((sum, { table }) => sum + table.count, 0);
  const broken = new BrokenImages(images, brokenLimit, where);
  const files: BrokenFile[] = [];
  const classNames = classesOf(opened);
  let next = 0;
  const [train, val, tested] = splitNames.map((name) => {
    const count = names[name]?.length ?? 0;
    next += count;
    return count === 0
      ? undefined
      : splitOf(opened.slice(next - count, next), classNames, { brokenLimit, maxPixels }, (location, reason) => {
          files.push({ location, reason });
        });
  });
  broken.addAll(files);
  if (train === undefined || train.count === 0) {
    throw new ByolError('ERR_BYOL_DATA', `There are no training images in ${where}: its shards hold no image files.`);
  }
  return {
    ...measuredSplits(train, val, tested),
    classNames: [train, val, tested].some((split) => split?.targets != null) ? classNames : [],
    broken: files,
    notes: [
      ...(broken.note === null ? [] : [broken.note]),
      ...traitNotes(opened.map(({ table }) => ({ table, rows: usableRows(table, maxPixels) }))),
      ...unpackedNote(opened),
    ],
  };
}

function usableRows(table: FileTable, maxPixels: number | undefined): Int32Array {
  return Int32Array.from({ length: table.count }, (_, row) => row).filter(
    (row) => whyUnusable(table, row, maxPixels) === null,
  );
}

/** In the order that the shards give, where all give the same. */
function classesOf(opened: readonly OpenedShard[]): readonly string[] {
  const [first, ...others] = opened.map(({ classNames }) => classNames);
  if (first && others.every((names) => names?.join('\0') === first.join('\0'))) return first;
  return sortedClasses(opened.flatMap(({ labelNames }) => labelNames));
}

function unpackedNote(opened: readonly OpenedShard[]): string[] {
  const [first, ...others] = opened.filter(({ path, file }) => file !== path);
  if (first === undefined) return [];
  const more = others.length === 0 ? 'is' : `and ${count(others.length)} more are`;
  return [
    `${first.path} ${more} unpacked in ${dirname(first.file)}, to be read in any order; files there go after 90 days without use.`,
  ];
}

function splitOf(
  opened: readonly OpenedShard[],
  classNames: readonly string[],
  { brokenLimit, maxPixels }: Pick<ShardDataset, 'brokenLimit' | 'maxPixels'>,
  onBroken: (location: string, reason: string) => void,
): ImageSplit<FilesSource> {
  const most = opened.reduce((sum, { table }) => sum + table.count, 0);
  const [shardOf, rows, labels] = [new Int32Array(most), new Int32Array(most), new Int32Array(most)];
  const numbers = new Map(classNames.map((name, number) => [name, number]));
  let count = 0;
  for (const [place, shard] of opened.entries()) {
    const own = shard.labelNames.map((name) => numbers.get(name) ?? -1);
    for (let row = 0; row < shard.table.count; row += 1) {
      const why = whyUnusable(shard.table, row, maxPixels);
      if (why !== null) {
        onBroken(`${shard.path}/${readablePath(rawPath(shard.table, row))}`, why.reason);
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
