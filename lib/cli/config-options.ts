import type { InferredOptionTypes } from 'yargs';
import type { ConfigPatch } from '../config/layers.js';
import type { Config } from '../config/schema.js';
import { ByolError } from '../errors.js';
import { type ShortFormArguments, shortFormOptions, shortFormPatch, shortForms } from './short-forms.js';

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
    describe: "Another method's recipe on the preset; `byol methods` lists them",
  },
  config: {
    type: 'string',
    requiresArg: true,
    describe: 'File with settings, over the preset: YAML, JSON, or TypeScript or JavaScript that exports them',
  },
  data: { type: 'string', requiresArg: true, describe: 'Where the images lie; short for --set data.path=PATH' },
  set: setOption,
  ...shortFormOptions('seed'),
} as const;

export type ConfigArguments = InferredOptionTypes<typeof configOptions>;

/** Settings have to start somewhere. */
export function requireSource({ preset, config }: Pick<ConfigArguments, 'preset' | 'config'>): void {
  if (preset !== undefined || config !== undefined) return;
  throw new ByolError('ERR_BYOL_USAGE', 'There are no settings to start from: give --preset NAME or --config FILE.', {
    hint: 'The presets: npx byol presets. Without any files of your own: --preset shapes',
  });
}

/** Of the short forms those that the command has. */
export async function configFromArguments(args: ConfigArguments & ShortFormArguments, base?: Config): Promise<Config> {
  // Help does without the schema.
  const { resolveConfig } = await import('../methods/resolve.js');
  const { loadConfigFile } = await import('../config/config-file.js');
  const { preset, method, config: file, set = [] } = args;
  refuseContradictions(args, set);
  return resolveConfig({
    ...(base !== undefined ? { base } : preset !== undefined && { preset }),
    ...(file !== undefined && { file: await loadConfigFile(file, { flags: givenFlags(args) }) }),
    patch: { ...settingsPatch(args), ...(method !== undefined && { method }) },
    overrides: set,
  });
}

/** What `--data` and the short forms say. Their values are checked with everything else. */
export function settingsPatch(args: ShortFormArguments & { readonly data?: string | undefined }): ConfigPatch {
  return { ...shortFormPatch(args), ...(args.data !== undefined && { data: { path: args.data } }) };
}

/** By name, without those that were left out and what yargs adds. */
function givenFlags(args: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).filter(([name, value]) => value !== undefined && /^[a-z]/.test(name)));
}

/** Settings by the option that gives them. */
const PATHS: Readonly<Record<string, string>> = {
  ...shortForms,
  preset: 'preset',
  method: 'method',
  data: 'data.path',
};

/** One setting given by its short form and by --set: neither goes unheard. */
export function refuseContradictions(args: object, set: readonly string[]): void {
  for (const [name, value] of Object.entries(args)) {
    const path = PATHS[name];
    if (value === undefined || path === undefined) continue;
    const other = set.find((item) => item.slice(0, Math.max(0, item.indexOf('='))).trim() === path);
    if (other === undefined || other.slice(other.indexOf('=') + 1).trim() === String(value)) continue;
    throw new ByolError('ERR_BYOL_USAGE', `--${name} ${value} and --set ${other} set the same; one is enough.`);
  }
}
