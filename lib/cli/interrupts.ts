import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { exitCodes } from '../errors.js';

/** Signals by which a person, a batch system or a terminal that closes asks a process to stop. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** One Ctrl-C may arrive twice: from the terminal, and forwarded by npm, which got it from the terminal too. */
const SAME_MILLISECONDS = 500;

export interface Interrupts {
  /** At the first signal: stop in good order. */
  readonly first: (signal: NodeJS.Signals) => void;
  /** At the second, before the process leaves at once: restore the terminal, nothing that waits. */
  readonly second: () => void;
}

let received: NodeJS.Signals | undefined;

/** Of a command that a signal has stopped: 128 and its number, as shells count (Ctrl-C 130, SIGTERM 143, SIGHUP 129). */
export function interruptedExitCode(): number {
  return received === undefined ? exitCodes.interrupted : exitCodeOf(received);
}

function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** Returns a function that gives the signals their usual meaning back. */
export function onInterrupt({ first, second }: Interrupts): () => void {
  let askedAt: number | undefined;
  const handle = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGHUP' && isUnderNohup()) return;
    if (askedAt === undefined) {
      askedAt = performance.now();
      received = signal;
      first(signal);
    } else if (performance.now() - askedAt > SAME_MILLISECONDS) {
      second();
      leave(signal);
    }
  };
  for (const signal of SIGNALS) process.on(signal, handle);
  return () => {
    for (const signal of SIGNALS) process.removeListener(signal, handle);
  };
}

/** A first signal stops after the step of now. `last`: called when the progress is gone, whether stopped or not. */
export async function withInterrupts(
  progress: { warn(text: string): void; close(): void },
  work: (signal: AbortSignal) => Promise<boolean>,
  last: () => void = () => {},
): Promise<void> {
  const abort = new AbortController();
  const release = onInterrupt({
    first: (signal) => {
      progress.warn(`${signal}: stopping after this step and saving. Once more leaves at once, without saving.`);
      abort.abort();
    },
    second: () => progress.close(),
  });
  try {
    const interrupted = await work(abort.signal);
    progress.close();
    last();
    if (!interrupted) return;
    process.stdout.write('Stopped: the same command goes on.\n');
    process.exitCode = interruptedExitCode();
  } finally {
    progress.close();
    release();
  }
}

/**
 * By the signal itself, which shells count as the same exit code. process.exit() would wait for reads that have begun, and those of a
 * network folder that stalls never end.
 */
function leave(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

/**
 * Batch systems announce the end of the time with these. Unhandled, the first makes Node open a debugger's port and the second
 * ends the process; checkpoints are saved as configured.
 */
export function ignoreUserSignals(): void {
  if (process.platform === 'win32') return;
  for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => {});
}

/**
 * nohup has SIGHUP ignored, which Node undoes as it starts. What remains to see: the shell's name for the command, and the
 * write-only standard input that nohup gives in place of a terminal.
 */
function isUnderNohup(): boolean {
  if (basename(process.env._ ?? '') === 'nohup') return true;
  try {
    const flags = /^flags:\s*(\d+)/m.exec(readFileSync('/proc/self/fdinfo/0', 'utf8'))?.[1] ?? '0';
    return (Number.parseInt(flags, 8) & 3) === 1;
  } catch {
    return false;
  }
}
