/** Native commands queued at once: the LibTorch thread never waits for JavaScript, and an abort takes effect soon. */
const QUEUED = 3;

/**
 * Starts `command` for each item in order, with `queued` of them at a time; yields their results in the same order. Throws the
 * first failure, or the signal's reason, once everything that was started has settled: what the commands use can then be
 * disposed of. So does leaving it early.
 */
export async function* mapQueued<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  command: (item: T) => Promise<R>,
  { queued = QUEUED, signal }: { readonly queued?: number; readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<R, void, undefined> {
  const queue: Array<Promise<PromiseSettledResult<R>>> = [];
  const oldest = async (): Promise<R> => {
    const outcome = await (queue.shift() as Promise<PromiseSettledResult<R>>);
    if (outcome.status === 'rejected') throw outcome.reason;
    signal?.throwIfAborted();
    return outcome.value;
  };
  try {
    for await (const item of items) {
      signal?.throwIfAborted();
      if (queue.length === queued) yield await oldest();
      // Outcomes as values: a rejection that nobody awaits yet would end the process.
      queue.push(settle(command(item)));
    }
    while (queue.length > 0) yield await oldest();
  } finally {
    await Promise.all(queue);
  }
}

/** The same to the end; `onDone` follows in the order of the items. */
export async function runQueued<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  command: (item: T) => Promise<R>,
  options: { readonly queued?: number; readonly signal?: AbortSignal | undefined } = {},
  onDone: (item: T, result: R) => void = () => {},
): Promise<void> {
  const pairs = mapQueued(items, async (item) => ({ item, result: await command(item) }), options);
  for await (const { item, result } of pairs) onDone(item, result);
}

async function settle<R>(promise: Promise<R>): Promise<PromiseSettledResult<R>> {
  try {
    return { status: 'fulfilled', value: await promise };
  } catch (reason) {
    return { status: 'rejected', reason };
  }
}
