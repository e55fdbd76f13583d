import { ByolError } from '../errors.js';
import { readConfigFile } from './config-file.js';
import { isSettings, mergeLayer, type Settings } from './layers.js';
import { nearest } from './nearest.js';
import { applyOverride, type Override, orderOverrides, parseOverride } from './overrides.js';
import { configError, type Origin, parseConfig } from './parse.js';
import { isPresetName, presetNames, presets } from './presets/index.js';
import type { Problem } from './problems.js';
import type { Config } from './schema.js';
import { formatPath, type Path, valueAt } from './schema-tree.js';

/** Settings of which any may be left out. Lists are given whole; `null` removes what may be removed. */
export type ConfigPatch = { readonly [K in keyof Config]?: PatchOf<Config[K]> };

/** In groups with kinds, of every kind. */
type PatchOf<T> = T extends readonly unknown[] ? T : T extends object ? { readonly [K in keyof T]?: PatchOf<T[K]> } : T;

/** Where a configuration comes from; each source goes over the ones before it. */
export interface ConfigSources {
  /** Name of a preset: `Object.keys(presets)`. */
  readonly preset?: string;
  /** Makes another method's settings of the preset's (lib/methods). */
  readonly method?: (base: Config) => Config;
  /** Settings to start from instead of a preset, e.g. those of a run that goes on. */
  readonly base?: Config;
  /** Path of a YAML or JSON file. It may name a preset as its own start: `preset: cifar10`. */
  readonly file?: string;
  readonly patch?: ConfigPatch;
  /** 'key.path=value' each, the value as YAML: 'optimizer.momentum=0.95', 'predictor=null', 'views.view1.0.probability=1'. */
  readonly overrides?: readonly string[];
}

/**
 * The checked configuration of a run from its sources. Throws ERR_BYOL_CONFIG: a file that cannot be read (with line and
 * column), an unknown preset, or a list of everything that is wrong, each with its path, the nearest known name, what was
 * expected, what was there, and where that came from.
 */
export function resolveConfig(sources: ConfigSources): Config {
  const { file, patch = {}, overrides = [] } = sources;
  const fromFile = file === undefined ? {} : readConfigFile(file);
  const presetName = sources.preset ?? presetOfFile(fromFile, file, sources.base);
  const preset = presetName === undefined ? sources.base : findPreset(presetName);
  const start = preset === undefined ? {} : (sources.method?.(preset) ?? preset);
  const layered = mergeLayer(mergeLayer(start, fromFile), patch) as Settings;
  if (presetName !== undefined) layered.preset = presetName;

  const problems: Problem[] = [];
  const parsed = parseOverrides(overrides, problems);
  for (const override of parsed) {
    const problem = applyOverride(layered, override);
    if (problem !== undefined) problems.push(problem);
  }
  return parseConfig(layered, makeOrigin(layered, parsed, patch, fromFile, file), problems);
}

/** A preset by its name. Throws ERR_BYOL_CONFIG naming the nearest one and all there are. */
export function findPreset(name: string): Config {
  if (isPresetName(name)) return presets[name];
  const near = nearest(name, presetNames);
  const meant = near === undefined ? '' : ` Did you mean '${near}'?`;
  throw new ByolError('ERR_BYOL_CONFIG', `There is no preset '${name}'.${meant} There are: ${presetNames.join(', ')}.`);
}

/** A file that is not complete needs a preset under it; that of a run that goes on is only a remark. */
function presetOfFile(settings: Settings, file: string | undefined, base: Config | undefined): string | undefined {
  const name = settings.preset;
  if (base !== undefined || name === undefined) return undefined;
  if (typeof name === 'string') return name;
  const got = JSON.stringify(name);
  throw configError([{ path: ['preset'], message: `expected the name of a preset, got ${got}` }], () => file);
}

/** What cannot be read is added to `problems`. */
function parseOverrides(overrides: readonly string[], problems: Problem[]): Override[] {
  const parsed = overrides.flatMap((argument) => {
    const override = parseOverride(argument);
    if (typeof override !== 'string') return [override];
    problems.push({ path: ['--set'], message: override });
    return [];
  });
  return orderOverrides(parsed);
}

/** Says of a path which source its value has come from. */
function makeOrigin(
  layered: Settings,
  overrides: readonly Override[],
  patch: ConfigPatch,
  fromFile: Settings,
  file: string | undefined,
): Origin {
  // A value may be given alone, within its group, or in parts.
  const covers = (outer: Path, inner: Path): boolean =>
    outer.every((key, index) => String(key) === String(inner[index]));
  return (path) => {
    if (overrides.some((override) => covers(override.path, path) || covers(path, override.path))) return '--set';
    if (isGiven(patch, path)) return undefined;
    if (isGiven(fromFile, path)) return file;
    if (formatPath(path) === 'data.path' && isSettings(layered.data)) return 'on the command line: --data PATH';
    return undefined;
  };
}

function isGiven(settings: unknown, path: Path): boolean {
  return path.length > 0 && valueAt(settings, path) !== undefined;
}
