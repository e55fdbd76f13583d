import { setImmediate } from 'node:timers/promises';

/** Longest stretch of JavaScript between two turns of the event loop, in milliseconds. */
const SLICE = 6;

/** Lets long loops give way: timers, signals and native results keep being served. Loops that follow each other share one. */
export class Breather {
  #since = performance.now();

  /** Whether `breathe` would give way now: some tens of nanoseconds, so inner loops ask every few rounds. */
  get due(): boolean {
    return performance.now() - this.#since > SLICE;
  }

  async breathe(): Promise<void> {
    if (!this.due) return;
    await setImmediate();
    this.#since = performance.now();
  }
}
