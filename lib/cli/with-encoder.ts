import { stat } from 'node:fs/promises';
import type { Encoder } from '../encoder/encoder.js';
import { ByolError } from '../errors.js';
import type { EvaluationProgress } from '../eval/context.js';
import type { RunEncoderOptions } from '../run/with-run-encoder.js';
import { count, threadsText } from '../text/format.js';
import { chosenData, refuseContradictions, setOption, settingsPatch } from './config-options.js';
import { interruptedExitCode, onInterrupt } from './interrupts.js';
import { progressOutput } from './progress-output.js';

/** Options of every command that asks an encoder something. */
export const encoderOptions = {
  run: { type: 'string', requiresArg: true, describe: 'Folder of a run, as PATH' },
  data: { type: 'string', requiresArg: true, describe: 'Where the images lie, if not where they were' },
  device: { type: 'string', requiresArg: true, describe: 'auto, cpu, cuda or cuda:N' },
  precision: { type: 'string', requiresArg: true, describe: 'auto, float32 or bfloat16' },
  torchvision: {
    type: 'boolean',
    default: false,
    describe: "The weights are those of a trained ResNet of torchvision's, and its images are prepared as there",
  },
  set: setOption,
  quiet: { type: 'boolean', default: false, describe: 'No progress, only the result' },
} as const;

export interface EncoderArguments {
  readonly path?: string | undefined;
  readonly run?: string | undefined;
  readonly data?: string | undefined;
  readonly device?: string | undefined;
  readonly precision?: string | undefined;
  readonly torchvision: boolean;
  readonly set?: string[] | undefined;
  readonly quiet: boolean;
}

/** Where the encoder is; `isRun`: in the folder of a run. */
export interface EncoderPlace {
  readonly path: string;
  readonly isRun: boolean;
}

/** `command`: for the error that says what is missing. */
export async function encoderPlace({ path, run }: EncoderArguments, command: string): Promise<EncoderPlace> {
  if (path !== undefined && run !== undefined) {
    throw new ByolError('ERR_BYOL_USAGE', `${path} and --run ${run} both say where the encoder is; one is enough.`);
  }
  const place = path ?? run;
  if (place === undefined) {
    throw new ByolError(
      'ERR_BYOL_USAGE',
      `It is not said where the encoder is: ${command} PATH, the folder of a run or a file of weights.`,
    );
  }
  if (run !== undefined) return { path: run, isRun: true };
  const isFile = await stat(place).then(
    (entry) => !entry.isDirectory(),
    () => place.endsWith('.safetensors'),
  );
  return { path: place, isRun: !isFile };
}

/** What the terminal has for work that takes a while. */
export interface Terminal {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: EvaluationProgress) => void;
  readonly onThreads: (threads: number, most: number) => void;
  readonly warn: (message: string) => void;
  readonly line: (text: string) => void;
  /** How far it is, in words of one's own. */
  readonly state: (done: number, total: number, text: string) => void;
}

export interface TerminalTexts {
  /** At a signal. */
  readonly stopping?: string;
  /** After it, when the work has stopped: what is to be done to go on. */
  readonly stopped?: () => string;
}

/**
 * Lets `work` go on with progress on the terminal; `done` is called with its result when the progress is gone. A signal stops
 * it, and the exit code says which signal; where nothing else is said, nothing is written then.
 */
export async function withTerminal<T>(
  quiet: boolean,
  work: (terminal: Terminal) => Promise<T>,
  done: (result: T) => Promise<void> | void,
  { stopping = 'Stopping; nothing is written.', stopped }: TerminalTexts = {},
): Promise<void> {
  const output = progressOutput(process.stderr, quiet);
  const abort = new AbortController();
  const release = onInterrupt({
    first: () => {
      output.warn(stopping);
      abort.abort();
    },
    second: () => output.close(),
  });
  try {
    const result = await work({
      signal: abort.signal,
      onProgress: ({ phase, done: images, total }) =>
        output.state(images, total, `${phase} ${count(images)}/${count(total)}`),
      onThreads: (threads, most) => output.line(threadsText(threads, most)),
      warn: (message) => output.warn(message),
      line: (text) => output.line(text),
      state: (part, total, text) => output.state(part, total, text),
    });
    output.close();
    await done(result);
  } catch (error) {
    output.close();
    if (!abort.signal.aborted) throw error;
    if (stopped !== undefined) output.warn(stopped());
    process.exitCode = interruptedExitCode();
  } finally {
    release();
  }
}

/** A run's encoder as the arguments want it. */
export async function runEncoderOptions(
  folder: string,
  { data, device, precision, set = [], quiet }: EncoderArguments,
  { signal, onProgress, onThreads }: Terminal,
): Promise<RunEncoderOptions> {
  refuseContradictions({ data, device, precision }, set);
  const patch = settingsPatch({ device, precision });
  const options = { folder, overrides: set, signal, onProgress, onThreads };
  if (data === undefined) return { ...options, patch };
  const { readRunConfig } = await import('../run/run-folder.js');
  const chosen = await chosenData({ data, set, quiet }, undefined, await readRunConfig(folder));
  return { ...options, patch: { ...patch, ...(chosen.data && { data: chosen.data }) } };
}

/** An encoder by itself, disposed of when `work` is done. */
export async function withEncoder<T>(
  path: string,
  { device, precision, torchvision }: EncoderArguments,
  work: (encoder: Encoder) => Promise<T>,
): Promise<T> {
  const { Encoder } = await import('../encoder/encoder.js');
  const { torchvisionWeights } = await import('../export/encoder-description.js');
  const { settingsSchema } = await import('../config/schema.js');
  const asked = settingsSchema().pick({ device: true, precision: true }).partial().safeParse({ device, precision });
  if (!asked.success) {
    const names = asked.error.issues.map((issue) => `--${issue.path.join('.')}`);
    throw new ByolError('ERR_BYOL_USAGE', `${names.join(' and ')} cannot be what was given: see byol eval --help.`);
  }
  await using encoder = await Encoder.load(path, { ...(torchvision && torchvisionWeights), ...asked.data });
  return await work(encoder);
}
