/**
 * Native commands in flight, in order: while one computes, JavaScript prepares the next, and the LibTorch thread never waits
 * for it. Results are handled in the order of the commands.
 */
export class StepQueue {
  readonly #limit: number;
  readonly #handled: Promise<void>[] = [];

  /** `limit`: commands queued at once. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Waits until there is room, then lets `start` queue a command. Throws what an earlier command or its handler threw. */
  async add<T>(start: () => Promise<T>, handle: (result: T) => void): Promise<void> {
    if (this.#handled.length >= this.#limit) await this.#handled.shift();
    const handled = start().then(handle);
    // Awaited later: a failure must not count as unhandled until then.
    handled.catch(() => {});
    this.#handled.push(handled);
  }

  /** Waits for everything that was queued. */
  async drain(): Promise<void> {
    while (this.#handled.length > 0) await this.#handled.shift();
  }

  /** The same, whatever happened: what the commands use can then be disposed of. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#handled.splice(0));
  }
}
