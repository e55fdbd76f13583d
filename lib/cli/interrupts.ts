import { exitCodes } from '../errors.js';

/** Signals by which a person or a batch system asks a process to stop. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export interface Interrupts {
  /** At the first signal: stop in good order. */
  readonly first: (signal: NodeJS.Signals) => void;
  /** At the second, before the process leaves at once: restore the terminal, nothing that waits. */
  readonly second: () => void;
}

/** Returns a function that gives the signals their usual meaning back. */
export function onInterrupt({ first, second }: Interrupts): () => void {
  let asked = false;
  const handle = (signal: NodeJS.Signals): void => {
    if (asked) {
      second();
      process.exit(exitCodes.interrupted);
    }
    asked = true;
    first(signal);
  };
  for (const signal of SIGNALS) process.on(signal, handle);
  return () => {
    for (const signal of SIGNALS) process.removeListener(signal, handle);
  };
}
