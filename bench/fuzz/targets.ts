import type { Mutator } from './mutator.js';

/** Something that reads bytes of others. */
export interface FuzzTarget {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  /** Reads them. Returns what became of them, in a word; throws only what is a fault. */
  attempt(bytes: Uint8Array, random: Mutator): string | Promise<string>;
}

/** 'read', or 'refused' where the error is one that readers may throw. */
export async function outcomeOf(read: () => unknown, isRefusal: (error: Error) => boolean): Promise<string> {
  try {
    await read();
    return 'read';
  } catch (error) {
    if (error instanceof Error && isRefusal(error)) return 'refused';
    throw error;
  }
}
