import { resolve } from 'node:path';
import { additions } from '../config/additions.js';
import type { ConfigPatch } from '../config/layers.js';
import { parseConfig } from '../config/parse.js';
import { type PresetName, presets } from '../config/presets/index.js';
import type { Config } from '../config/schema.js';
import * as option from '../text/options.js';
import { checkObjective } from './check.js';
import type { MethodName } from './index.js';
import type { Method } from './method.js';
import { resolveConfig } from './resolve.js';

/** A preset by name, and what goes over it; or settings that are whole. */
export type TrainSettings = Config | (Omit<ConfigPatch, 'preset' | 'method'> & StartSettings);

interface StartSettings {
  /** What the other settings go over: `Object.keys(presets)`. */
  readonly preset: PresetName;
  /** Another method's recipe on the preset: a name, or a function of one's own. */
  readonly method?: MethodName | Method;
}

/**
 * The checked configuration that a script asks for, with paths that do not depend on the working directory any more. Throws
 * ERR_BYOL_CONFIG with everything that is wrong.
 */
export function trainingConfig(settings: TrainSettings): Config {
  const config = withAbsolutePaths(wholeConfig(settings));
  checkObjective(config);
  return config;
}

/** Whole settings say what they are themselves, also of the preset that they started from; others go over it. */
function wholeConfig(settings: TrainSettings): Config {
  // What is no object at all is told so by the schema.
  if (!option.settings.accepts(settings) || isWhole(settings)) return parseConfig(settings);
  const { preset, method, ...patch } = settings;
  return resolveConfig({ preset, ...(method !== undefined && { method }), patch });
}

/** Nothing of what every configuration has is missing; names are left out, and so are settings of which older files know nothing. */
function isWhole(settings: TrainSettings): settings is Config {
  const keys = Object.keys(presets.shapes).filter((key) => key !== 'preset' && !Object.hasOwn(additions, key));
  return keys.every((key) => Object.hasOwn(settings, key));
}

/** A run is resumed and evaluated from other folders than the one that it was started in. */
function withAbsolutePaths(config: Config): Config {
  const { data } = config;
  return 'path' in data ? { ...config, data: { ...data, path: resolve(data.path) } } : config;
}
