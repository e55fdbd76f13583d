import { availableParallelism, freemem } from 'node:os';
import { Breather } from '../breather.js';
import { ByolError } from '../errors.js';
import { count } from '../text/format.js';
import type { OpenOptions } from './data-kind.js';
import {
  type Dataset,
  type FilesSource,
  type ImageSource,
  type ImageSplit,
  type MemorySource,
  sizeOf,
  splitNames,
  splitTitles,
  type Targets,
} from './dataset.js';
import { decodeImage } from './decode-image.js';
import { decodeJpegs } from './decode-jpegs.js';
import { BrokenImages } from './photos/broken.js';

/** Of the memory that is free: images lie in JavaScript's memory and then in the native store. */
const MEMORY_SHARE = 0.4;

/** More are not decoded at once: Node has four threads for it. */
const MOST_LANES = 4;

/**
 * The same data set with all pixels in memory: files are decoded at their full size, JPEGs by the addon and others by sharp.
 * Broken ones are left out, and counted in its notes. Throws ERR_BYOL_DATA where the images do not fit into memory, or too many are broken.
 */
export async function inMemory(data: Dataset<ImageSource>, options: OpenOptions = {}): Promise<Dataset> {
  requireMemory(data);
  const notes = [...(data.notes ?? [])];
  const opened = async (name: (typeof splitNames)[number]): Promise<ImageSplit | undefined> => {
    const split = data[name];
    if (split === undefined) return undefined;
    if (isInMemory(split)) return split;
    const { decoded, note } = await decodeSplit(split as ImageSplit<FilesSource>, splitTitles[name], options);
    if (note !== null) notes.push(note);
    return decoded;
  };
  const { train: _, val: __, test: ___, notes: ____, ...rest } = data;
  const [train, val, test] = [await opened('train'), await opened('val'), await opened('test')];
  return {
    ...rest,
    train: train as ImageSplit,
    ...(val && { val }),
    ...(test && { test }),
    ...(notes.length > 0 && { notes }),
  };
}

function isInMemory(split: ImageSplit<ImageSource>): split is ImageSplit {
  return split.source.kind === 'memory';
}

/** Bytes of the pixels of a split. */
function pixelBytes({ count: images, source }: ImageSplit<ImageSource>): number {
  let bytes = 0;
  for (let image = 0; image < images; image += 1) {
    const { height, width } = sizeOf(source, image);
    bytes += height * width * 3;
  }
  return bytes;
}

function requireMemory(data: Dataset<ImageSource>): void {
  const splits = splitNames.flatMap((name) => data[name] ?? []).filter(({ source }) => source.kind === 'files');
  const bytes = splits.reduce((sum, split) => sum + pixelBytes(split), 0);
  const most = freemem() * MEMORY_SHARE;
  if (bytes <= most) return;
  const images = splits.reduce((sum, split) => sum + split.count, 0);
  throw new ByolError(
    'ERR_BYOL_DATA',
    `${count(images)} photos have ${gigabytes(bytes)} of pixels, and ${gigabytes(most)} of the memory that is free may be used for them: this version keeps all pixels in memory.`,
    { hint: 'Use fewer or smaller photos, for example a copy of them with a shorter side of 160 pixels.' },
  );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toPrecision(2)} GB`;
}

async function decodeSplit(
  { count: images, source, targets }: ImageSplit<FilesSource>,
  title: string,
  { onProgress, signal }: OpenOptions,
): Promise<{ readonly decoded: ImageSplit; readonly note: string | null }> {
  const broken = new BrokenImages(images, source.brokenLimit, title);
  const pixels = new Uint8Array(pixelBytes({ count: images, source, targets }));
  const starts = new Float64Array(images);
  for (let image = 1; image < images; image += 1) {
    const { height, width } = sizeOf(source, image - 1);
    starts[image] = (starts[image - 1] as number) + height * width * 3;
  }
  const usable = new Uint8Array(images);
  let done = 0;
  const advance = (): void => {
    done += 1;
    onProgress?.({ phase: title, done, total: images });
  };
  const others = await decodeJpegs(
    source,
    images,
    {
      decoded: (image, whole) => {
        pixels.set(whole, starts[image] as number);
        usable[image] = 1;
        advance();
      },
      broken: (image, reason) => {
        broken.add(source.location(image), reason);
        advance();
      },
    },
    signal,
  );
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < others.length) {
      signal?.throwIfAborted();
      const image = others[next] as number;
      next += 1;
      const { height, width } = sizeOf(source, image);
      try {
        const found = await decodeImage(await source.read(image), {
          name: source.location(image),
          maxPixels: height * width,
        });
        if (found.height !== height || found.width !== width) {
          broken.add(
            source.location(image),
            `has ${found.width} x ${found.height} pixels, and its header says ${width} x ${height}`,
          );
        } else {
          pixels.set(found.pixels, starts[image] as number);
          usable[image] = 1;
        }
      } catch (error) {
        if (!(error instanceof ByolError) || error.code !== 'ERR_BYOL_IMAGE') throw error;
        broken.add(source.location(image), reasonOf(error));
      }
      advance();
    }
  };
  const lanes = Array.from({ length: Math.min(MOST_LANES, availableParallelism() + 1) }, () =>
    lane().catch((error: unknown) => {
      // The others begin nothing more.
      next = images;
      throw error;
    }),
  );
  await Promise.all(lanes);
  signal?.throwIfAborted();
  const { heights, widths } = source;
  const whole: ImageSplit = { count: images, source: { kind: 'memory', pixels, heights, widths }, targets };
  return { decoded: broken.count === 0 ? whole : await without(whole, starts, usable), note: broken.note };
}

/** What follows the name in an error about an image: "cannot be decoded: ..." */
function reasonOf({ message }: ByolError): string {
  return (/(cannot be (?:decoded|read): .*)\.$/.exec(message)?.[1] ?? message).replace(': it is', ': it is');
}

/** The images that are usable, moved together in place. */
async function without(split: ImageSplit, starts: Float64Array, usable: Uint8Array): Promise<ImageSplit> {
  const breather = new Breather();
  const kept = Int32Array.from(usable.keys()).filter((image) => usable[image] === 1);
  const { pixels } = split.source;
  const [heights, widths] = [new Int32Array(kept.length), new Int32Array(kept.length)];
  let end = 0;
  for (const [place, image] of kept.entries()) {
    await breather.breathe();
    const { height, width } = sizeOf(split.source, image);
    const start = starts[image] as number;
    pixels.copyWithin(end, start, start + height * width * 3);
    [heights[place], widths[place]] = [height, width];
    end += height * width * 3;
  }
  const source: MemorySource = { kind: 'memory', pixels: pixels.subarray(0, end), heights, widths };
  return { count: kept.length, source, targets: targetsAt(split.targets, kept) };
}

function targetsAt(targets: Targets | null, images: Int32Array): Targets | null {
  if (targets === null) return null;
  if (targets.kind === 'class')
    return { kind: 'class', labels: images.map((image) => targets.labels[image] as number) };
  const lists = Array.from(images, (image) =>
    targets.labels.subarray(targets.offsets[image], targets.offsets[image + 1]),
  );
  const offsets = new Int32Array(images.length + 1);
  for (const [place, { length }] of lists.entries()) offsets[place + 1] = (offsets[place] as number) + length;
  return { kind: 'labels', offsets, labels: Int32Array.from(lists.flatMap((list) => [...list])) };
}
