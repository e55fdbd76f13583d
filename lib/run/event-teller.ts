import type { TrainEvent } from './events.js';

/** What it returns is awaited: a promise, of what the event is for. */
export type OnEvent = (event: TrainEvent) => unknown;

/**
 * Gives every event to a function, in order, one at a time: the next one comes when what the function returned has settled. Nothing waits
 * for that meanwhile; events do. What it throws, or rejects with, is the last that it was called with.
 */
export class EventTeller {
  readonly #onEvent: OnEvent;
  readonly #failed: () => void;
  #failure: { readonly reason: unknown } | null = null;
  #given: Promise<void> = Promise.resolve();

  /** `failed`: called once. */
  constructor(onEvent: OnEvent, failed: () => void) {
    this.#onEvent = onEvent;
    this.#failed = failed;
  }

  push(event: TrainEvent): void {
    this.#given = this.#given.then(() => this.#give(event));
  }

  /** Resolves when the function is done with all that was pushed; rejects with what it threw. */
  async done(): Promise<void> {
    await this.#given;
    if (this.#failure !== null) throw this.#failure.reason;
  }

  async #give(event: TrainEvent): Promise<void> {
    if (this.#failure !== null) return;
    try {
      await this.#onEvent(event);
    } catch (reason) {
      this.#failure = { reason };
      this.#failed();
    }
  }
}
