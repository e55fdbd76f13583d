import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { fileProblem } from '../../files/data-file.js';
import { cacheFolder } from '../cache-folder.js';
import type { Listing } from './list-folder.js';
import type { ListingTask } from './listing-worker.js';

export type { Listing } from './list-folder.js';

export interface ListingOptions {
  /** Called some times a second with the number of files so far. */
  readonly onProgress?: ((files: number) => void) | undefined;
  /** Aborted: the promise rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** The only files to list, in place of all, and what they are kept by beside the folder: the file that names them. */
  readonly only?: { readonly names: readonly string[]; readonly by: string } | undefined;
}

/**
 * Lists all files below a folder with what their headers say, in a thread of its own, so that nothing waits for a slow disk. What is
 * found is kept in the user's cache by the folder's path: the next time only files are read that are new or have changed (size, times,
 * inode). Throws ERR_BYOL_DATA where the folder cannot be read.
 */
export async function listPhotos(folder: string, { onProgress, signal, only }: ListingOptions = {}): Promise<Listing> {
  signal?.throwIfAborted();
  const what = 'a folder of photos';
  const real = await realpath(folder).catch((error: NodeJS.ErrnoException) => {
    throw fileProblem(folder, what, error);
  });
  const index = await indexFile(only === undefined ? real : `${real}\0${only.by}`);
  const task: ListingTask = { folder: real, index, names: only?.names ?? null };
  const worker = new Worker(new URL('./listing-worker.js', import.meta.url), {
    workerData: task,
    // Those of the process, as --input-type, may not suit a file.
    execArgv: [],
  });
  const stop = (): void => void worker.terminate();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await new Promise<Listing>((resolve, reject) => {
      worker.on('message', (message: { readonly files: number } | { readonly listing: Listing }) => {
        if ('listing' in message) resolve(message.listing);
        else onProgress?.(message.files);
      });
      worker.on('error', (error: NodeJS.ErrnoException) => {
        reject(error.syscall === undefined ? error : fileProblem(folder, what, error));
      });
      worker.on('exit', () => reject(signal?.reason ?? new Error(`The listing of ${folder} ended without a result.`)));
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

/** The index of what the key says in the user's cache; null: there can be none. */
async function indexFile(key: string): Promise<string | null> {
  const folder = await cacheFolder('photos');
  return folder && join(folder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.index`);
}
