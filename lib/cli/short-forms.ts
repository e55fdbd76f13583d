import type { Options } from 'yargs';
import type { ConfigPatch } from '../config/layers.js';

/** Settings that are asked for so often that they have an option of their own, `--lr 0.1` for `--set optimizer.baseLearningRate=0.1`. */
const NAMES = {
  epochs: 'epochs',
  'batch-size': 'batchSize',
  accumulate: 'accumulate',
  lr: 'optimizer.baseLearningRate',
  'weight-decay': 'optimizer.weightDecay',
  tau: 'target.tauBase',
  size: 'views.size',
  seed: 'seed',
  device: 'device',
  precision: 'precision',
  threads: 'threads',
  log: 'log',
  limit: 'data.limit',
} as const;

export type ShortForm = keyof typeof NAMES;
/** Values, where they are words, and what is less than plain. */
const WORDS: { readonly [N in ShortForm]?: string } = {
  accumulate: 'batches of one step of the optimiser',
  lr: 'peak for a batch of 256',
  tau: "the target's decay at the start",
  size: 'pixels of the side of a view',
  device: 'auto, cpu, cuda or cuda:N',
  precision: 'auto, float32 or bfloat16',
  threads: '0: all cores, fewer beside other work',
  log: 'tensorboard',
  limit: 'at most so many images of each split',
};
/** All are text: what was written can so be told as it was. */
export type ShortFormArguments = { readonly [N in ShortForm]?: string | undefined };

export const shortForms: Readonly<Record<ShortForm, string>> = NAMES;

/** Options for a command, each described by the setting that it is short for. */
export function shortFormOptions<N extends ShortForm>(
  ...names: readonly N[]
): { readonly [K in N]: { type: 'string'; requiresArg: true; describe: string; group: string } } {
  const entries = names.map((name) => {
    const words = WORDS[name];
    const describe = `Short for --set ${NAMES[name]}=${words === undefined ? '' : ` (${words})`}`;
    return [name, { type: 'string', requiresArg: true, describe, group: 'Settings:' } satisfies Options];
  });
  return Object.fromEntries(entries) as ReturnType<typeof shortFormOptions<N>>;
}

/** The settings that these options give; those that were left out are not in it. */
export function shortFormPatch(args: ShortFormArguments): ConfigPatch {
  const patch: Record<string, unknown> = {};
  for (const [name, path] of Object.entries(NAMES)) {
    const given = args[name as ShortForm];
    if (given === undefined) continue;
    const [key, ...within] = path.split('.').reverse() as [string, ...string[]];
    let group = patch;
    for (const outer of within.reverse()) {
      group[outer] ??= {};
      group = group[outer] as Record<string, unknown>;
    }
    group[key] = numberOrText(given);
  }
  return patch as ConfigPatch;
}

/** What is not a number stays text, so that the check can say what was written. */
export function numberOrText(text: string): number | string {
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
}
