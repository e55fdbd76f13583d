import { join, resolve } from 'node:path';
import { z } from 'zod';
import { ByolError } from '../../errors.js';
import { readDataFile, statData } from '../../files/data-file.js';
import { dataPath, defineDataKind, type OpenOptions } from '../data-kind.js';
import type { Dataset, FilesSource } from '../dataset.js';
import { rawPath, readablePath } from '../photos/file-table.js';
import { listPhotos } from '../photos/listing.js';
import { brokenLimit } from '../photos/settings.js';
import { photoSplit } from '../photos/split.js';
import { usableImages } from '../photos/usable.js';

/** Tiny ImageNet as Stanford's CS231n gives it (http://cs231n.stanford.edu/tiny-imagenet-200.zip). */

const ANNOTATIONS = 'val/val_annotations.txt';

export const tinyImagenet = defineDataKind({
  schema: z.strictObject({
    /** Tiny ImageNet: train/CLASS/images, and val/images with val_annotations.txt. */
    kind: z.literal('tiny-imagenet'),
    path: dataPath,
    brokenLimit: brokenLimit.schema,
  }),
  title: "Tiny ImageNet's layout",
  defaults: { brokenLimit: brokenLimit.default },
  recognize: async ({ path, folders }) => {
    if (!folders.includes('train') || !folders.includes('val')) return null;
    if ((await statData(join(path, ANNOTATIONS), 'classes of Tiny ImageNet'))?.isFile() !== true) return null;
    return { settings: { path, brokenLimit: brokenLimit.default }, side: 64 };
  },
  open: openTinyImagenet,
});

/**
 * The classes are the folders of train, by their names; the photos of val are what is measured with, those of test have no labels and
 * are left out. Throws ERR_BYOL_DATA where something is missing, a photo of val has no class, or too many are broken.
 */
async function openTinyImagenet(
  { path, brokenLimit }: { readonly path: string; readonly brokenLimit: number },
  { onProgress, signal }: OpenOptions = {},
): Promise<Dataset<FilesSource>> {
  const annotations = await readLines(join(path, ANNOTATIONS), 'the classes of the validation images of Tiny ImageNet');
  const classOf = new Map(annotations.map((line) => line.split('\t', 2) as [string, string]));
  const listing = await listPhotos(path, {
    onProgress: onProgress && ((files) => onProgress({ phase: 'listing', done: files, total: null })),
    signal,
  });
  const { rows, notes, broken } = await usableImages(listing, { brokenLimit, where: path });
  const train: Array<readonly [row: number, wnid: string]> = [];
  const val: Array<readonly [row: number, wnid: string]> = [];
  for (const row of rows) {
    const [split, second = '', third = '', fourth] = readablePath(rawPath(listing.table, row)).split('/');
    if (split === 'train' && third === 'images' && fourth !== undefined) train.push([row, second]);
    if (split !== 'val' || second !== 'images') continue;
    const wnid = classOf.get(third);
    if (wnid === undefined)
      throw new ByolError('ERR_BYOL_DATA', `${join(path, ANNOTATIONS)} does not say of which class ${third} is.`);
    val.push([row, wnid]);
  }
  if (train.length === 0)
    throw new ByolError('ERR_BYOL_DATA', `There are no images in ${join(path, 'train', 'CLASS', 'images')}.`);
  const wnids = [...new Set([...train, ...val].map(([, wnid]) => wnid))].sort();
  const made = (images: ReadonlyArray<readonly [number, string]>) =>
    photoSplit({
      folder: resolve(path),
      table: listing.table,
      rows: Int32Array.from(images, ([row]) => row),
      labels: Int32Array.from(images, ([, wnid]) => wnids.indexOf(wnid)),
      brokenLimit,
    });
  const words = await readWords(path);
  return {
    train: made(train),
    ...(val.length > 0 && { test: made(val) }),
    classNames: wnids.map((wnid) => (words.has(wnid) ? `${wnid} ${words.get(wnid)}` : wnid)),
    broken,
    notes: notes.filter((note) => !note.startsWith('Not images')),
  };
}

/** The first name of each class, where the set says them. */
async function readWords(path: string): Promise<ReadonlyMap<string, string>> {
  const file = join(path, 'words.txt');
  if ((await statData(file, 'names of classes')) === null) return new Map();
  const lines = await readLines(file, 'the names of the classes of Tiny ImageNet');
  return new Map(
    lines.map((line) => [line.split('\t')[0] as string, (line.split('\t')[1] ?? '').split(',')[0] as string]),
  );
}

async function readLines(path: string, what: string): Promise<string[]> {
  const text = Buffer.from(await readDataFile(path, what)).toString('utf8');
  return text.split(/\r?\n/).filter((line) => line !== '');
}
