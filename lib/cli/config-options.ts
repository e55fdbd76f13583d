import type { InferredOptionTypes } from 'yargs';
import type { ConfigPatch } from '../config/patch.js';
import type { Config } from '../config/schema.js';
import { ByolError } from '../errors.js';

export const setOption = {
  type: 'string',
  array: true,
  requiresArg: true,
  describe: 'One setting, key.path=value, over everything else; the value is YAML. May be repeated',
} as const;

/** The options by which every command takes a configuration. */
export const configOptions = {
  preset: { type: 'string', requiresArg: true, describe: 'Start from a preset; `byol presets` lists them' },
  method: {
    type: 'string',
    requiresArg: true,
    describe: "Another method's recipe on the preset: simclr, moco-v1, moco-v2, simsiam, mean-teacher, supervised",
  },
  config: {
    type: 'string',
    requiresArg: true,
    describe: 'File with settings, over the preset: YAML, JSON, or TypeScript or JavaScript that exports them',
  },
  data: { type: 'string', requiresArg: true, describe: 'Where the images lie; short for --set data.path=PATH' },
  set: setOption,
  seed: { type: 'string', requiresArg: true, describe: 'Short for --set seed=N' },
} as const;

export type ConfigArguments = InferredOptionTypes<typeof configOptions>;

/** Settings have to start somewhere. */
export function requireSource({ preset, config }: Pick<ConfigArguments, 'preset' | 'config'>): void {
  if (preset !== undefined || config !== undefined) return;
  throw new ByolError('ERR_BYOL_USAGE', 'There are no settings to start from: give --preset NAME or --config FILE.', {
    hint: 'The presets: npx byol presets. Without any files of your own: --preset shapes',
  });
}

/** `flags`: further short forms. */
export async function configFromArguments(
  args: ConfigArguments,
  flags: Record<string, unknown> = {},
  base?: Config,
): Promise<Config> {
  // Help does without the schema.
  const { resolveConfig } = await import('../methods/resolve.js');
  const { loadConfigFile } = await import('../config/module-file.js');
  const { preset, method, config: file, data, set = [], seed } = args;
  refuseContradictions({ ...flags, preset, method, seed, data }, set);
  return resolveConfig({
    ...(base !== undefined ? { base } : preset !== undefined && { preset }),
    ...(file !== undefined && { file: await loadConfigFile(file, { flags: givenFlags(args) }) }),
    patch: flagPatch({
      ...flags,
      method,
      seed: numberOrText(seed),
      data: data === undefined ? undefined : { path: data },
    }),
    overrides: set,
  });
}

/** By name, without those that were left out and what yargs adds. */
function givenFlags(args: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).filter(([name, value]) => value !== undefined && /^[a-z]/.test(name)));
}

/** Short forms by the setting that they are of, where that has another name. */
const PATHS: Readonly<Record<string, string>> = { data: 'data.path' };

/** One setting given by its short form and by --set: neither goes unheard. */
export function refuseContradictions(flags: Record<string, unknown>, set: readonly string[]): void {
  for (const [name, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    const path = PATHS[name] ?? name;
    const other = set.find((item) => item.slice(0, Math.max(0, item.indexOf('='))).trim() === path);
    if (other === undefined || other.slice(other.indexOf('=') + 1).trim() === String(value)) continue;
    throw new ByolError('ERR_BYOL_USAGE', `--${name} ${value} and --set ${other} set the same; one is enough.`);
  }
}

/** What is not a number stays text, so that the check can say what was written. */
export function numberOrText(text: string | undefined): number | string | undefined {
  return text === undefined || text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
}

/** Only flags that were given. Their values are checked with everything else. */
export function flagPatch(flags: Record<string, unknown>): ConfigPatch {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)) as ConfigPatch;
}
