import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { script } from '../binding/build-tools.js';

/** Days after which what nobody used is removed. */
const KEPT_DAYS = 90;

/** A folder in the user's cache, without what has not been used for long; null: there can be none. */
export async function cacheFolder(name: string): Promise<string | null> {
  const folder = join(script('libtorch').cacheDir(), name);
  try {
    await mkdir(folder, { recursive: true });
    await removeOld(folder);
    return folder;
  } catch {
    return null;
  }
}

async function removeOld(folder: string): Promise<void> {
  const limit = Date.now() - KEPT_DAYS * 24 * 3600 * 1000;
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const entry = await stat(path).catch(() => null);
    if (entry?.isFile() && Math.max(entry.mtimeMs, entry.atimeMs) < limit) await rm(path, { force: true });
  }
}
