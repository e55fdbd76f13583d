import { stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { Breather } from '../breather.js';
import { ByolError } from '../errors.js';
import { fileReason } from '../files/data-file.js';
import type { OpenOptions } from './data-kind.js';
import {
  type BrokenFile,
  classLabels,
  type Dataset,
  type FilesSource,
  type ImageSource,
  type ImageSplit,
  type SplitName,
  splitNames,
  splitTitles,
} from './dataset.js';
import { inferData } from './infer.js';
import { type DataConfig, readData } from './kinds/index.js';
import { rawPath } from './photos/file-table.js';
import { FolderFiles } from './photos/folder-files.js';
import { listFolder } from './photos/list-folder.js';
import { IMAGE_ENDING, usableImages } from './photos/usable.js';

/** Images of one sort among others. */
export interface ImagePart {
  /** null: files that are of no data set. */
  readonly split: SplitName | null;
  readonly images: ImageSplit<ImageSource>;
  /** One class of each, of all parts' names; -1 where unknown. null: none has one. */
  readonly labels: Int32Array | null;
  /** What to call the file that an image is of: as it was given, where it was. null: it is in no file of its own. */
  file(image: number): string | null;
}

/** Images from one or more places, one part after the other. */
export interface ImageParts {
  readonly parts: readonly ImagePart[];
  readonly classNames: readonly string[];
  readonly notes: readonly string[];
  /** Files that were meant as images and are left out. */
  readonly broken: readonly BrokenFile[];
}

export interface ImagePlacesOptions extends OpenOptions {
  /** Which images of data sets; 'all' splits if left out. Files that are of no data set are taken in any case. */
  readonly split?: SplitName | 'all' | undefined;
  /** Changes the settings of the data that a path is taken for. */
  readonly configure?: ((config: DataConfig) => Promise<DataConfig>) | undefined;
}

/** Of files that somebody has named one by one all may be broken: each is told. */
const ALL = 1;

/**
 * Images at paths: whatever a kind of data reads, and image files, which are taken whatever their names are. Throws ERR_BYOL_DATA for a
 * path where nothing is, or nothing that any kind knows.
 */
export async function openPlaces(
  paths: readonly string[],
  { split = 'all', configure = async (config) => config, ...options }: ImagePlacesOptions = {},
): Promise<ImageParts> {
  const found: ImageParts[] = [];
  let files: string[] = [];
  const takeFiles = async (): Promise<void> => {
    if (files.length > 0) found.push(await openFiles(files));
    files = [];
  };
  for (const path of paths) {
    if (await isImageFile(path)) {
      files.push(path);
      continue;
    }
    await takeFiles();
    const dataset = await readData(await configure((await inferData(path)).config), options);
    found.push(datasetParts(dataset, split, path));
  }
  await takeFiles();
  return joined(found);
}

/** A data set's images. `path`: where they were said to lie; names of files then begin with it. Throws ERR_BYOL_DATA without that split. */
export function datasetParts(dataset: Dataset<ImageSource>, split: SplitName | 'all', path?: string): ImageParts {
  const { classNames, notes = [], broken = [] } = dataset;
  const names = split === 'all' ? splitNames.filter((name) => dataset[name] !== undefined) : [split];
  const parts = names.map((name): ImagePart => {
    const images = dataset[name];
    if (images === undefined) {
      const there = splitNames.filter((other) => dataset[other] !== undefined);
      throw new ByolError('ERR_BYOL_DATA', `There are no ${splitTitles[name]} to embed, only: ${there.join(', ')}.`);
    }
    const { source, targets } = images;
    const file = source.kind === 'memory' ? () => null : (image: number) => givenName(source.location(image), path);
    return { split: name, images, labels: classLabels(targets), file };
  });
  return { parts, classNames: parts.some(({ labels }) => labels !== null) ? classNames : [], notes, broken };
}

/** With the place as it was given, where the location lies below it. */
function givenName(location: string, path: string | undefined): string {
  if (path === undefined) return location;
  const base = `${resolve(path)}${sep}`;
  return location.startsWith(base) ? join(path, location.slice(base.length)) : location;
}

/** Whether it is one by its name, or a file that no kind of data knows. */
async function isImageFile(path: string): Promise<boolean> {
  let isFile: boolean;
  try {
    isFile = (await stat(path)).isFile();
  } catch (error) {
    // Patterns for several files are no names.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    const reason = fileReason(error as NodeJS.ErrnoException);
    throw new ByolError('ERR_BYOL_DATA', `Cannot read ${path}: ${reason}.`, { cause: error });
  }
  if (!isFile || IMAGE_ENDING.test(path)) return isFile;
  return inferData(path).then(
    () => false,
    () => true,
  );
}

/** Files in the order in which they are given; those that are no images are left out. */
async function openFiles(paths: readonly string[]): Promise<ImageParts> {
  const raws = paths.map((path) => Buffer.from(resolve(path).slice(1)).toString('latin1'));
  const rowOf = new Map<string, number>();
  const breather = new Breather();
  const listing = listFolder('/', null, [...new Set(raws)].sort(byCharacters));
  let step = listing.next();
  for (; step.done !== true; step = listing.next()) await breather.breathe();
  const { table } = step.value;
  const usable = await usableImages(step.value, { brokenLimit: ALL, where: '/', all: true });
  for (const row of usable.rows) rowOf.set(rawPath(table, row), row);
  const taken = raws.flatMap((raw, i) => (rowOf.has(raw) ? [i] : []));
  const rows = Int32Array.from(taken, (i) => rowOf.get(raws[i] as string) as number);
  const images: ImageSplit<FilesSource> = {
    count: rows.length,
    source: new FolderFiles('/', table, rows, ALL),
    targets: null,
  };
  const file = (image: number): string => paths[taken[image] as number] as string;
  const given = new Map(paths.map((path) => [resolve(path), path]));
  const broken = usable.broken.map(({ location, reason }) => ({ location: given.get(location) ?? location, reason }));
  return {
    parts: rows.length === 0 ? [] : [{ split: null, images, labels: null, file }],
    classNames: [],
    notes: [],
    broken,
  };
}

function byCharacters(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** Classes of the same name are one. */
function joined(found: readonly ImageParts[]): ImageParts {
  const [first] = found;
  if (found.length === 1 && first !== undefined) return first;
  const classNames = [...new Set(found.flatMap((parts) => parts.classNames))];
  const numbers = new Map(classNames.map((name, number) => [name, number]));
  const parts = found.flatMap(({ parts: own, classNames: names }) =>
    own.map((part): ImagePart => {
      const labels = part.labels?.map((label) => numbers.get(names[label] ?? '') ?? -1) ?? null;
      return { ...part, labels, file: (image) => part.file(image) };
    }),
  );
  return {
    parts,
    classNames,
    notes: found.flatMap(({ notes }) => notes),
    broken: found.flatMap(({ broken }) => broken),
  };
}
