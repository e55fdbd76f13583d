/** Native commands queued at once: the LibTorch thread never waits for JavaScript, and an abort takes effect soon. */
const QUEUED = 3;

/**
 * Starts `command` for each item in order, with a few of them queued at a time; `onDone` follows in the same order. Rejects
 * with the first failure, or with the signal's reason, once everything that was started has settled: what the commands use
 * can then be disposed of.
 */
export async function runQueued<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  command: (item: T) => Promise<R>,
  signal?: AbortSignal,
  onDone?: (item: T, result: R) => void,
): Promise<void> {
  const queue: Array<{ readonly item: T; readonly outcome: Promise<PromiseSettledResult<R>> }> = [];
  const finishOldest = async (): Promise<void> => {
    const oldest = queue.shift();
    if (oldest === undefined) return;
    const outcome = await oldest.outcome;
    if (outcome.status === 'rejected') throw outcome.reason;
    signal?.throwIfAborted();
    onDone?.(oldest.item, outcome.value);
  };
  try {
    for await (const item of items) {
      signal?.throwIfAborted();
      if (queue.length === QUEUED) await finishOldest();
      // Outcomes as values: a rejection that nobody awaits yet would end the process.
      queue.push({ item, outcome: settle(command(item)) });
    }
    while (queue.length > 0) await finishOldest();
  } finally {
    await Promise.all(queue.map(({ outcome }) => outcome));
  }
}

async function settle<R>(promise: Promise<R>): Promise<PromiseSettledResult<R>> {
  try {
    return { status: 'fulfilled', value: await promise };
  } catch (reason) {
    return { status: 'rejected', reason };
  }
}
