import { parentPort, workerData } from 'node:worker_threads';
import { cosineNeighbours } from './cosine-neighbours.js';
import { principalPlane } from './principal-plane.js';
import { mapNeighbours, tsne } from './tsne.js';

/** A thread of its own: neighbours and map keep a core busy for seconds. */

export interface MapTask {
  /** rows x dimension. */
  readonly features: Float32Array;
  readonly dimension: number;
  /** Rows at the end that look for neighbours, and are neither neighbours nor in the map. */
  readonly others: number;
  /** Neighbours to tell of each row. */
  readonly k: number;
}

export interface MapResult {
  /** As many as there are, at most those asked for. */
  readonly k: number;
  /** rows x k. */
  readonly indices: Int32Array;
  readonly similarities: Float32Array;
  /** x and y of each row but the others. */
  readonly places: Float64Array;
}

const { features, dimension, others, k } = workerData as MapTask;
const inMap = features.length / dimension - others;
const found = cosineNeighbours(features, dimension, Math.max(k, mapNeighbours(inMap)), others);
const ofMap = features.subarray(0, inMap * dimension);
const places = tsne(
  {
    k: found.k,
    indices: found.indices.subarray(0, inMap * found.k),
    similarities: found.similarities.subarray(0, inMap * found.k),
  },
  principalPlane(ofMap, dimension),
);
const told = Math.min(k, found.k);
const first = <T extends Int32Array | Float32Array>(values: T): T => values.filter((_, i) => i % found.k < told) as T;
const result: MapResult = { k: told, indices: first(found.indices), similarities: first(found.similarities), places };
parentPort?.postMessage(result);
