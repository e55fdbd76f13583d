import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { deserialize, serialize } from 'node:v8';
import { createGunzip } from 'node:zlib';
import { writeAtomically } from '../../files/atomic-file.js';
import { readShard, type ShardContents } from './read-shard.js';

/** Of what is kept of shards: another way of reading them is another version. */
const VERSION = 1;
const HASH_BYTES = 32;

/** A shard with where its bytes are. */
export interface OpenedShard extends ShardContents {
  /** The archive, or where it was unpacked to. */
  readonly file: string;
}

/**
 * What a shard holds, from `cache` where it is as it was. A compressed one is unpacked there, since its images are read in any order.
 * Throws as readShard(), and zlib's errors.
 *
 * @param cache null: nothing is kept.
 */
export async function openShard(path: string, cache: string | null): Promise<OpenedShard> {
  const { size, mtimeMs, ctimeMs, ino } = await stat(path);
  const key = createHash('sha256')
    .update(JSON.stringify([VERSION, path, size, mtimeMs, ctimeMs, ino]))
    .digest('hex')
    .slice(0, 32);
  const isCompressed = /gz$/i.test(path);
  if (isCompressed && cache === null) {
    throw new Error('it is compressed, and there is no place to unpack it: set BYOL_CACHE to a folder');
  }
  const file = isCompressed ? await unpacked(path, join(cache as string, `${key}.tar`)) : path;
  const kept = cache === null ? null : join(cache, `${key}.index`);
  const known = kept === null ? null : await readKept(kept);
  if (known !== null) return { ...known, file };
  const contents = readShard(file);
  // Without it the next time takes longer; that is all.
  if (kept !== null) await writeAtomically(kept, withHash(serialize(contents))).catch(() => {});
  return { ...contents, file };
}

async function unpacked(path: string, target: string): Promise<string> {
  if (await stat(target).catch(() => null)) return target;
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    await pipeline(createReadStream(path), createGunzip(), createWriteStream(temporary));
    await rename(temporary, target);
    return target;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function withHash(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, createHash('sha256').update(bytes).digest()]);
}

/** null: there is nothing, or it is damaged. */
async function readKept(path: string): Promise<ShardContents | null> {
  const bytes = await readFile(path).catch(() => null);
  if (bytes === null || bytes.length < HASH_BYTES) return null;
  const end = bytes.length - HASH_BYTES;
  const hash = createHash('sha256').update(bytes.subarray(0, end)).digest();
  return hash.equals(bytes.subarray(end)) ? (deserialize(bytes.subarray(0, end)) as ShardContents) : null;
}
