import type { NativeModule } from '../binding/native.js';
import type { Config } from '../config/schema.js';
import { availableCores } from './available-cores.js';
import { CoreShortage } from './core-shortage.js';
import { ThreadPolicy } from './thread-policy.js';

/** Milliseconds between two looks at what other work leaves of the machine. */
const EVERY = 200;

/** The largest limit, which is none. */
const NO_LIMIT = 1024;

/** The threads that LibTorch computes with, until they are disposed of. */
export interface Threads {
  /** On a quiet machine. */
  readonly most: number;
  /** The fewest since this was called last. */
  takeFewest(): number;
  dispose(): void;
}

/**
 * Sets the threads that LibTorch computes with. 0 in the settings: the cores that this process may use, and fewer while other
 * work on the machine keeps them busy, since every operation waits for the slowest of its threads (beside five busy processes
 * two threads made a twentieth of the speed of one). Any other number is kept, whatever happens. `onChange`: a number other
 * than the one before, from the layer that is computed next.
 */
export function useThreads(
  native: Pick<NativeModule, 'setThreads' | 'limitThreads'>,
  { threads }: Pick<Config, 'threads'>,
  onChange: (threads: number, most: number) => void = () => {},
): Threads {
  const most = threads === 0 ? availableCores() : threads;
  native.setThreads(most);
  native.limitThreads(NO_LIMIT);
  users += 1;
  const shortage = threads === 0 && most > 1 ? CoreShortage.open() : null;
  if (shortage === null) {
    return {
      most,
      takeFewest: () => most,
      dispose: once(() => {
        users -= 1;
      }),
    };
  }

  const policy = new ThreadPolicy(most);
  let fewest = most;
  const timer = setInterval(() => {
    const before = policy.threads;
    const now = policy.next(shortage.read(before < most));
    if (now === before) return;
    native.limitThreads(now);
    fewest = Math.min(fewest, now);
    onChange(now, most);
  }, EVERY);
  timer.unref();
  return {
    most,
    takeFewest: () => {
      const taken = fewest;
      fewest = policy.threads;
      return taken;
    },
    dispose: once(() => {
      users -= 1;
      clearInterval(timer);
      native.limitThreads(NO_LIMIT);
    }),
  };
}

/** Those who have threads now: the number is the process's. */
let users = 0;

/**
 * The same for work that asks for no number of its own: beside a training, say, it computes with that one's threads, whose
 * results would depend on another number.
 */
export function shareThreads(
  native: Pick<NativeModule, 'setThreads' | 'limitThreads'>,
  threads: number | undefined,
): Pick<Threads, 'dispose'> {
  if (threads === undefined && users > 0) return { dispose: () => {} };
  return useThreads(native, { threads: threads ?? 0 });
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}
