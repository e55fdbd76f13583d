import { Worker } from 'node:worker_threads';
import { ByolError } from '../../errors.js';
import { cacheFolder } from '../cache-folder.js';
import type { OpenOptions } from '../data-kind.js';
import type { AskedColumns } from '../parquet/parquet-columns.js';
import type { OpenedShard } from './shard-index.js';
import type { ShardMessage, ShardTask } from './shard-worker.js';

/** Of a thread that reads shards: a damaged Parquet file may ask for any amount. */
const HEAP_MB = 4096;

/**
 * Reads what shards hold, in a thread of its own; what is found is kept in the user's cache. Throws ERR_BYOL_DATA, naming the shard
 * that cannot be read: an archive that is cut off is fetched again, and not half used.
 *
 * @param columns of Parquet files; null: they are tar archives.
 */
export async function openShards(
  paths: readonly string[],
  columns: AskedColumns | null,
  { onProgress, signal }: OpenOptions = {},
): Promise<OpenedShard[]> {
  signal?.throwIfAborted();
  const task: ShardTask = { paths, cache: await cacheFolder('shards'), columns };
  const worker = new Worker(new URL('./shard-worker.js', import.meta.url), {
    workerData: task,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
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
      worker.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ERR_WORKER_OUT_OF_MEMORY') return reject(error);
        const path = paths[shards.length];
        reject(
          new ByolError('ERR_BYOL_DATA', `The shard ${path} cannot be read: it takes too much memory.`, {
            cause: error,
          }),
        );
      });
      worker.on('exit', () => reject(signal?.reason ?? new Error('The reading of shards ended without a result.')));
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    await worker.terminate();
  }
}
