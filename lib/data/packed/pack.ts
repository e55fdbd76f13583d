import { rm, stat, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { NativeModule } from '../../binding/native.js';
import { ByolError } from '../../errors.js';
import { ioError } from '../../files/atomic-file.js';
import { holdLock } from '../../files/process-lock.js';
import { count } from '../../text/format.js';
import type { BrokenFile, Dataset, ImageSource, Targets } from '../dataset.js';
import { BrokenImages } from '../photos/broken.js';
import { tallyNames } from '../photos/tally.js';
import { type Columns, type Directory, encodeInt32, encodeUint32, encodeUint64, HEADER_BYTES } from './layout.js';
import { type PackPlan, planPack } from './plan.js';
import { isStore, readStoreIndex } from './read-store.js';
import { resizedImages } from './resized-images.js';
import { StoreWriter, unfinishedFiles } from './store-writer.js';

export interface PackProgress {
  /** Images, broken ones included. */
  readonly done: number;
  readonly total: number;
  /** Since this process began. */
  readonly imagesPerSecond: number;
  readonly secondsLeft: number;
}

export interface PackOptions {
  /** Where the images lie: names in the store are relative to it. */
  readonly place: string;
  /** The store to write. */
  readonly out: string;
  /** Pixels of the shorter side; images that are smaller stay as they are. */
  readonly size: number;
  /** The most images that may be broken, as a part of all. */
  readonly brokenLimit: number;
  /** A store of other images at `out` is replaced, once the new one is whole. */
  readonly overwrite: boolean;
  /** That decode. */
  readonly threads: number;
  /** After so many bytes of pixels what is done is made safe from the end of the process. Default: 64 MiB. */
  readonly partBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: PackProgress) => void) | undefined;
}

export interface PackResult {
  readonly path: string;
  readonly images: number;
  readonly bytes: number;
  /** Images that an earlier process had done, where this one went on. */
  readonly before: number;
  /** 'there': the same images were packed to this file before. */
  readonly outcome: 'packed' | 'there';
  readonly broken: readonly BrokenFile[];
}

/**
 * Decodes all images once, makes them smaller and writes them to one file, of which training and evaluation read what they need. What
 * a process that is stopped or killed has done, the next call with the same images and size goes on with, to the same bytes. The file has its
 * name only when it is whole.
 *
 * Throws ERR_BYOL_IO where it cannot be written or there is no room for it, another file is there or another process writes it;
 * ERR_BYOL_DATA where more images are broken than may be; the signal's reason.
 */
export async function packImages(
  native: Pick<NativeModule, 'DecodePool'>,
  data: Dataset<ImageSource>,
  options: PackOptions,
): Promise<PackResult> {
  const path = resolve(options.out);
  const plan = await planPack(data, options.place, options.size);
  const lock = await holdLock(`${path}.lock`, {
    taken: (by) =>
      new ByolError('ERR_BYOL_IO', `${path} is being written by ${by}. Wait for it, or choose another name.`),
    odd: (problem) => new ByolError('ERR_BYOL_IO', `${path}.lock ${problem}. Delete it if nobody packs to ${path}.`),
  });
  try {
    const there = await whatIsThere(path, plan, options.overwrite);
    if (there !== null) return there;
    return await write(native, data, plan, path, options);
  } finally {
    await lock.release();
  }
}

/** The same store, from before; null: nothing that may not be replaced. */
async function whatIsThere(path: string, plan: PackPlan, overwrite: boolean): Promise<PackResult | null> {
  const entry = await stat(path).catch(() => null);
  if (entry === null) return null;
  if (!entry.isFile() || !(await isStore(path))) {
    throw ioError(path, 'write', new Error('something else than a packed store is there; choose another name'));
  }
  const index = await readStoreIndex(path).catch((error: unknown) => {
    if (overwrite) return null;
    throw error;
  });
  if (index?.directory.job === plan.job) {
    await removeUnfinished(path);
    const { images, fileBytes } = index.header;
    return { path, images, bytes: fileBytes, before: images, outcome: 'there', broken: [] };
  }
  if (overwrite) return null;
  throw ioError(
    path,
    'write',
    new Error('a store of other images, or of other sizes, is there'),
    'Choose another name, or give --overwrite: it is replaced once the new one is whole.',
  );
}

async function write(
  native: Pick<NativeModule, 'DecodePool'>,
  data: Dataset<ImageSource>,
  plan: PackPlan,
  path: string,
  { size, brokenLimit, threads, place, partBytes, signal, onProgress }: PackOptions,
): Promise<PackResult> {
  const writer = await StoreWriter.open(path, plan, partBytes);
  const pool = new native.DecodePool(threads);
  try {
    const before = writer.soFar.done;
    await requireRoom(path, plan, writer.soFar.bytes);
    const known = data.broken ?? [];
    const broken = new BrokenImages(plan.count + known.length, brokenLimit, place);
    broken.addAll(known);
    for (const [image, reason] of writer.soFar.broken) broken.add(plan.name(image), reason);
    const began = performance.now();
    try {
      for await (const { images } of resizedImages(pool, plan, before)) {
        signal?.throwIfAborted();
        const first = writer.soFar.done;
        for (const [i, image] of images.entries())
          if (typeof image === 'string') broken.add(plan.name(first + i), image);
        await writer.add(images);
        const { done } = writer.soFar;
        const imagesPerSecond = ((done - before) * 1000) / (performance.now() - began);
        onProgress?.({ done, total: plan.count, imagesPerSecond, secondsLeft: (plan.count - done) / imagesPerSecond });
      }
    } catch (error) {
      // Where the disk is full this fails as well; what was saved before stays.
      await writer.save().catch(() => {});
      throw error;
    }
    await writer.save();
    const left = [...writer.soFar.broken].map(([image, reason]) => ({ location: plan.name(image), reason }));
    const { columns, directory } = indexOf(data, plan, writer, left, size);
    const bytes = await writer.finish(columns, directory);
    await removeUnfinished(path);
    return { path, images: writer.soFar.sums.length, bytes, before, outcome: 'packed', broken: [...known, ...left] };
  } finally {
    pool.dispose();
    await writer.close();
  }
}

async function removeUnfinished(path: string): Promise<void> {
  const { store, journal } = unfinishedFiles(path);
  for (const file of [store, journal]) await rm(file, { force: true });
}

/** Of an index, for each image: its columns and its name. */
const INDEX_BYTES = 100;

async function requireRoom(path: string, plan: PackPlan, written: number): Promise<void> {
  const folder = dirname(path);
  const { bavail, bsize } = await statfs(folder).catch((error: unknown) => {
    throw ioError(path, 'write', error);
  });
  const needed = HEADER_BYTES + plan.bytes - written + plan.count * INDEX_BYTES;
  const free = bavail * bsize;
  if (needed <= free) return;
  throw new ByolError(
    'ERR_BYOL_IO',
    `${path} needs ${gigabytes(needed)} more, and ${folder} has ${gigabytes(free)} free.`,
    { hint: 'Make room, choose another place (--out), or smaller images (--size).' },
  );
}

function gigabytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

function indexOf(
  data: Dataset<ImageSource>,
  plan: PackPlan,
  writer: StoreWriter,
  left: readonly BrokenFile[],
  size: number,
): { readonly columns: Columns; readonly directory: Omit<Directory, 'columns'> } {
  const { broken, sums, done } = writer.soFar;
  const kept = Int32Array.from({ length: done }, (_, number) => number).filter((number) => !broken.has(number));
  const offsets = new Float64Array(kept.length);
  const [heights, widths] = [new Int32Array(kept.length), new Int32Array(kept.length)];
  const nameEnds = new Float64Array(kept.length);
  const names: Buffer[] = [];
  const ofSplits = new Map(plan.splits.map(([name]) => [name, [] as number[]]));
  let [offset, nameEnd, longestSide] = [HEADER_BYTES, 0, 0];
  for (const [i, number] of kept.entries()) {
    const { split, image, height, width } = plan.at(number);
    ofSplits.get(split)?.push(image);
    const name = Buffer.from(plan.name(number), 'utf8');
    names.push(name);
    nameEnd += name.length;
    nameEnds[i] = nameEnd;
    offsets[i] = offset;
    heights[i] = height;
    widths[i] = width;
    offset += height * width * 3;
    longestSide = Math.max(longestSide, height, width);
  }
  const columns: Record<string, Uint8Array> = {
    offsets: encodeUint64(offsets),
    heights: encodeUint32(heights),
    widths: encodeUint32(widths),
    sums: encodeUint32(sums),
    nameEnds: encodeUint64(nameEnds),
    names: Buffer.concat(names),
  };
  const splits: Partial<Directory['splits']> = {};
  for (const [name, { targets }] of plan.splits) {
    const images = ofSplits.get(name) ?? [];
    if (images.length === 0) continue;
    splits[name] = { images: images.length, targets: targets?.kind ?? null };
    Object.assign(columns, labelColumns(name, targets, images));
  }
  const { train } = splits;
  if (train === undefined) throw new ByolError('ERR_BYOL_DATA', 'All training images are broken.');
  const notes = [...(data.notes ?? []), ...(left.length === 0 ? [] : [leftOut(left)])];
  const directory = {
    splits: { ...splits, train },
    classNames: [...data.classNames],
    size,
    longestSide,
    job: plan.job,
    notes,
  };
  return { columns, directory };
}

function leftOut(left: readonly BrokenFile[]): string {
  const first = left.slice(0, 3).map(({ location }) => location);
  return `Left out when the images were packed, since they cannot be decoded: ${count(left.length)}, ${tallyNames({ count: left.length, first })}.`;
}

function labelColumns(split: string, targets: Targets | null, images: readonly number[]): Columns {
  if (targets === null) return {};
  const { labels } = targets;
  if (targets.kind === 'class') {
    return { [`labels:${split}`]: encodeInt32(images.map((image) => labels[image] as number)) };
  }
  const of = images.map((image) => labels.subarray(targets.offsets[image], targets.offsets[image + 1]));
  const offsets = [0];
  for (const each of of) offsets.push((offsets.at(-1) as number) + each.length);
  return {
    [`labels:${split}`]: encodeInt32(of.flatMap((each) => [...each])),
    [`labelOffsets:${split}`]: encodeUint32(offsets),
  };
}
