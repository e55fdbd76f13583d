import { setImmediate } from 'node:timers/promises';

/** Longest stretch of JavaScript between two turns of the event loop, in milliseconds. */
const SLICE = 6;

/** Lets long loops give way: timers, signals and native results keep being served. */
export class Breather {
  #since = performance.now();

  /** Whether `breathe` would give way now; cheap enough for inner loops. */
  get due(): boolean {
    return performance.now() - this.#since > SLICE;
  }

  async breathe(): Promise<void> {
    if (!this.due) return;
    await setImmediate();
    this.#since = performance.now();
  }
}
