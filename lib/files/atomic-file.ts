import { type FileHandle, open, readlink, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ByolError } from '../errors.js';

/** What the system's reasons mean for somebody who gave a path. */
const reasons: Readonly<Record<string, string>> = {
  EISDIR: 'it is a folder, not a file',
  ENOTDIR: 'a part of this path is a file, not a folder',
  ELOOP: 'its symbolic links lead in a circle',
};

/** ERR_BYOL_IO: which path, what was tried, and the system's reason ("ENOSPC: no space left on device, write"). */
export function ioError(path: string, attempt: string, cause: unknown, hint?: string): ByolError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const plain = reasons[(cause as NodeJS.ErrnoException).code ?? ''];
  return new ByolError('ERR_BYOL_IO', `Cannot ${attempt} ${path}: ${plain ?? reason}.`, {
    cause,
    ...(hint !== undefined && { hint }),
  });
}

/** Whole, or in parts as they are made. */
export type FileContent = string | Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Writes a file so that a reader, or a process killed at any moment, sees the old content or the new, never a part: to a
 * temporary name in the same folder, fsync, rename, fsync of the folder. A symbolic link stays: the file that it leads to is
 * replaced, or made. What is there and is no file, as /dev/stdout or a named pipe, is written to as it is. Throws ERR_BYOL_IO,
 * or what making the parts throws, and then leaves nothing behind.
 */
export async function writeAtomically(path: string, content: FileContent): Promise<void> {
  try {
    const target = await replaceable(path);
    await (target === null ? append(path, content) : replace(target, content));
  } catch (error) {
    // Not the system's: of who makes the parts. An AbortError has a number for its code.
    if (typeof (error as NodeJS.ErrnoException).code !== 'string' || error instanceof ByolError) throw error;
    throw missingFolder(path, error) ?? ioError(path, 'write', error);
  }
}

async function replace(path: string, content: FileContent): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  let file: FileHandle | undefined;
  try {
    file = await open(temporary, 'w');
    await writeParts(file, content);
    await file.sync();
    await file.close();
    file = undefined;
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await file?.close().catch(() => {});
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}

async function writeParts(file: FileHandle, content: FileContent): Promise<void> {
  if (typeof content === 'string' || content instanceof Uint8Array) return file.writeFile(content);
  // Each from where the one before ended.
  for await (const part of content) await file.writeFile(part);
}

async function append(path: string, content: FileContent): Promise<void> {
  const file = await open(path, 'a');
  try {
    await writeParts(file, content);
  } finally {
    await file.close();
  }
}

/** Links that lead on and on are a circle; Linux follows as many. */
const MOST_LINKS = 40;

/** The name to rename to, behind all links; null: there is something that is not a file, or a descriptor of a process. */
async function replaceable(path: string): Promise<string | null> {
  const there = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (there?.isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
  if (there !== null && !there.isFile()) return null;
  let target = path;
  for (let links = 0; links <= MOST_LINKS; links += 1) {
    // Whoever opened it holds the file itself, not its name.
    if (/^\/(dev|proc\/[^/]+)\/fd\/\d+$/.test(resolve(target))) return null;
    const next = await readlink(target).catch(() => null);
    if (next === null) return target;
    target = resolve(dirname(target), next);
  }
  throw Object.assign(new Error('too many symbolic links'), { code: 'ELOOP' });
}

/** Where a file could not be made since its folder is not there. */
export function missingFolder(path: string, error: unknown): ByolError | undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return undefined;
  return new ByolError('ERR_BYOL_IO', `Cannot write ${path}: the folder ${dirname(path)} does not exist.`, {
    cause: error,
  });
}

/** Makes a rename in the folder survive a power cut. Windows cannot open folders and does not need it. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
