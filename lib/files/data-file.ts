import type { Stats } from 'node:fs';
import { type FileHandle, lstat, open, stat } from 'node:fs/promises';
import { ByolError } from '../errors.js';

/** Node refuses single reads of 2 GiB and more. */
const CHUNK = 256 * 1024 * 1024;

/**
 * A data file's bytes. `what` says what the file should be; `check` sees its size first and throws if that is wrong. Throws
 * ERR_BYOL_DATA naming the file and the reason if it cannot be read or is no file: opening a named pipe would wait forever.
 */
export async function readDataFile(
  path: string,
  what: string,
  check: (size: number) => void = () => {},
): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    const entry = await stat(path);
    if (!entry.isFile()) throw new Error(entry.isDirectory() ? 'it is a folder' : 'it is not a regular file');
    file = await open(path, 'r');
    const { size } = await file.stat();
    check(size);
    const bytes = new Uint8Array(size);
    for (let done = 0; done < size; ) {
      const { bytesRead } = await file.read(bytes, done, Math.min(CHUNK, size - done), done);
      if (bytesRead === 0) throw new Error(`it ended after ${done} of ${size} bytes`);
      done += bytesRead;
    }
    return bytes;
  } catch (error) {
    if (error instanceof ByolError) throw error;
    throw fileProblem(path, what, error as NodeJS.ErrnoException);
  } finally {
    await file?.close();
  }
}

/** What is at a path that leads to data; null: nothing. Throws ERR_BYOL_DATA where that cannot be told. */
export async function statData(path: string, what: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw fileProblem(path, what, error as NodeJS.ErrnoException);
  }
}

/** Whether something is there under this name, readable or not: a link that leads nowhere is. */
export async function isPresent(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
}

export function fileProblem(path: string, what: string, error: NodeJS.ErrnoException): ByolError {
  return new ByolError('ERR_BYOL_DATA', `Cannot read ${path} (${what}): ${fileReason(error)}.`, { cause: error });
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of the path is a file and not a folder',
  EISDIR: 'it is a folder',
  EACCES: 'there is no permission to read it',
  ELOOP: 'it is a link that leads in a circle',
};

/** Why a path could not be read, in words, without its name. */
export function fileReason(error: NodeJS.ErrnoException): string {
  return reasons[error.code ?? ''] ?? error.message;
}
