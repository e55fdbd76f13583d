import { copyFile, mkdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ByolError } from '../../errors.js';
import { ioError, syncFolder } from '../../files/atomic-file.js';
import { holdLock } from '../../files/process-lock.js';
import { writeError } from '../packed/store-writer.js';
import { recognizeSet, setDefinitions } from '../sets/index.js';
import { isThere } from '../sets/set-lists.js';
import { type DownloadOptions, download } from './download.js';
import type { PublicSet, SetFile } from './sets.js';
import { unpack } from './unpack.js';

export interface FetchProgress {
  readonly phase: 'downloading' | 'unpacking';
  /** The archive. */
  readonly file: string;
  /** Bytes that were downloaded, or files that were unpacked. */
  readonly done: number;
  /** null: not known. */
  readonly total: number | null;
}

export interface FetchOptions extends Pick<DownloadOptions, 'signal' | 'pause' | 'patience'> {
  /** The folder that the set's own folder is put in. */
  readonly out: string;
  readonly onProgress?: ((progress: FetchProgress) => void) | undefined;
}

export interface FetchedSet {
  /** What to train with. */
  readonly data: string;
  readonly outcome: 'fetched' | 'there';
  /** Archives of which no checksum is published. */
  readonly unchecked: readonly string[];
}

/**
 * Downloads a public set, checks it and unpacks it. Its folder appears only when everything is in it; what a process that is stopped or killed
 * has got, the next one goes on with. Throws as download() and unpack(), and ERR_BYOL_IO where there is no room for it or another process fetches it.
 */
export async function fetchSet(name: string, set: PublicSet, options: FetchOptions): Promise<FetchedSet> {
  const out = resolve(options.out);
  const folder = join(out, set.folder);
  const unchecked = set.files.filter(({ checksum }) => checksum === null).map((file) => file.name);
  const there = { data: join(folder, set.data), unchecked };
  await mkdir(out, { recursive: true }).catch((error: unknown) => {
    throw ioError(out, 'write to', error);
  });
  const lock = await holdLock(join(out, `.fetch-${name}.lock`), {
    taken: (by) => new ByolError('ERR_BYOL_IO', `${name} is being fetched to ${out} by ${by}. Wait for it.`),
    odd: (problem) => new ByolError('ERR_BYOL_IO', `${join(out, `.fetch-${name}.lock`)} ${problem}. Delete it.`),
  });
  try {
    if ((await stat(folder).catch(() => null)) !== null) {
      if (set.set === undefined || (await recognizeSet(folder)) === set.set) return { ...there, outcome: 'there' };
      throw new ByolError('ERR_BYOL_DATA', `${folder} is there, and not what ${name} is unpacked to: move it away.`);
    }
    const work = join(out, `.fetch-${name}`);
    await mkdir(work, { recursive: true });
    await requireRoom(name, set, work);
    for (const file of set.files) await get(file, join(work, file.name), options);
    const unpacked = join(work, 'unpacked');
    // What was not finished is begun anew: it takes less than the download.
    await rm(unpacked, { recursive: true, force: true });
    for (const file of set.files) await open(file, join(work, file.name), unpacked, options);
    const root = set.root === null ? unpacked : join(unpacked, set.root);
    await check(set, root);
    await rename(root, folder);
    await syncFolder(out);
    await rm(work, { recursive: true, force: true });
    return { ...there, outcome: 'fetched' };
  } catch (error) {
    throw error instanceof ByolError || options.signal?.aborted ? error : writeError(out, error);
  } finally {
    await lock.release();
  }
}

async function get(file: SetFile, path: string, { onProgress, ...options }: FetchOptions): Promise<void> {
  // It has its name only when it was checked.
  if ((await stat(path).catch(() => null)) !== null) return;
  await download(file, path, {
    ...options,
    onProgress: (done, total) => onProgress?.({ phase: 'downloading', file: file.name, done, total }),
  });
}

async function open(
  { name, into = '', inner = [], isPlain = false }: SetFile,
  archive: string,
  unpacked: string,
  { signal, onProgress }: FetchOptions,
): Promise<void> {
  const folder = join(unpacked, into);
  let done = 0;
  const onEntry = (): void => {
    done += 1;
    onProgress?.({ phase: 'unpacking', file: name, done, total: null });
  };
  if (isPlain) {
    await mkdir(folder, { recursive: true });
    await copyFile(archive, join(folder, name));
    onEntry();
    return;
  }
  await unpack(archive, folder, { signal, onEntry });
  for (const path of inner) {
    await unpack(join(folder, path), dirname(join(folder, path)), { signal, onEntry });
    await rm(join(folder, path));
  }
}

/** Throws ERR_BYOL_DATA where what was unpacked is not the set. */
async function check(set: PublicSet, root: string): Promise<void> {
  const marks = set.set === undefined ? [set.data] : setDefinitions[set.set].marks;
  const there = await Promise.all(marks.map((mark) => isThere(root, mark)));
  const isKnown = there.every(Boolean) && (set.set === undefined || (await recognizeSet(root)) === set.set);
  if (isKnown) return;
  const missing = marks.filter((_, i) => !there[i]);
  throw new ByolError(
    'ERR_BYOL_DATA',
    `The archives of ${set.title} do not have what they should: ${missing.length === 0 ? 'its lists are' : `${missing.join(', ')} is`} missing. Its home may have changed it: ${set.home}`,
  );
}

/** Images are compressed already: unpacked they take about as much again. */
const UNPACKED = 1.1;

async function requireRoom(name: string, set: PublicSet, work: string): Promise<void> {
  let needed = 0;
  for (const file of set.files) {
    const bytes = file.bytes ?? 0;
    const path = join(work, file.name);
    const [whole, part] = await Promise.all([path, `${path}.part`].map((each) => stat(each).catch(() => null)));
    needed += bytes * (1 + UNPACKED) - (whole?.size ?? part?.size ?? 0);
  }
  const { bavail, bsize } = await statfs(work);
  const free = bavail * bsize;
  if (needed <= free) return;
  const megabytes = (value: number): string => `${Math.ceil(value / 1e6).toLocaleString('en-US')} MB`;
  throw new ByolError(
    'ERR_BYOL_IO',
    `${name} needs ${megabytes(needed)}, its archives and what is in them, and ${dirname(work)} has ${megabytes(free)} free.`,
    { hint: 'Make room, or choose another place: --out DIR' },
  );
}
