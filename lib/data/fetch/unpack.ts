import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ByolError } from '../../errors.js';
import { writeError } from '../packed/store-writer.js';

/**
 * Unpacks a tar (also compressed) or zip archive into a folder: files and folders, nothing else, and nothing outside of it. Throws ERR_BYOL_DATA
 * for an archive that is damaged or wants to, ERR_BYOL_IO where it cannot be written; the signal's reason.
 *
 * @param onEntry told of every file.
 */
export async function unpack(
  archive: string,
  folder: string,
  { signal, onEntry }: { readonly signal?: AbortSignal | undefined; readonly onEntry?: (() => void) | undefined } = {},
): Promise<void> {
  await mkdir(folder, { recursive: true });
  try {
    await (/\.zip$/i.test(archive) ? unzip : untar)(archive, folder, () => {
      signal?.throwIfAborted();
      onEntry?.();
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ByolError) throw error;
    const { code, syscall, message } = error as NodeJS.ErrnoException;
    if (syscall !== undefined || code === 'ENOSPC') throw writeError(folder, error);
    throw new ByolError('ERR_BYOL_DATA', `${archive} cannot be unpacked: ${message}.`, { cause: error });
  }
}

async function untar(archive: string, folder: string, onEntry: () => void): Promise<void> {
  const { extract } = await import('tar');
  let refused: string | null = null;
  await extract({
    file: archive,
    cwd: folder,
    // What the library only remarks on is an error.
    strict: true,
    filter: (path, entry) => {
      onEntry();
      const type = 'type' in entry ? entry.type : 'File';
      const isPlain = ['File', 'OldFile', 'ContiguousFile', 'Directory'].includes(type);
      if (isPlain && !leavesFolder(path)) return true;
      refused ??= isPlain ? `${path} would lie outside` : `${path} is of type ${type}`;
      return false;
    },
  });
  if (refused !== null) throw new Error(refused);
}

async function unzip(archive: string, folder: string, onEntry: () => void): Promise<void> {
  const { openPromise } = await import('yauzl');
  // Names that leave the folder are refused by it.
  const zip = await openPromise(archive);
  try {
    for await (const entry of zip.eachEntry()) {
      onEntry();
      const target = join(folder, entry.fileName);
      if (entry.fileName.endsWith('/')) {
        await mkdir(target, { recursive: true });
        continue;
      }
      await mkdir(dirname(target), { recursive: true });
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target));
    }
  } finally {
    zip.close();
  }
}

function leavesFolder(path: string): boolean {
  return isAbsolute(path) || path.split(/[/\\]/).includes('..');
}
