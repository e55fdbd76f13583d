import { type FileHandle, open, stat } from 'node:fs/promises';
import { ByolError } from '../errors.js';

/** Node refuses single reads of 2 GiB and more. */
const CHUNK = 256 * 1024 * 1024;

/**
 * A data file's bytes. `what` says what the file should be; `check` sees its size first and throws if that is wrong. Throws
 * ERR_BYOL_DATA naming the file and the reason if it cannot be read.
 */
export async function readDataFile(
  path: string,
  what: string,
  check: (size: number) => void = () => {},
): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
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

export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );
}

export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

function fileProblem(path: string, what: string, error: NodeJS.ErrnoException): ByolError {
  const reasons: Record<string, string> = { ENOENT: 'it does not exist', EISDIR: 'it is a folder' };
  const reason = reasons[error.code ?? ''] ?? error.message;
  return new ByolError('ERR_BYOL_DATA', `Cannot read ${path} (${what}): ${reason}.`, { cause: error });
}
