/**
 * The way from a run to its one reader. Writing never waits. While nobody reads, consecutive events of which only the newest
 * counts are merged, so that the queue is bounded by the events that must not be lost.
 */
export class EventQueue<T> {
  readonly #replaces: (newer: T, older: T) => boolean;
  readonly #items: T[] = [];
  #waiting: Array<{ resolve: (result: IteratorResult<T, undefined>) => void; reject: (reason: unknown) => void }> = [];
  #state: { readonly ended: false } | { readonly ended: true; readonly failure: { readonly reason: unknown } | null } =
    {
      ended: false,
    };

  /** `replaces`: the newer event makes the one before it, if nobody has read that yet, superfluous. */
  constructor(replaces: (newer: T, older: T) => boolean) {
    this.#replaces = replaces;
  }

  get length(): number {
    return this.#items.length;
  }

  push(item: T): void {
    if (this.#state.ended) return;
    const reader = this.#waiting.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value: item });
      return;
    }
    const last = this.#items.at(-1);
    if (last !== undefined && this.#replaces(item, last)) this.#items.pop();
    this.#items.push(item);
  }

  /** What was pushed can still be read; then reading ends, or throws `failure.reason` once. */
  end(failure: { readonly reason: unknown } | null = null): void {
    if (this.#state.ended) return;
    const [first, ...others] = this.#waiting;
    this.#waiting = [];
    // Someone who waits has read everything.
    this.#state = { ended: true, failure: first === undefined ? failure : null };
    if (failure !== null) first?.reject(failure.reason);
    else first?.resolve({ done: true, value: undefined });
    for (const other of others) other.resolve({ done: true, value: undefined });
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    const item = this.#items.shift();
    if (item !== undefined) return { done: false, value: item };
    if (!this.#state.ended) return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    const { failure } = this.#state;
    this.#state = { ended: true, failure: null };
    if (failure !== null) throw failure.reason;
    return { done: true, value: undefined };
  }
}
