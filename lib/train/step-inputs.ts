import type { TrainingResources } from './resources.js';
import { stepInput, type TakenStepInput } from './step-input.js';

/** Batches of photos that are decoded ahead of a card, which computes meanwhile. */
const AHEAD = 3;

/**
 * The inputs of one step after the other. Photos for a card are decoded some steps ahead, beside its work; on the CPU between two
 * steps, since a step that shares its cores with other threads waits for the slowest of its own.
 */
export class StepInputs {
  readonly #resources: TrainingResources;
  readonly #ahead: number;
  readonly #drawn = new Map<number, Promise<TakenStepInput>>();

  constructor(resources: TrainingResources) {
    this.#resources = resources;
    this.#ahead = resources.train.decoded && !this.alone ? AHEAD : 0;
  }

  /** Whether nothing else may compute while an input is made. */
  get alone(): boolean {
    return this.#resources.train.decoded && this.#resources.resolved.device === 'cpu';
  }

  async take(step: number): Promise<TakenStepInput> {
    const end = Math.min(step + this.#ahead, this.#resources.schedule.steps - 1);
    for (let next = step; next <= end; next += 1) this.#begin(next);
    const drawn = this.#drawn.get(step) as Promise<TakenStepInput>;
    this.#drawn.delete(step);
    return drawn;
  }

  #begin(step: number): void {
    if (this.#drawn.has(step)) return;
    const drawn = stepInput(this.#resources, step);
    // Awaited later: a failure must not count as unhandled until then.
    drawn.catch(() => {});
    this.#drawn.set(step, drawn);
  }

  /** Lets go of what was made ahead, and waits for it. */
  async close(): Promise<void> {
    const drawn = [...this.#drawn.values()];
    this.#drawn.clear();
    for (const outcome of await Promise.allSettled(drawn)) {
      if (outcome.status === 'fulfilled') outcome.value.release();
    }
  }
}
