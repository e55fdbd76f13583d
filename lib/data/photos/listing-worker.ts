import { parentPort, workerData } from 'node:worker_threads';
import { writeAtomically } from '../../files/atomic-file.js';
import { tableColumnNames } from './file-table.js';
import { encodeIndex, readIndex } from './index-file.js';
import { listFolder } from './list-folder.js';

/** A thread that lists one folder, tells how far it is, and ends with the listing. */

/** What the thread is given. */
export interface ListingTask {
  readonly folder: string;
  /** File of the index; null: none is kept. */
  readonly index: string | null;
  /** See listFolder(). */
  readonly names: readonly string[] | null;
}

/** Milliseconds between two words of progress. */
const TOLD_EVERY = 100;

async function run({ folder, index, names }: ListingTask): Promise<void> {
  const older = index === null ? null : await readIndex(index, folder);
  const listing = listFolder(folder, older, names);
  let told = performance.now();
  let next = listing.next();
  for (; next.done !== true; next = listing.next()) {
    if (next.value % 64 !== 0 || performance.now() - told < TOLD_EVERY) continue;
    told = performance.now();
    parentPort?.postMessage({ files: next.value });
  }
  const { table, read } = next.value;
  if (index !== null && (read > 0 || older === null || older.count !== table.count)) {
    // Without an index the next listing takes longer; that is all.
    await writeAtomically(index, encodeIndex(folder, table)).catch(() => {});
  }
  const buffers = tableColumnNames.map((name) => table[name].buffer as ArrayBuffer);
  parentPort?.postMessage({ listing: next.value }, buffers);
}

await run(workerData as ListingTask);
