import { existsSync } from 'node:fs';
import type { ConfigPatch, Settings } from '../config/layers.js';
import type { Config } from '../config/schema.js';
import { ByolError } from '../errors.js';
import type { DataChoice } from './choose-data.js';
import type { OptionValues } from './command.js';
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
  data: { type: 'string', requiresArg: true, describe: 'Where the images lie; their kind is told by the files' },
  set: setOption,
  ...shortFormOptions('seed'),
} as const;

export type ConfigArguments = OptionValues<typeof configOptions>;

/** Settings have to start somewhere. `command`: of the hint. */
export function requireSource(command: string, args: Pick<ConfigArguments, 'preset' | 'config' | 'data'>): void {
  const { preset, config, data } = args;
  if (preset !== undefined || config !== undefined || data !== undefined) return;
  throw new ByolError(
    'ERR_BYOL_USAGE',
    `There are no settings to start from: give images (byol ${command} DIR), --preset NAME or --config FILE.`,
    { hint: 'The presets: npx byol presets. Without any files of your own: --preset shapes' },
  );
}

/** Images may be given as the argument of a command, or as --data. */
export const imagesArgument = {
  type: 'string',
  describe: 'Folder or file with the images, as --data',
} as const;

/** The arguments with the images of either in `data`. */
export function withImages<T extends { readonly data?: string | undefined; readonly images?: string | undefined }>(
  args: T,
): T {
  const { images, data } = args;
  if (images === undefined) return args;
  if (/^[\w.[\]]+=/.test(images) && !existsSync(images)) {
    throw new ByolError('ERR_BYOL_USAGE', `${images} is not a path; each setting has its own --set: --set ${images}.`);
  }
  if (data === undefined) return { ...args, data: images };
  throw new ByolError('ERR_BYOL_USAGE', `${images} and --data ${data} both say where the images lie; one is enough.`);
}

/** Of the short forms those that the command has. */
export async function configFromArguments(args: ConfigArguments & ShortFormArguments, base?: Config): Promise<Config> {
  // Help does without the schema.
  const { resolveConfig } = await import('../methods/resolve.js');
  const { loadConfigFile } = await import('../config/config-file.js');
  const { method, set = [] } = args;
  refuseContradictions(args, set);
  const file = args.config === undefined ? undefined : await loadConfigFile(args.config, { flags: givenFlags(args) });
  const { data, preset = args.preset } = await chosenData(args, file?.settings, base);
  return resolveConfig({
    ...(base !== undefined ? { base } : preset !== undefined && { preset }),
    ...(file !== undefined && { file }),
    patch: { ...withData(shortFormPatch(args), data), ...(method !== undefined && { method }) },
    overrides: set,
  });
}

/** What --data means here; what it is taken for is said. */
export async function chosenData(
  { data, preset, set = [], quiet }: Partial<ConfigArguments> & { readonly quiet?: boolean },
  file: Settings | undefined,
  base: Config | undefined,
): Promise<Partial<DataChoice>> {
  if (data === undefined) return {};
  const { chooseData } = await import('./choose-data.js');
  const choice = await chooseData(data, { base, preset, file, set });
  if (choice.note !== undefined && quiet !== true) process.stderr.write(`${choice.note}\n`);
  return choice;
}

/** What `--data` and the short forms say. Their values are checked with everything else. */
export function settingsPatch(args: ShortFormArguments & { readonly data?: string | undefined }): ConfigPatch {
  return withData(shortFormPatch(args), args.data === undefined ? undefined : { path: args.data });
}

/** Beside the settings of the images that have a short form. */
function withData(patch: ConfigPatch, data: ConfigPatch['data']): ConfigPatch {
  return data === undefined ? patch : { ...patch, data: { ...data, ...patch.data } as typeof data };
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
