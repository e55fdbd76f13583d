import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { ByolError } from '../errors.js';
import { ioError } from '../files/atomic-file.js';

/** Files in run folders as they are looked at from outside: only what lies there itself, no link out of it and nothing that would be waited for. */

/** By which a file that was replaced or changed is told from what it was. */
export interface FileStamp {
  readonly inode: number;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly changed: number;
  /** The same; 0 where the file system does not say. */
  readonly made: number;
}

/** null: there is no such file. Throws ERR_BYOL_IO where it is none, or cannot be looked at. */
export async function stampFile(path: string): Promise<FileStamp | null> {
  try {
    const there = await lstat(path);
    if (there.isFile()) {
      return { inode: there.ino, size: there.size, changed: there.mtimeMs, made: there.birthtimeMs };
    }
  } catch (error) {
    if (isGone(error)) return null;
    throw ioError(path, 'look at', error);
  }
  throw new ByolError('ERR_BYOL_IO', `${path} is a link or no file; such are not followed.`);
}

export function sameStamp(a: FileStamp | null, b: FileStamp | null): boolean {
  return a?.inode === b?.inode && a?.size === b?.size && a?.changed === b?.changed;
}

/** For reading; null: there is no such file. Throws ERR_BYOL_IO where it is none, or cannot be opened. */
export async function openPlainFile(path: string): Promise<FileHandle | null> {
  let file: FileHandle;
  try {
    // Without waiting: a pipe that came in between would be waited for. Windows has neither.
    file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (isGone(error)) return null;
    throw ioError(path, 'open', error);
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new ByolError('ERR_BYOL_IO', `${path} is no file.`);
}

/** The file, or a folder on the way to it, is not there. */
function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}
