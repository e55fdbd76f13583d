import type { Config } from '../config/schema.js';
import { EventQueue } from './event-queue.js';
import type { RunResult, TrainEvent } from './events.js';
import { freeRunFolder, RunFolder } from './run-folder.js';
import { Trainer } from './trainer.js';

export interface TrainOptions {
  /** The run folder; a new runs/NAME-N if left out. */
  readonly out?: string;
  /**
   * Go on with the run in `out`: bit for bit as without the break on the same device with the same `threads`, and with
   * `threads: 0` if other work on the machine changes their number in neither case.
   */
  readonly resume?: boolean;
  /** Weights to start a new run from: a training state or an exported encoder. Nothing else of the file is used. */
  readonly initFrom?: string;
  /** Stops after the current step and saves; `result` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A training run. It goes on whether or not anybody reads its events; leaving a `for await` over it stops it. */
export interface Run extends AsyncIterable<TrainEvent> {
  readonly result: Promise<RunResult>;
  /** Stops after the current step, or in an evaluation, and saves a checkpoint; `result` resolves with interrupted: true. */
  stop(): void;
}

/**
 * Trains an encoder by BYOL (Grill et al. 2020, Algorithm 1) and evaluates it, in a run folder.
 *
 * Errors reject `result` and end the iteration: ERR_BYOL_RUN_EXISTS, ERR_BYOL_RUN_LOCKED, ERR_BYOL_DATA,
 * ERR_BYOL_CUDA_UNAVAILABLE, ERR_BYOL_DIVERGED, ERR_BYOL_TARGET_STUCK, ERR_BYOL_CHECKPOINT, ERR_BYOL_IO.
 */
export function train(config: Config, options: TrainOptions = {}): Run {
  // Of step events only the newest counts; everything else is kept until it is read.
  const events = new EventQueue<TrainEvent>((newer, older) => newer.type === 'step' && older.type === 'step');
  const stopping = new AbortController();
  const stop = AbortSignal.any([stopping.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const result = (async () => {
    const folder = new RunFolder(options.out ?? (await freeRunFolder(config)));
    const trainer = new Trainer(config, folder, options, (event) => events.push(event), stop);
    try {
      const outcome = await trainer.run();
      events.push({ type: 'end', result: outcome });
      events.end();
      return outcome;
    } catch (error) {
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
