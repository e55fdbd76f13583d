import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { deserialize, serialize } from 'node:v8';
import { createGunzip } from 'node:zlib';
import { writeAtomically } from '../../files/atomic-file.js';
import type { AskedColumns } from '../parquet/parquet-columns.js';
import { NeedsUnpacking, readParquet } from '../parquet/read-parquet.js';
import { readShard } from './read-shard.js';
import type { ShardContents } from './shard-contents.js';

/** Of what is kept of shards: another way of reading them is another version. */
const VERSION = 2;
const HASH_BYTES = 32;

/** A shard with where its bytes are. */
export interface OpenedShard extends ShardContents {
  /** As it was asked for. */
  readonly path: string;
  /** The shard, or where it was unpacked to. */
  readonly file: string;
}

/** What is kept: places are in the shard, or in what it was unpacked to. */
interface Kept {
  readonly contents: ShardContents;
  readonly isUnpacked: boolean;
}

/**
 * What a shard holds, from `cache` where it is as it was. One whose images cannot be read in any order is unpacked there: a compressed
 * archive, and Parquet files of most compressions. Throws as readShard() and readParquet(), and zlib's errors.
 *
 * @param cache null: nothing is kept.
 * @param columns of a Parquet file; null: it is a tar archive.
 */
export async function openShard(
  path: string,
  cache: string | null,
  columns: AskedColumns | null,
): Promise<OpenedShard> {
  const { size, mtimeMs, ctimeMs, ino } = await stat(path);
  const identity = [VERSION, path, size, mtimeMs, ctimeMs, ino, columns?.image, columns?.label];
  const key = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 32);
  const target = cache === null ? null : join(cache, `${key}.unpacked`);
  const index = cache === null ? null : join(cache, `${key}.index`);
  const known = index === null ? null : await readKept(index);
  if (known !== null && !(known.isUnpacked && !(await isThere(target)))) {
    return { ...known.contents, path, file: known.isUnpacked ? (target as string) : path };
  }
  const { contents, isUnpacked } = await (columns === null
    ? openTar(path, target)
    : openParquet(path, target, columns));
  // Without it the next time takes longer; that is all.
  if (index !== null) await writeAtomically(index, withHash(serialize({ contents, isUnpacked }))).catch(() => {});
  return { ...contents, path, file: isUnpacked ? (target as string) : path };
}

async function openTar(path: string, target: string | null): Promise<Kept> {
  if (!/gz$/i.test(path)) return { contents: readShard(path), isUnpacked: false };
  const unpacked = await replaced(target, (temporary) =>
    pipeline(createReadStream(path), createGunzip(), createWriteStream(temporary)),
  );
  return { contents: readShard(unpacked), isUnpacked: true };
}

async function openParquet(path: string, target: string | null, columns: AskedColumns): Promise<Kept> {
  try {
    return { contents: readParquet(path, { columns, unpackTo: null }), isUnpacked: false };
  } catch (error) {
    if (!(error instanceof NeedsUnpacking)) throw error;
  }
  // Widened: it is set in between.
  let contents = null as ShardContents | null;
  await replaced(target, async (temporary) => {
    contents = readParquet(path, { columns, unpackTo: temporary });
  });
  return { contents: contents as unknown as ShardContents, isUnpacked: true };
}

/** Writes a file under another name first. Returns its path. */
async function replaced(target: string | null, write: (temporary: string) => Promise<void>): Promise<string> {
  if (target === null) {
    throw new Error('it has to be unpacked, and there is no place to unpack it: set BYOL_CACHE to a folder');
  }
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    await write(temporary);
    await rename(temporary, target);
    return target;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function isThere(path: string | null): Promise<boolean> {
  return path !== null && (await stat(path).catch(() => null)) !== null;
}

function withHash(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, createHash('sha256').update(bytes).digest()]);
}

/** null: there is nothing, or it is damaged. */
async function readKept(path: string): Promise<Kept | null> {
  const bytes = await readFile(path).catch(() => null);
  if (bytes === null || bytes.length < HASH_BYTES) return null;
  const end = bytes.length - HASH_BYTES;
  const hash = createHash('sha256').update(bytes.subarray(0, end)).digest();
  return hash.equals(bytes.subarray(end)) ? (deserialize(bytes.subarray(0, end)) as Kept) : null;
}
