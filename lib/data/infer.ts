import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ByolError } from '../errors.js';
import { fileProblem, statData } from '../files/data-file.js';
import { checkOptions, path as pathCheck, required } from '../text/options.js';
import { type DataKind, nameOf, type Place } from './data-kind.js';
import { type DataConfig, dataKinds, dataSchema } from './kinds/index.js';
import { IMAGE_ENDING } from './photos/usable.js';
import { expandPattern, isPattern } from './shards/shard-names.js';

/** What a path is taken for. */
export interface InferredData {
  /** For `data` of a configuration. */
  readonly config: DataConfig;
  /** What it is, in a few words. */
  readonly title: string;
  /** The longer side of the images in pixels; null: it does not show without reading them. */
  readonly side: number | null;
}

/**
 * The settings of the data at a path, by what is there: `data_batch_*.bin` is CIFAR-10, `raw.json` a raw store, what `byol data pack` writes a
 * packed one, `.tar` files are shards, `.parquet` files what Hugging Face has, a `.csv` or `.json` file is a list, and a folder of folders or image
 * files one of photos. Registered kinds are asked first. Throws ERR_BYOL_DATA if nothing is there, or
 * nothing that any kind knows.
 *
 * @param likely the kind that is asked before all others.
 */
export async function inferData(path: string, likely?: string): Promise<InferredData> {
  checkOptions('inferData()', { path }, { path: required(pathCheck) });
  const place = await placeOf(path);
  const isLikely = (kind: DataKind): number => (nameOf(kind) === likely ? 0 : 1);
  for (const kind of dataKinds().toSorted((a, b) => isLikely(a) - isLikely(b))) {
    const found = await kind.recognize?.(place);
    if (!found) continue;
    const config = dataSchema().parse({ ...kind.defaults, ...found.settings, kind: nameOf(kind) });
    return { config, title: found.title ?? kind.title, side: found.side ?? null };
  }
  if (place.type === 'file' && IMAGE_ENDING.test(path)) {
    throw new ByolError(
      'ERR_BYOL_DATA',
      `${path} is a single image: give the folder that it lies in, or a list of images.`,
    );
  }
  const kinds = dataKinds().filter(({ recognize }) => recognize !== undefined);
  throw new ByolError(
    'ERR_BYOL_DATA',
    `${path} holds no images that are known: ${contents(place)}. Known by their files are ${kinds
      .map((kind) => `${nameOf(kind)} (${kind.title})`)
      .join(', ')}.`,
  );
}

async function placeOf(path: string): Promise<Place> {
  const what = 'a folder or file with images';
  // Of a pattern for several files the first one tells what they are.
  const [first = path] = isPattern(path) ? expandPattern(path) : [];
  const entry = (await statData(path, what)) ?? (await statData(first, what));
  if (entry === null) throw new ByolError('ERR_BYOL_DATA', `There is nothing at ${path}: give ${what}.`);
  if (!entry.isDirectory()) return { path, type: 'file', files: [], folders: [] };
  const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw fileProblem(path, what, error);
  });
  const files: string[] = [];
  const folders: string[] = [];
  for (const found of entries) {
    const isFolder = found.isSymbolicLink()
      ? // One that cannot be followed is no folder: whoever opens the data says what is wrong with it, where that matters.
        await stat(join(path, found.name)).then(
          (target) => target.isDirectory(),
          () => false,
        )
      : found.isDirectory();
    (isFolder ? folders : files).push(found.name);
  }
  return { path, type: 'folder', files, folders };
}

function contents({ type, files, folders }: Place): string {
  if (type === 'file') return 'it is a file';
  const names = [...files, ...folders];
  if (names.length === 0) return 'the folder is empty';
  return `it has ${names.slice(0, 4).join(', ')}${names.length > 4 ? ', ...' : ''}`;
}
