import { type FileHandle, open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { ByolError } from '../../errors.js';
import { fileProblem } from '../../files/data-file.js';
import { readFully } from '../../files/read-fully.js';
import type { Dataset, ImageSplit, PackedSource, SplitName, Targets } from '../dataset.js';
import { splitNames } from '../dataset.js';
import {
  type Directory,
  decodeHeader,
  decodeInt32,
  decodeUint32,
  decodeUint64,
  directorySchema,
  HEADER_BYTES,
  type Header,
  hasMagic,
  MAGIC,
} from './layout.js';
import { PackedImagesSource, type StoreIndex } from './packed-source.js';

const WHAT = 'a packed store of images';

/** Whether there is a file that begins as a packed store does. Throws ERR_BYOL_DATA where it cannot be read. */
export async function isStore(path: string): Promise<boolean> {
  try {
    // Before it is opened: opening a pipe waits for its writer.
    if (!(await stat(path)).isFile()) return false;
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0);
      return bytesRead === MAGIC.length && hasMagic(buffer);
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw fileProblem(path, WHAT, error as NodeJS.ErrnoException);
  }
}

/**
 * Reads the header and the index, and checks them: sums, the file's length, and that what they say agrees. Throws ERR_BYOL_DATA, saying
 * what is wrong with the file.
 */
export async function readStoreIndex(place: string): Promise<StoreIndex> {
  const path = resolve(place);
  const damaged = (problem: string): ByolError =>
    new ByolError('ERR_BYOL_DATA', `${path} cannot be used: it ${problem}.`, {
      hint: 'Pack the images again: npx byol data pack PATH --out FILE --overwrite',
    });
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const { size } = await file.stat();
    const start = await readFully(file, 0, Math.min(size, HEADER_BYTES));
    if (!hasMagic(start)) throw damaged('is no packed store of images');
    const header = decodeHeader(start);
    if (typeof header === 'string') throw damaged(header);
    const { fileBytes, indexOffset, indexBytes, directoryBytes, indexSum } = header;
    if (size !== fileBytes) {
      throw damaged(
        `has ${size} bytes and should have ${fileBytes}: ${size < fileBytes ? 'it was cut off' : 'something was appended'}`,
      );
    }
    const index = await readFully(file, indexOffset, indexBytes);
    if (crc32(index) !== indexSum) throw damaged('has a damaged index (its checksum differs)');
    const directory = directorySchema.safeParse(
      JSON.parse(index.subarray(indexBytes - directoryBytes).toString('utf8')),
    );
    if (!directory.success) throw damaged(`has an index that is not as it should be: ${directory.error.message}`);
    const found = indexOf(path, header, directory.data, index);
    const problem = contradiction(found);
    if (problem !== null) throw damaged(problem);
    return found;
  } catch (error) {
    if (error instanceof ByolError) throw error;
    throw fileProblem(path, WHAT, error as NodeJS.ErrnoException);
  } finally {
    await file?.close();
  }
}

function indexOf(path: string, header: Header, directory: Directory, index: Buffer): StoreIndex {
  const column = (name: string): Buffer => {
    const [offset, length] = directory.columns[name] ?? [0, 0];
    return index.subarray(offset, offset + length);
  };
  const ends = decodeUint64(column('nameEnds'));
  const names = column('names');
  return {
    path,
    header,
    directory,
    column,
    offsets: decodeUint64(column('offsets')),
    heights: decodeInt32(column('heights')),
    widths: decodeInt32(column('widths')),
    sums: decodeUint32(column('sums')),
    name: (image) => names.toString('utf8', ends[image - 1] ?? 0, ends[image]),
  };
}

/** After "it"; null: all that the index says agrees. */
function contradiction({ header, directory, offsets, heights, widths, sums, column }: StoreIndex): string | null {
  const { images, pixelOffset, pixelBytes, fileBytes, indexOffset, indexBytes } = header;
  const split = Object.values(directory.splits).reduce((sum, each) => sum + (each?.images ?? 0), 0);
  const lengths = [offsets, heights, widths, sums, { length: column('nameEnds').length / 8 }, { length: split }];
  if (lengths.some(({ length }) => length !== images)) return `has an index of other than its ${images} images`;
  let end = pixelOffset;
  for (let image = 0; image < images; image += 1) {
    if (offsets[image] !== end) return `has a wrong place for the pixels of image ${image}`;
    end += (heights[image] as number) * (widths[image] as number) * 3;
  }
  const fits = end === pixelOffset + pixelBytes && end <= indexOffset && indexOffset + indexBytes === fileBytes;
  return fits ? null : 'has a header that its index contradicts';
}

/** The images of a store, to be read when they are needed. Throws as readStoreIndex(). */
export async function openStore(path: string): Promise<Dataset<PackedSource>> {
  const index = await readStoreIndex(path);
  const { splits, classNames, notes } = index.directory;
  const found: Partial<Record<SplitName, ImageSplit<PackedSource>>> = {};
  let first = 0;
  for (const name of splitNames) {
    const split = splits[name];
    if (split === undefined) continue;
    const source = new PackedImagesSource(index, first, split.images);
    found[name] = { count: split.images, source, targets: targetsOf(index, name, split.targets) };
    first += split.images;
  }
  const { train, val, test } = found;
  if (train === undefined) throw new ByolError('ERR_BYOL_DATA', `${path} has no training images.`);
  return { train, ...(val && { val }), ...(test && { test }), classNames, notes };
}

function targetsOf({ column }: StoreIndex, split: SplitName, kind: Targets['kind'] | null): Targets | null {
  if (kind === null) return null;
  const labels = decodeInt32(column(`labels:${split}`));
  return kind === 'class' ? { kind, labels } : { kind, labels, offsets: decodeInt32(column(`labelOffsets:${split}`)) };
}
