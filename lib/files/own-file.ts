import { type FileHandle, open, stat } from 'node:fs/promises';
import { ioError } from './atomic-file.js';

/** By what an earlier output of the same sort is told: how it begins, or what its last bytes (latin1) are. */
export type OwnMark = { readonly start: string } | { readonly end: (tail: string) => boolean };

/** The most that is looked at of a file's end. */
const TAIL_BYTES = 64 * 1024;

/**
 * Whether there is such a file already. Throws ERR_BYOL_IO if it has not this mark (null: nothing tells): it is somebody else's, or
 * a folder or device.
 */
export async function refuseOthers(path: string, mark: OwnMark | null): Promise<boolean> {
  const own = await hasMark(path, mark);
  if (own === null) return false;
  if (own) return true;
  throw ioError(path, 'write', new Error('a file that this command did not write is there; choose another name'));
}

/** null: there is no such file. */
async function hasMark(path: string, mark: OwnMark | null): Promise<boolean | null> {
  try {
    // Before it is opened: opening a pipe waits for its writer.
    if (!(await stat(path)).isFile()) return false;
    if (mark === null) return false;
    const file = await open(path, 'r');
    try {
      if ('start' in mark) return (await textAt(file, 0, mark.start.length)) === mark.start;
      const { size } = await file.stat();
      return mark.end(await textAt(file, Math.max(0, size - TAIL_BYTES), TAIL_BYTES));
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw ioError(path, 'read', error);
  }
}

async function textAt(file: FileHandle, position: number, length: number): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.toString('latin1', 0, bytesRead);
}
