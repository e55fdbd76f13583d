import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Breather } from '../breather.js';
import { describeData, recordHash } from '../data/data-record.js';
import type { BrokenFile, Dataset, ImageSource, SplitName } from '../data/dataset.js';
import { datasetParts, type ImagePart, type ImageParts, openPlaces } from '../data/image-places.js';
import { BrokenImages } from '../data/photos/broken.js';
import { ByolError } from '../errors.js';
import type { EmbeddingIndex } from '../export/embedding-rows.js';
import { checkEmbeddingFiles, embeddingFacts, embeddingFiles } from '../export/embeddings.js';
import { ioError } from '../files/atomic-file.js';
import * as option from '../text/options.js';
import { embedImages } from './embed-images.js';
import { EmbeddingFolder, type EmbeddingJob } from './embedding-folder.js';
import { type Encoder, withParts } from './encoder.js';

/** How far it is. */
export interface EmbedToFileProgress {
  /** Of the embedding, images; then of the file that is made of them, rows. */
  readonly phase: 'images' | 'rows';
  readonly done: number;
  readonly total: number;
}

/** Which images are embedded, what is told meanwhile, and how it is stopped. */
export interface EmbedToFileOptions {
  /** Which images of a data set; 'all' splits, one after the other, if left out. */
  readonly split?: SplitName | 'all' | undefined;
  /** Takes effect between batches; the promise then rejects with the signal's reason, and the same call goes on with what is done. */
  readonly signal?: AbortSignal | undefined;
  /** Called for every batch, and first with what an earlier call has done. */
  readonly onProgress?: ((progress: EmbedToFileProgress) => void) | undefined;
  /** Called for each image that turns out to be broken and is left out. */
  readonly onBroken?: ((error: ByolError) => void) | undefined;
}

/** What was written. */
export interface EmbeddedFiles {
  /** The array or table, and the index of its rows where that is a file of its own. */
  readonly files: readonly string[];
  /** Rows: images without those that are broken. */
  readonly count: number;
  readonly dimension: number;
  /** Images that are left out, and why. */
  readonly broken: readonly BrokenFile[];
}

/**
 * Embeds every image of a data set, or of what lies at paths, into a file: .npy or .safetensors with an index .csv beside it, .csv, or
 * .parquet. Rows are written as they come, in a few batches' memory, into FILE.partial; the file appears when it is whole. A call that
 * is stopped or killed goes on when it is made again, and its files are those of one that was not, byte for byte.
 *
 * A broken image has no row: it is told, and of more of them than data.brokenLimit allows that is an error.
 *
 * Throws ERR_BYOL_USAGE for another ending, and where other embeddings are unfinished in FILE.partial; ERR_BYOL_IO, as where the disk is
 * full; ERR_BYOL_RUN_LOCKED where another process writes the file; ERR_BYOL_DATA where there are no images, or too many are broken;
 * and as embedAll().
 */
export async function embedToFile(
  encoder: Encoder,
  images: Dataset<ImageSource> | string | readonly string[],
  path: string,
  options: EmbedToFileOptions = {},
): Promise<EmbeddedFiles> {
  option.checkOptions<EmbedToFileOptions>('embedToFile()', options, {
    split: option.oneOf(['train', 'val', 'test', 'all']),
    signal: option.signal,
    onProgress: option.listener,
    onBroken: option.listener,
  });
  await checkEmbeddingFiles(path);
  const { split = 'all', signal } = options;
  if (typeof images === 'string' || Array.isArray(images)) {
    const parts = await openPlaces(typeof images === 'string' ? [images] : images, { split, signal });
    return embedParts(encoder, parts, path, options);
  }
  return embedParts(encoder, datasetParts(images as Dataset<ImageSource>, split), path, options);
}

/** The same of parts that are open. */
export async function embedParts(
  encoder: Encoder,
  images: ImageParts,
  path: string,
  { signal, onProgress, onBroken }: Omit<EmbedToFileOptions, 'split'> = {},
): Promise<EmbeddedFiles> {
  const { parts, classNames } = images;
  const total = parts.reduce((sum, part) => sum + part.images.count, 0);
  if (total === 0) throw noImages(images);
  const starts = startsOf(parts);
  const job = await describeJob(encoder, images, path, signal);
  const folder = await EmbeddingFolder.open(path, {
    job,
    outline: { count: total, dimension: encoder.features, classNames, facts: embeddingFacts(encoder.weights) },
    index: (image) => indexOf(parts, starts, classNames, image),
    signal,
    onWritten: (done, rows) => onProgress?.({ phase: 'rows', done, total: rows }),
  });
  try {
    onProgress?.({ phase: 'images', done: folder.done, total });
    for (const [number, part] of parts.entries()) {
      const start = starts[number] as number;
      const counted = countBroken(part, folder, start);
      if (folder.done >= start + part.images.count) continue;
      const from = Math.max(0, folder.done - start);
      for await (const batch of embedImages(encoder, part.images, { from, signal, onBroken: () => {} })) {
        const { broken, data, end } = batch;
        await folder.append(
          data,
          start + end,
          broken.map(({ image, reason }) => [start + image, reason]),
        );
        for (const { image, reason } of broken) {
          const told = `${fileOf(part, image)} ${reason}. It is left out.`;
          onBroken?.(new ByolError('ERR_BYOL_IMAGE', told));
        }
        // Once all are told: those of this batch are done, and no later call meets them again.
        for (const { image, reason } of broken) counted.add(fileOf(part, image), reason);
        onProgress?.({ phase: 'images', done: folder.done, total });
      }
    }
    const [count, broken] = [folder.rows, [...images.broken, ...brokenFiles(folder, parts, starts)]];
    if (count === 0) throw noImages({ ...images, broken });
    const files = await folder.finish();
    return { files, count, dimension: encoder.features, broken };
  } catch (error) {
    // What is done stays done, whatever ended it; where even that fails, what ended it is what to tell.
    await folder.save().catch(() => {});
    throw error;
  } finally {
    await folder.close();
  }
}

function noImages({ broken }: Pick<ImageParts, 'broken'>): ByolError {
  const [first] = broken;
  const why = first === undefined ? '' : `: ${first.location} is left out, since it ${first.reason}`;
  return new ByolError('ERR_BYOL_DATA', `There is no image that can be embedded${why}.`);
}

function startsOf(parts: readonly ImagePart[]): number[] {
  let start = 0;
  return parts.map(({ images }) => {
    start += images.count;
    return start - images.count;
  });
}

/** Counts the broken images of a part, those too that an earlier call has found. Throws ERR_BYOL_DATA where there are too many. */
function countBroken({ images, ...part }: ImagePart, folder: EmbeddingFolder, start: number): BrokenImages {
  const { source, count } = images;
  const limit = source.kind === 'files' ? source.brokenLimit : 0;
  const counted = new BrokenImages(count, limit, 'the images to embed');
  for (const [image, reason] of folder.broken) {
    if (image >= start && image < start + count) counted.add(fileOf({ images, ...part }, image - start), reason);
  }
  return counted;
}

function brokenFiles(
  { broken }: EmbeddingFolder,
  parts: readonly ImagePart[],
  starts: readonly number[],
): BrokenFile[] {
  return broken.map(([image, reason]) => {
    const part = partOf(starts, image);
    return { location: fileOf(parts[part] as ImagePart, image - (starts[part] as number)), reason };
  });
}

function fileOf(part: ImagePart, image: number): string {
  return part.file(image) ?? `image ${image}`;
}

/** The last part that begins at this image or before. */
function partOf(starts: readonly number[], image: number): number {
  let part = starts.length - 1;
  while (part > 0 && (starts[part] as number) > image) part -= 1;
  return part;
}

function indexOf(
  parts: readonly ImagePart[],
  starts: readonly number[],
  classNames: readonly string[],
  image: number,
): EmbeddingIndex {
  const number = partOf(starts, image);
  const part = parts[number] as ImagePart;
  const own = image - (starts[number] as number);
  const label = part.labels?.[own] ?? -1;
  return {
    split: part.split,
    image: own,
    file: part.file(own),
    label: label < 0 ? null : label,
    className: classNames[label] ?? null,
  };
}

/** What has to be the same for the rows of two calls to be of one file. */
async function describeJob(
  encoder: Encoder,
  { parts, classNames }: ImageParts,
  path: string,
  signal: AbortSignal | undefined,
): Promise<EmbeddingJob> {
  const { description, batchSize } = await withParts(encoder, async (known) => known);
  const sum = createHash('sha256').update(JSON.stringify([classNames, parts.map(({ split }) => split)]));
  const breather = new Breather();
  for (const { images, labels, file } of parts) {
    sum.update(recordHash(await describeData({ train: images, classNames: [] })));
    if (labels !== null) sum.update(labels);
    for (let image = 0; image < images.count; image += 1) {
      if (image % 256 === 0) await breather.breathe();
      signal?.throwIfAborted();
      sum.update(`${file(image)}\n`);
    }
  }
  return {
    'the format': embeddingFiles(path).format.ending,
    'the weights': await hashFile(encoder.weights),
    'the images': sum.digest('hex'),
    'how images are prepared': JSON.stringify(description.input),
    'the network': JSON.stringify([description.encoder, description.norm]),
    'the device': encoder.device.replace(/:.*/, ''),
    'the precision': encoder.precision,
    'the size of batches': String(batchSize),
  };
}

async function hashFile(path: string): Promise<string> {
  const sum = createHash('sha256');
  try {
    await pipeline(createReadStream(path), sum);
  } catch (error) {
    throw ioError(path, 'read', error);
  }
  return sum.digest('hex');
}
