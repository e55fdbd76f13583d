import { open, stat } from 'node:fs/promises';
import { ioError } from './atomic-file.js';

/**
 * Whether there is such a file already. Throws ERR_BYOL_IO if it does not begin with `start`, the mark by which an earlier
 * output of the same sort is told (null: nothing tells): it is somebody else's, or a folder or device.
 */
export async function refuseOthers(path: string, start: string | null): Promise<boolean> {
  const begins = await beginningOf(path, start?.length ?? 0);
  if (begins === null) return false;
  if (start !== null && start !== '' && begins === start) return true;
  throw ioError(path, 'write', new Error('a file that this command did not write is there; choose another name'));
}

/** null: there is no such file. '': not an ordinary one. */
async function beginningOf(path: string, length: number): Promise<string | null> {
  try {
    // Before it is opened: opening a pipe waits for its writer.
    if (!(await stat(path)).isFile()) return '';
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
      return buffer.toString('latin1', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw ioError(path, 'read', error);
  }
}
