import type { TrainSettings } from '../methods/settings.js';
import { EventQueue } from './event-queue.js';
import { EventTeller } from './event-teller.js';
import type { RunResult, TrainEvent } from './events.js';
import { checkRun, type TrainOptions } from './train-options.js';
import { runTraining } from './trainer.js';

export type { TrainSettings } from '../methods/settings.js';
export type { OnEvent } from './event-teller.js';
export type { TrainOptions } from './train-options.js';

/**
 * A training run. It goes on whether or not anybody reads its events; leaving a `for await` over it stops it. Events have one reader:
 * what one loop has read another does not see. Warnings come as events and in no other way. `onEvent` of the options is given all of them beside it.
 */
export interface Run extends AsyncIterable<TrainEvent> {
  /** Rejects with what went wrong. */
  readonly result: Promise<RunResult>;
  /** Stops after the current step, or in an evaluation, and saves a checkpoint; `result` resolves with interrupted: true. */
  stop(): void;
}

/**
 * Trains an encoder by BYOL (Grill et al. 2020, Algorithm 1), or another method, and evaluates it, in a run folder.
 *
 * @param settings a preset and what goes over it, `{ preset: 'cifar10-small', epochs: 20 }`; or whole settings, as resolveConfig() gives
 * them. Unknown names are refused with the nearest known one.
 *
 * Errors reject `result` and end the iteration. Before anything is loaded or written: ERR_BYOL_CONFIG, ERR_BYOL_USAGE. Then
 * ERR_BYOL_RUN_EXISTS, ERR_BYOL_RUN_LOCKED, ERR_BYOL_RUN, ERR_BYOL_DATA, ERR_BYOL_CUDA_UNAVAILABLE, ERR_BYOL_DIVERGED,
 * ERR_BYOL_TARGET_STUCK, ERR_BYOL_CHECKPOINT, ERR_BYOL_IO. A run that is refused, or fails before its first step, leaves
 * nothing behind.
 */
export function train(settings: TrainSettings, options: TrainOptions = {}): Run {
  // Of step events only the newest counts; everything else is kept until it is read.
  const events = new EventQueue<TrainEvent>((newer, older) => newer.type === 'step' && older.type === 'step');
  const stopping = new AbortController();
  let teller: EventTeller | null = null;
  const result = (async () => {
    try {
      const run = checkRun(settings, options);
      const { signal } = run.options;
      const stop = AbortSignal.any([stopping.signal, ...(signal === undefined ? [] : [signal])]);
      const { onEvent } = run.options;
      teller = onEvent === undefined ? null : new EventTeller(onEvent, () => stopping.abort());
      const emit = (event: TrainEvent): void => {
        events.push(event);
        teller?.push(event);
      };
      const outcome = await runTraining(run.config, run.options, emit, stop);
      const end = { type: 'end', result: outcome } as const;
      teller?.push(end);
      await teller?.done();
      events.push(end);
      events.end();
      return outcome;
    } catch (error) {
      // It has what came before the failure; of two failures the run's own is told.
      await teller?.done().catch(() => {});
      events.end({ reason: error });
      throw error;
    }
  })();
  return {
    result,
    stop: () => stopping.abort(),
    [Symbol.asyncIterator]: () => {
      // Whoever only iterates learns of a failure there.
      result.catch(() => {});
      return {
        next: () => events.next(),
        return: async () => {
          stopping.abort();
          await result.catch(() => {});
          return { done: true, value: undefined };
        },
      };
    },
  };
}
