import { availableParallelism } from 'node:os';
import type { NativeModule } from '../binding/native.js';
import type { Config } from '../config/schema.js';

/**
 * Sets the threads that LibTorch computes with, and returns their number. 0 in the settings: the cores that this process may
 * use. More threads than those would wait for each other at every operation (taskset, containers): a hundredth of the speed.
 */
export function useThreads(native: NativeModule, { threads }: Pick<Config, 'threads'>): number {
  const count = threads === 0 ? availableParallelism() : threads;
  native.setThreads(count);
  return count;
}
