import { resolve } from 'node:path';
import { z } from 'zod';
import { ByolError } from '../../errors.js';
import { dataPath, defineDataKind, type OpenOptions } from '../data-kind.js';
import type { Dataset, FilesSource, ImageSplit } from '../dataset.js';
import { type LabelSource, type LayoutSplit, labelSources, layoutOf } from '../photos/layout.js';
import { listPhotos } from '../photos/listing.js';
import { brokenLimit, maxPixels } from '../photos/settings.js';
import { measuredSplits, photoSplit } from '../photos/split.js';
import { IMAGE_ENDING, usableImages } from '../photos/usable.js';

export const folder = defineDataKind({
  schema: z.strictObject({
    /** A folder of photos: class folders, or flat, or nested; in folders train, val and test, or all to train with. */
    kind: z.literal('folder'),
    path: dataPath,
    /** Whether the first folders name classes; 'auto': where all images lie in folders of one level. */
    labels: z.enum(labelSources).default('auto'),
    brokenLimit: brokenLimit.schema.default(brokenLimit.default),
    maxPixels: maxPixels.schema,
  }),
  title: 'a folder of photos',
  defaults: { labels: 'auto', brokenLimit: brokenLimit.default },
  recognize: async ({ path, files, folders }) =>
    folders.length > 0 || files.some((name) => IMAGE_ENDING.test(name))
      ? { settings: { path, labels: 'auto' as const, brokenLimit: brokenLimit.default } }
      : null,
  open: openFolder,
});

interface FolderSettings {
  readonly path: string;
  readonly labels: LabelSource;
  readonly brokenLimit: number;
  readonly maxPixels?: number | undefined;
}

/** See the kind. Throws ERR_BYOL_DATA where there is no image, or too many are broken. */
async function openFolder(
  { path, labels, brokenLimit, maxPixels }: FolderSettings,
  { onProgress, signal }: OpenOptions = {},
): Promise<Dataset<FilesSource>> {
  const listing = await listPhotos(path, {
    onProgress: onProgress && ((files) => onProgress({ phase: 'listing', done: files, total: null })),
    signal,
  });
  const usable = await usableImages(listing, { brokenLimit, maxPixels, where: path });
  if (usable.rows.length === 0) {
    const { count } = listing.table;
    const files =
      count === 0 ? 'there are no files' : `there are ${count} files, and none is an image that can be read`;
    throw new ByolError('ERR_BYOL_DATA', `There are no images in ${path}: ${files}. ${usable.notes.join(' ')}`.trim());
  }
  const { splits, classNames, notes } = await layoutOf(listing.table, usable.rows, labels);
  const root = resolve(path);
  const made = (split: LayoutSplit): ImageSplit<FilesSource> =>
    photoSplit({ folder: root, table: listing.table, ...split, brokenLimit });
  const { train, val, test } = splits;
  return {
    ...measuredSplits(made(train), val && made(val), test && made(test)),
    classNames,
    broken: usable.broken,
    notes: [...usable.notes, ...notes],
  };
}
