import type { RunEncoderOptions } from '../run/run-evaluation.js';
import { refuseContradictions, settingsPatch } from './config-options.js';
import { count, threadsText } from './format.js';
import { interruptedExitCode, onInterrupt } from './interrupts.js';
import { progressOutput } from './progress-output.js';

/** What every command takes that asks a run's encoder something. */
export interface RunEncoderArguments {
  readonly run: string;
  readonly data?: string | undefined;
  readonly device?: string | undefined;
  readonly set?: string[] | undefined;
  readonly quiet: boolean;
}

/**
 * Lets `work` ask a run's encoder, with progress on the terminal; `done` is called with its result when the progress is gone.
 * A signal stops it: nothing is written then, and the exit code says which signal.
 */
export async function withRunEncoderProgress<T>(
  { run, data, device, set = [], quiet }: RunEncoderArguments,
  work: (options: RunEncoderOptions) => Promise<T>,
  done: (result: T) => Promise<void> | void,
): Promise<void> {
  refuseContradictions({ data, device }, set);
  const output = progressOutput(process.stderr, quiet);
  const abort = new AbortController();
  const release = onInterrupt({
    first: () => {
      output.warn('Stopping; nothing is written.');
      abort.abort();
    },
    second: () => output.close(),
  });
  try {
    const result = await work({
      runDir: run,
      patch: settingsPatch({ device, data }),
      overrides: set,
      signal: abort.signal,
      onProgress: ({ phase, done: images, total }) =>
        output.state(images, total, `${phase} ${count(images)}/${count(total)}`),
      onThreads: (threads, most) => output.line(threadsText(threads, most)),
    });
    output.close();
    await done(result);
  } catch (error) {
    output.close();
    if (!abort.signal.aborted) throw error;
    process.exitCode = interruptedExitCode();
  } finally {
    release();
  }
}
