import { parentPort, workerData } from 'node:worker_threads';
import { fileReason } from '../../files/data-file.js';
import type { AskedColumns } from '../parquet/parquet-columns.js';
import { type OpenedShard, openShard } from './shard-index.js';

/** A thread that reads shards one after the other and tells each. */

export interface ShardTask {
  readonly paths: readonly string[];
  readonly cache: string | null;
  /** See openShard(). */
  readonly columns: AskedColumns | null;
}

/** `reason`: why it cannot be read. */
export type ShardMessage = { readonly shard: OpenedShard } | { readonly path: string; readonly reason: string };

async function run({ paths, cache, columns }: ShardTask): Promise<void> {
  for (const path of paths) {
    let message: ShardMessage;
    try {
      message = { shard: await openShard(path, cache, columns) };
    } catch (error) {
      message = { path, reason: fileReason(error as NodeJS.ErrnoException) };
    }
    parentPort?.postMessage(message);
  }
}

await run(workerData as ShardTask);
