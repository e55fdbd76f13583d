import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ByteReader } from '../headers/header.js';
import { readHeader } from '../headers/read-header.js';
import { type ShardContents, ShardContentsBuilder } from './shard-contents.js';
import { readTar, type TarEntry } from './tar.js';

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
    const stats = fstatSync(file);
    const read = windowed(file);
    const builder = new ShardContentsBuilder(stats);
    // Widened: end() is called in between.
    let sample = null as Sample | null;
    const end = (): void => {
      const { image = null, label = null } = sample ?? {};
      if (image === null) return;
      const { offset, size } = image;
      const header = readHeader((at, length) => read(offset + at, Math.max(0, Math.min(length, size - at))));
      builder.add({ name: Buffer.from(image.name).toString('latin1'), offset, size, header, label });
    };
    for (const entry of readTar(read, stats.size)) {
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
    return builder.finish();
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
  const window = new Uint8Array(WINDOW);
  let [start, end] = [0, 0];
  return (offset, length) => {
    if (length > WINDOW) {
      const bytes = new Uint8Array(length);
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
