import { setImmediate } from 'node:timers/promises';

/** How often the event loop turned, other things being served, until `work` was done. */
export async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let done = false;
  const finished = work().finally(() => {
    done = true;
  });
  while (!done) {
    await setImmediate();
    turns += 1;
  }
  await finished;
  return turns;
}
