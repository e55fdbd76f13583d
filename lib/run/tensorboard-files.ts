import { type FileHandle, open, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Breather } from '../breather.js';
import { lastSteps } from '../export/tensorboard/last-steps.js';

/**
 * The event files of a run's sittings. TensorBoard reads those of a folder by their names, one after the other, and takes for them
 * what has "tfevents" in its name; the number is the second in which it was begun.
 */

const NAME = /^events\.out\.tfevents\.(\d+)\.byol$/;

/** What lies there already, and by which tags. Oldest first; none where there is no such folder. */
export async function eventFiles(folder: string): Promise<Array<{ readonly path: string; readonly second: number }>> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .flatMap((name) => {
      const second = NAME.exec(name)?.[1];
      return second === undefined ? [] : [{ path: join(folder, name), second: Number(second) }];
    })
    .sort((a, b) => a.second - b.second);
}

/** A file behind all that are there, whatever the clock says. */
export async function openNextFile(folder: string, newest: number): Promise<FileHandle> {
  const second = Math.max(Math.floor(Date.now() / 1000), newest + 1);
  return open(join(folder, `events.out.tfevents.${String(second).padStart(10, '0')}.byol`), 'wx');
}

/** The last step that is shown of each tag of these files. */
export async function lastStepsOf(files: ReadonlyArray<{ readonly path: string }>): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const breather = new Breather();
  for (const { path } of files) {
    await breather.breathe();
    lastSteps(await readFile(path), found);
  }
  return found;
}

/** Deletes them, and the folder if nothing else is in it. */
export async function removeEventFiles(folder: string): Promise<void> {
  for (const { path } of await eventFiles(folder)) await rm(path, { force: true });
  await rmdir(folder).catch(() => {});
}
