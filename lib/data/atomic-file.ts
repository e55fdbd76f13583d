import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ByolError } from '../errors.js';

/** ERR_BYOL_IO: which path, what was tried, and the system's reason ("ENOSPC: no space left on device, write"). */
export function ioError(path: string, attempt: string, cause: unknown): ByolError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ByolError('ERR_BYOL_IO', `Cannot ${attempt} ${path}: ${reason}.`, { cause });
}

/**
 * Writes a file so that a reader, or a process killed at any moment, sees the old content or the new, never a part: to a
 * temporary name in the same folder, fsync, rename, fsync of the folder. Throws ERR_BYOL_IO, and then leaves nothing behind.
 */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  let file: FileHandle | undefined;
  try {
    file = await open(temporary, 'w');
    await file.writeFile(content);
    await file.sync();
    await file.close();
    file = undefined;
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await file?.close().catch(() => {});
    await rm(temporary, { force: true }).catch(() => {});
    throw ioError(path, 'write', error);
  }
}

/** Makes a rename in the folder survive a power cut. Windows cannot open folders and does not need it. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
