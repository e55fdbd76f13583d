import { type ConfigFile, isModule, readConfigFile } from '../config/config-file.js';
import type { ConfigPatch } from '../config/layers.js';
import { isSettings, mergeLayer, type Settings } from '../config/layers.js';
import { currentNames } from '../config/old-names.js';
import { applyOverride, type Override, orderOverrides, overrideText, parseOverride } from '../config/overrides.js';
import { configError, type Origin, parseConfig } from '../config/parse.js';
import { findPreset } from '../config/presets/index.js';
import type { Problem } from '../config/problems.js';
import type { Config } from '../config/schema.js';
import { formatPath, type Path, valueAt } from '../config/schema-tree.js';
import { ByolError } from '../errors.js';
import * as option from '../text/options.js';
import { findMethod, type MethodName } from './index.js';
import type { Method } from './method.js';

/** What goes over the start; each over the ones before it. */
interface Layers {
  /**
   * Makes another method's settings of the start, before anything goes over them: a name, or a function of one's own. The same
   * as `method: NAME` in file, patch or overrides.
   */
  readonly method?: MethodName | Method;
  /**
   * Path of a YAML or JSON file, or any file of settings as loadConfigFile() has read it. It may name its own start: `preset: cifar10`,
   * `method: simclr`.
   */
  readonly file?: string | ConfigFile;
  readonly patch?: ConfigPatch;
  /** 'key.path=value' each, the value as YAML: 'optimizer.momentum=0.95', 'predictor=null', 'views.pipelines.0.1.p=1'. */
  readonly overrides?: readonly string[];
}

/**
 * Where a configuration comes from. It starts from a preset, or from the settings of a run (`base`), or from a file that holds
 * every setting. A start that is named in several places at once is taken from the last of file, patch, overrides and
 * `preset` or `method`, of which the latter three must not contradict each other.
 */
export type ConfigSources = Layers &
  (
    | {
        /** Name of a preset: `Object.keys(presets)`. */
        readonly preset?: string;
        readonly base?: never;
      }
    | { readonly base: Config; readonly preset?: never }
  );

const SOURCES = {
  preset: option.text,
  base: option.settings,
  method: {
    accepts: (value: unknown) => ['string', 'function'].includes(typeof value),
    expected: 'a name or a function',
  },
  file: {
    accepts: (value: unknown) => option.path.accepts(value) || option.settings.accepts(value),
    expected: 'a path, or what loadConfigFile() gives',
  },
  patch: option.settings,
  overrides: option.texts,
};

/**
 * The checked configuration of a run from its sources. Throws ERR_BYOL_USAGE for sources of the wrong type, ERR_BYOL_CONFIG: a file that cannot be read (with line and
 * column), an unknown preset or method, sources that contradict each other, or a list of everything that is wrong, each with
 * its path, the nearest known name, what was expected, what was there, and where that came from.
 */
export function resolveConfig(sources: ConfigSources): Config {
  option.checkOptions('resolveConfig()', sources, SOURCES);
  const { overrides = [] } = sources;
  const given = sources.file === undefined ? undefined : configFile(sources.file);
  const file = given?.path;
  const fromFile = given === undefined ? {} : currentNames(given.settings, file);
  const patch = currentNames(sources.patch ?? {});
  const problems: Problem[] = [];
  const parsed = parseOverrides(overrides, problems);
  const named: Named = { fromFile, file, patch, overrides: parsed };
  const { start, layer } = startOf(sources, named);

  const layered = mergeLayer(mergeLayer(start, layer), patch) as Settings;
  // Whatever the layers say of their start has been heard.
  for (const key of CHOICES) {
    if (start[key] === undefined) delete layered[key];
    else layered[key] = start[key];
  }
  for (const override of parsed.filter(({ path }) => !isChoice(path))) {
    const problem = applyOverride(layered, override);
    if (problem !== undefined) problems.push(problem);
  }
  return parseConfig(layered, makeOrigin(layered, parsed, patch, fromFile, file), problems);
}

function configFile(file: string | ConfigFile): ConfigFile {
  if (typeof file !== 'string') return file;
  if (!isModule(file)) return { path: file, settings: readConfigFile(file) };
  throw new ByolError('ERR_BYOL_USAGE', `resolveConfig(): ${file} is code, which is loaded asynchronously.`, {
    hint: 'Give it as `file: await loadConfigFile(path)`.',
  });
}

/** Settings that say what the others start from. */
const CHOICES = ['preset', 'method'] as const;
type Choice = (typeof CHOICES)[number];

function isChoice(path: Path): boolean {
  return CHOICES.some((key) => path[0] === key);
}

interface Named {
  readonly fromFile: Settings;
  readonly file: string | undefined;
  readonly patch: Settings;
  readonly overrides: readonly Override[];
}

interface Chosen {
  readonly name: string;
  /** For messages; undefined: told by its own option. */
  readonly from: string | undefined;
  /** Nothing but the file says so. */
  readonly ofFile: boolean;
}

/** What everything goes over, and what is left of the file to go over it. */
function startOf(
  sources: ConfigSources,
  named: Named,
): { readonly start: Config | Settings; readonly layer: Settings } {
  const { fromFile, file } = named;
  const { base, method } = sources;
  const preset = chosen('preset', sources.preset, named);
  const recipe = chosen('method', typeof method === 'string' ? method : undefined, named);
  if (base !== undefined && (sources.preset !== undefined || (preset !== undefined && preset.name !== base.preset))) {
    const other = base.preset === undefined ? 'settings that are given whole' : `those of preset '${base.preset}'`;
    throw configError([
      { path: ['preset'], message: `the start is ${other}, it cannot be preset '${preset?.name}' as well` },
    ]);
  }
  const own = typeof method === 'function' ? method : undefined;
  if (own !== undefined && recipe !== undefined && !recipe.ofFile) {
    throw configError([{ path: ['method'], message: `given as a function and as '${recipe.name}'; one is enough` }]);
  }
  const apply = own ?? (recipe && findMethod(recipe.name, recipe.from));
  const given = base ?? (preset && findPreset(preset.name, preset.from));
  if (given !== undefined) {
    const labelled = preset === undefined ? given : { ...given, preset: preset.name };
    return { start: applied(labelled, apply, recipe), layer: fromFile };
  }
  // A file that is complete is a start itself: what it says of its method is true already.
  if (apply === undefined || recipe?.name === fromFile.method) return { start: fromFile, layer: {} };
  return {
    start: applied(
      parseConfig(fromFile, () => file),
      apply,
      recipe,
    ),
    layer: {},
  };
}

/** Settings that are of the method already stay as they are, tuned or not. */
function applied(start: Config, method: Method | undefined, recipe: Chosen | undefined): Config {
  if (method === undefined) return start;
  if (recipe === undefined) return method(start);
  return recipe.name === start.method ? start : { ...method(start), method: recipe.name };
}

/** Of an option, patch and --set, which must agree; else of the file. */
function chosen(key: Choice, option: string | undefined, named: Named): Chosen | undefined {
  const { fromFile, file, patch, overrides } = named;
  const given: Array<{ readonly value: unknown; readonly from: string | undefined }> = [];
  if (option !== undefined) given.push({ value: option, from: undefined });
  if (patch[key] !== undefined) given.push({ value: patch[key], from: undefined });
  for (const override of overrides) {
    if (override.path[0] !== key) continue;
    if (override.path.length > 1) {
      throw configError([{ path: override.path, message: `not a setting; ${key} has none of its own` }], () => '--set');
    }
    given.push({ value: overrideText(override), from: '--set' });
  }
  const [first, ...rest] = given;
  const other = rest.find(({ value }) => value !== first?.value);
  if (other !== undefined) {
    const places = [first, other].map((item) => `'${item?.value}'${item?.from === undefined ? '' : ` (${item.from})`}`);
    throw configError([{ path: [key], message: `given as ${places.join(' and as ')}; one is enough` }]);
  }
  const found = first ?? (fromFile[key] === undefined ? undefined : { value: fromFile[key], from: file });
  if (found === undefined) return undefined;
  if (typeof found.value === 'string') return { name: found.value, from: found.from, ofFile: first === undefined };
  const message = `expected the name of a ${key}, got ${JSON.stringify(found.value)}`;
  throw configError([{ path: [key], message }], () => found.from);
}

/** What cannot be read is added to `problems`. */
function parseOverrides(overrides: readonly string[], problems: Problem[]): Override[] {
  const parsed = overrides.flatMap((argument) => {
    const override = parseOverride(argument);
    if (typeof override !== 'string') return [override];
    problems.push({ path: ['--set'], message: override });
    return [];
  });
  for (const [index, { path, text }] of parsed.entries()) {
    const earlier = parsed.slice(0, index).find((item) => formatPath(item.path) === formatPath(path));
    // A group goes over what was there; anything else would replace it unseen.
    if (earlier === undefined || earlier.text === text || text.startsWith('{') || isChoice(path)) continue;
    problems.push({ path, message: `given as ${earlier.text} and as ${text}; one is enough` });
  }
  return orderOverrides(parsed);
}

/** Says of a path which source its value has come from. */
function makeOrigin(
  layered: Settings,
  overrides: readonly Override[],
  patch: Settings,
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
