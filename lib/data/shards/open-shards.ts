import { Worker } from 'node:worker_threads';
import { ByolError } from '../../errors.js';
import { cacheFolder } from '../cache-folder.js';
import type { OpenOptions } from '../data-kind.js';
import type { OpenedShard } from './shard-index.js';
import type { ShardMessage, ShardTask } from './shard-worker.js';

/**
 * Reads what shards hold, in a thread of its own; what is found is kept in the user's cache. Throws ERR_BYOL_DATA, naming the shard
 * that cannot be read: an archive that is cut off is fetched again, and not half used.
 */
export async function openShards(
  paths: readonly string[],
  { onProgress, signal }: OpenOptions = {},
): Promise<OpenedShard[]> {
  signal?.throwIfAborted();
  const task: ShardTask = { paths, cache: await cacheFolder('shards') };
  const worker = new Worker(new URL('./shard-worker.js', import.meta.url), { workerData: task, execArgv: [] });
  const stop = (): void => void worker.terminate();
  signal?.addEventListener('abort', stop, { once: true });
  const shards: OpenedShard[] = [];
  try {
    return await new Promise<OpenedShard[]>((resolve, reject) => {
      worker.on('message', (message: ShardMessage) => {
        if ('reason' in message) {
          reject(new ByolError('ERR_BYOL_DATA', `The shard ${message.path} cannot be read: ${message.reason}.`));
          return;
        }
        shards.push(message.shard);
        onProgress?.({ phase: 'listing shards', done: shards.length, total: paths.length });
        if (shards.length === paths.length) resolve(shards);
      });
      worker.on('error', reject);
      worker.on('exit', () => reject(signal?.reason ?? new Error('The reading of shards ended without a result.')));
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    await worker.terminate();
  }
}
