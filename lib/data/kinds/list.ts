import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { z } from 'zod';
import type { DeepReadonly } from '../../deep-readonly.js';
import { ByolError } from '../../errors.js';
import { count } from '../../text/format.js';
import { dataPath, defineDataKind, type OpenOptions } from '../data-kind.js';
import { type Dataset, type FilesSource, type ImageSplit, type SplitName, splitNames } from '../dataset.js';
import { otherForms, rawPath } from '../photos/file-table.js';
import { FolderFiles } from '../photos/folder-files.js';
import { LIST_ENDING, type ListedImage, readImageList, sortedClasses } from '../photos/list-file.js';
import { listPhotos } from '../photos/listing.js';
import { brokenLimit, maxPixels } from '../photos/settings.js';
import { measuredSplits } from '../photos/split.js';
import { targetsOf } from '../photos/targets.js';
import { usableImages } from '../photos/usable.js';

const column = z.string().min(1).nullable();

const schema = z.strictObject({
  /** A CSV, JSON or JSON-lines file that names images, relative to its own folder, and may say their classes and splits. */
  kind: z.literal('list'),
  path: dataPath,
  /** Name of the column with the paths of the images; null: told by its usual names. */
  image: column,
  /** Name of the column with their classes, likewise. */
  label: column,
  /** Name of the column that says to which split each belongs, likewise. */
  split: column,
  brokenLimit: brokenLimit.schema,
  maxPixels: maxPixels.schema,
});

const defaults = { image: null, label: null, split: null, brokenLimit: brokenLimit.default } as const;

export const list = defineDataKind({
  schema,
  title: 'a list of image files: CSV, JSON or JSON lines',
  defaults,
  recognize: async ({ path, type }) =>
    type === 'file' && LIST_ENDING.test(path) ? { settings: { path, ...defaults } } : null,
  open: openList,
});

/**
 * Images in the order of their paths' bytes, whatever that of the list is. Throws ERR_BYOL_DATA for what is no list, for a file that is
 * listed with different classes, and where too many are missing or broken.
 */
async function openList(
  { path, brokenLimit, maxPixels, ...columns }: DeepReadonly<z.infer<typeof schema>>,
  { onProgress, signal }: OpenOptions = {},
): Promise<Dataset<FilesSource>> {
  const { images, several } = await readImageList(path, columns);
  const given = resolve(dirname(path));
  const real = await realpath(given);
  const byRaw = new Map<string, ListedImage>();
  let twice = 0;
  for (const image of images) {
    const raw = rawOf(given, real, image.path);
    const before = byRaw.get(raw);
    byRaw.set(raw, image);
    if (before === undefined) continue;
    twice += 1;
    if (before.labels.join('\n') === image.labels.join('\n') && before.split === image.split) continue;
    throw new ByolError('ERR_BYOL_DATA', `${path} lists ${image.path} twice, with different classes or splits.`);
  }
  const names = [...byRaw.keys()].sort((a, b) => (a < b ? -1 : 1));
  const folder = names.some(isOutside) ? real : given;
  const listing = await listPhotos(folder, {
    onProgress: onProgress && ((files) => onProgress({ phase: 'listing', done: files, total: names.length })),
    signal,
    only: { names, by: resolve(path) },
  });
  const { rows, notes, broken } = await usableImages(listing, { brokenLimit, maxPixels, where: folder, all: true });
  const listed = (row: number): ListedImage => {
    const raw = rawPath(listing.table, row);
    return [raw, ...otherForms(raw)].map((form) => byRaw.get(form)).find((image) => image !== undefined) as ListedImage;
  };
  const classNames = sortedClasses(images.flatMap(({ labels }) => labels));
  const numbers = new Map(classNames.map((name, number) => [name, number]));
  const splitOf = (name: SplitName): ImageSplit<FilesSource> | undefined => {
    const own = rows.filter((row) => listed(row).split === name);
    if (own.length === 0) return undefined;
    const labels = Array.from(own, (row) => listed(row).labels.flatMap((label) => numbers.get(label) ?? []));
    return {
      count: own.length,
      source: new FolderFiles(folder, listing.table, own, brokenLimit),
      targets: targetsOf(labels, several),
    };
  };
  const [train, val, test] = splitNames.map(splitOf);
  if (train === undefined) {
    const why = `${path} lists no training images that can be read. ${notes.join(' ')}`;
    throw new ByolError('ERR_BYOL_DATA', why.trim());
  }
  const apart = images.filter(({ split }) => split === null).length;
  return {
    ...measuredSplits(train, val, test),
    classNames,
    broken,
    notes: [
      ...notes,
      ...(twice > 0 ? [`Lines of ${path} that name a file once more: ${count(twice)}.`] : []),
      ...(apart > 0 ? [`Images of ${path} in no split called train, val or test are left out: ${count(apart)}.`] : []),
    ],
  };
}

/**
 * See rawPath(). `given`: the list's folder by the name that leads to it, `real`: without links. What lies outside is told from the real
 * one: for the system, '..' behind a link is where the link leads.
 */
function rawOf(given: string, real: string, path: string): string {
  const inside = fromFolder(given, path);
  return isOutside(inside) ? fromFolder(real, path) : inside;
}

function fromFolder(folder: string, path: string): string {
  const inside = relative(folder, resolve(folder, path));
  return Buffer.from(process.platform === 'win32' ? inside.replaceAll('\\', '/') : inside).toString('latin1');
}

function isOutside(raw: string): boolean {
  return raw === '..' || raw.startsWith('../') || isAbsolute(raw);
}
