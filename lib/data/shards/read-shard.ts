import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ByteReader } from '../headers/header.js';
import { readHeader } from '../headers/read-header.js';
import { type FileTable, FileTableBuilder } from '../photos/file-table.js';
import { readTar, type TarEntry } from './tar.js';

/** The images of one shard, in the order of the archive. */
export interface ShardContents {
  /** Names, sizes and headers of the images; its rows are not sorted. */
  readonly table: FileTable;
  /** Where each image's bytes begin in the archive. */
  readonly offsets: Float64Array;
  /** Places in `labelNames`, -1 where a sample says none. */
  readonly labels: Int32Array;
  readonly labelNames: readonly string[];
}

const IMAGE = /^(?:jpe?g|png|webp|tiff?|gif|avif)$/i;
/** Files that hold a class: WebDataset's names for a number, and for an object. */
const CLASS = /^(?:cls|cls2|target)$/i;
const OBJECT = /^json$/i;
const CLASS_KEYS = ['label', 'class', 'cls', 'target', 'category'];
/** Longer ones are no classes. */
const MOST_TEXT = 1 << 20;
const WINDOW = 64 * 1024;

/**
 * Reads the names and headers of a WebDataset shard (github.com/webdataset/webdataset): files that follow each other with one name up to
 * its first dot are a sample, an image with what is known of it. Waits for the file system. Throws SyntaxError where it is no tar
 * archive, or cut off, and what the system says.
 */
export function readShard(path: string): ShardContents {
  const file = openSync(path, 'r');
  try {
    const { size, mtimeMs, ctimeMs, ino } = fstatSync(file);
    const read = windowed(file);
    const builder = new FileTableBuilder();
    const [offsets, labels]: [number[], number[]] = [[], []];
    const numbers = new Map<string, number>();
    // Widened: end() is called in between.
    let sample = null as Sample | null;
    const end = (): void => {
      const { image = null, label = null } = sample ?? {};
      if (image === null) return;
      const raw = Buffer.from(image.name).toString('latin1');
      const header = readHeader((offset, length) =>
        read(image.offset + offset, Math.max(0, Math.min(length, image.size - offset))),
      );
      builder.add(raw, { size: image.size, mtimeMs, ctimeMs, ino }, header);
      offsets.push(image.offset);
      if (label !== null && !numbers.has(label)) numbers.set(label, numbers.size);
      labels.push(label === null ? -1 : (numbers.get(label) as number));
    };
    for (const entry of readTar(read, size)) {
      const [key, ending] = keyOf(entry.name);
      if (key === null) continue;
      if (sample?.key !== key) {
        end();
        sample = { key, image: null, label: null };
      }
      const last = ending.slice(ending.lastIndexOf('.') + 1);
      if (IMAGE.test(last)) sample.image ??= entry;
      else if ((CLASS.test(last) || OBJECT.test(last)) && entry.size <= MOST_TEXT) {
        sample.label ??= labelIn(Buffer.from(read(entry.offset, entry.size)).toString('utf8'), OBJECT.test(last));
      }
    }
    end();
    return {
      table: builder.finish(),
      offsets: Float64Array.from(offsets),
      labels: Int32Array.from(labels),
      labelNames: [...numbers.keys()],
    };
  } finally {
    closeSync(file);
  }
}

interface Sample {
  readonly key: string;
  image: TarEntry | null;
  label: string | null;
}

/** "a/b.c.jpg" -> "a/b" and "c.jpg"; null: hidden, or without an ending. */
function keyOf(name: string): readonly [string | null, string] {
  const base = name.lastIndexOf('/') + 1;
  const dot = name.indexOf('.', base);
  return dot <= base ? [null, ''] : [name.slice(0, dot), name.slice(dot + 1)];
}

function labelIn(text: string, isObject: boolean): string | null {
  if (!isObject) return text.trim() === '' ? null : text.trim();
  try {
    const value: unknown = JSON.parse(text);
    if (value === null || typeof value !== 'object') return null;
    const found = Object.entries(value).find(([key]) => CLASS_KEYS.includes(key.toLowerCase()))?.[1];
    return typeof found === 'string' || typeof found === 'number' ? String(found) : null;
  } catch {
    return null;
  }
}

/** Reads of an open file, several small ones from one of the system. */
function windowed(file: number): ByteReader {
  const window = Buffer.alloc(WINDOW);
  let [start, end] = [0, 0];
  return (offset, length) => {
    if (length > WINDOW) {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
    }
    if (offset < start || offset + length > end) {
      start = offset;
      // Headers lie far apart: more than is needed is read only where it comes in one go.
      end = offset + readSync(file, window, 0, Math.max(length, 4096), offset);
    }
    return window.subarray(offset - start, Math.min(offset + length, end) - start);
  };
}
