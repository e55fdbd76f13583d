import { join, resolve } from 'node:path';
import { ByolError } from '../errors.js';
import { holdLock, type LockHolder, lockHolder, type ProcessLock } from '../files/process-lock.js';

/** `run.lock`: one process at a time writes to a run folder. */

export const LOCK_FILE = 'run.lock';

/**
 * `title`: what messages call the folder. Throws ERR_BYOL_RUN_LOCKED, naming the owner, if another run is writing to the folder; ERR_BYOL_IO if the
 * lock cannot be read or written; ERR_BYOL_RUN if it is something else than a lock.
 */
export function lockRun(folder: string, title = 'run folder'): Promise<ProcessLock> {
  const path = join(resolve(folder), LOCK_FILE);
  return holdLock(path, {
    taken: (by) =>
      new ByolError(
        'ERR_BYOL_RUN_LOCKED',
        `The ${title} ${folder} is in use by ${by}. Wait for it, stop it, or use another folder; if it is certainly gone, delete ${path}.`,
      ),
    odd: (problem) =>
      new ByolError('ERR_BYOL_RUN', `${path} ${problem}. Delete it if no process is using the ${title}.`),
  });
}

/** Which process writes to a run folder, or did when it was killed. null: none. Throws ERR_BYOL_IO. */
export function runHolder(folder: string): Promise<LockHolder | null> {
  return lockHolder(join(resolve(folder), LOCK_FILE));
}
