import { Worker } from 'node:worker_threads';
import type { MapResult, MapTask } from './map-worker.js';

export type { MapResult, MapTask } from './map-worker.js';

/** Exact neighbours by cosine and a map by t-SNE, in a thread of its own. Throws the signal's reason. */
export async function mapNeighbourhood(task: MapTask, signal?: AbortSignal): Promise<MapResult> {
  signal?.throwIfAborted();
  const worker = new Worker(new URL('./map-worker.js', import.meta.url), { workerData: task, execArgv: [] });
  const stop = (): void => void worker.terminate();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await new Promise<MapResult>((resolve, reject) => {
      worker.on('message', resolve);
      worker.on('error', reject);
      worker.on('exit', () => reject(signal?.reason ?? new Error('The map ended without a result.')));
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    await worker.terminate();
  }
}
