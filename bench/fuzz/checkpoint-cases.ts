import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ByolError } from '../../lib/errors.js';
import { checkpointFormat, withCheckpoint } from '../../lib/import/checkpoint.js';
import { findForeignEncoder } from '../../lib/import/foreign-encoder.js';
import { Draw, damage } from './damage.js';
import { randomPickle } from './random-pickle.js';

/** What a case came to: its values were read, or it was refused as it should be. */
export type Outcome = 'read' | 'refused';

/** Files of test/import/fixtures, by their paths there. */
export function seedFiles(folder: string): Uint8Array[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && !path.endsWith('.json'))
    .map((path) => readFileSync(path));
}

/** The file of case `number`, which is the same each time. */
export function fuzzCase(seeds: readonly Uint8Array[], seed: number, number: number): Uint8Array {
  const draw = new Draw(seed * 1_000_003 + number);
  if (draw.below(4) === 0) return randomPickle(draw);
  return damage(draw.of(seeds), seeds, draw);
}

/** Reads a file as `byol import` does, all values too. Throws what no file may lead to: anything but a ByolError. */
export async function tryCheckpoint(path: string, bytes: Uint8Array, branch?: string): Promise<Outcome> {
  writeFileSync(path, bytes);
  try {
    await checkpointFormat(path);
    await withCheckpoint(path, async (checkpoint) => {
      const encoder = findForeignEncoder(checkpoint, branch);
      for (const { make, bytes: length } of encoder.tensors) {
        if (make().length !== length) throw new Error('a tensor has another length than was said');
      }
    });
    return 'read';
  } catch (error) {
    // What the system says of a file that is there would be a fault of the reader's.
    if (error instanceof ByolError && error.code !== 'ERR_BYOL_IO') return 'refused';
    throw error;
  }
}
