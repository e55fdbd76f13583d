import { exitCodes } from '../errors.js';

/** Signals by which a person or a batch system asks a process to stop. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** One Ctrl-C may arrive twice: from the terminal, and forwarded by npm, which got it from the terminal too. */
const SAME_MILLISECONDS = 500;

export interface Interrupts {
  /** At the first signal: stop in good order. */
  readonly first: (signal: NodeJS.Signals) => void;
  /** At the second, before the process leaves at once: restore the terminal, nothing that waits. */
  readonly second: () => void;
}

/** Returns a function that gives the signals their usual meaning back. */
export function onInterrupt({ first, second }: Interrupts): () => void {
  let askedAt: number | undefined;
  const handle = (signal: NodeJS.Signals): void => {
    if (askedAt === undefined) {
      askedAt = performance.now();
      first(signal);
    } else if (performance.now() - askedAt > SAME_MILLISECONDS) {
      second();
      process.exit(exitCodes.interrupted);
    }
  };
  for (const signal of SIGNALS) process.on(signal, handle);
  return () => {
    for (const signal of SIGNALS) process.removeListener(signal, handle);
  };
}
