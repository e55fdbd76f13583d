import { parseConfig } from '../config/parse.js';
import type { Config } from '../config/schema.js';
import { ByolError } from '../errors.js';
import { nearest } from '../text/nearest.js';
import { byol } from './byol.js';
import { meanTeacher } from './mean-teacher.js';
import { byolOf, type Method, type MethodDefinition } from './method.js';
import { mocoV1, mocoV2 } from './moco.js';
import { simclr } from './simclr.js';
import { simsiam } from './simsiam.js';
import { supervised } from './supervised.js';

const BUILT_IN = [byol, simclr, mocoV1, mocoV2, simsiam, meanTeacher, supervised] as const;

/** 'byol', 'simclr', 'moco-v2', ...: the methods of this package. */
export type MethodName = (typeof BUILT_IN)[number]['name'];

const registered = new Map<string, MethodDefinition>(BUILT_IN.map((method) => [method.name, method]));

/**
 * Every method of this package over the same learner. The result does not depend on the method that the base was of, and is
 * checked: ERR_BYOL_CONFIG where a recipe does not go with the base.
 */
export const methods = Object.fromEntries(BUILT_IN.map((method) => [method.name, recipeOf(method)])) as Readonly<
  Record<MethodName, Method>
>;

/** BYOL first. */
export const methodNames: readonly MethodName[] = BUILT_IN.map(({ name }) => name);

/** Every method that there is, those of this package first. */
export function methodDefinitions(): readonly MethodDefinition[] {
  return [...registered.values()];
}

/**
 * Makes a method of one's own known by its name, for `method` in settings and `--method`. Throws ERR_BYOL_USAGE if another has
 * that name.
 */
export function registerMethod(definition: MethodDefinition): void {
  const { name } = definition;
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) {
    throw new ByolError(
      'ERR_BYOL_USAGE',
      `A method's name is of small letters, digits and single dashes, not '${name}'.`,
    );
  }
  if (registered.has(name) && registered.get(name) !== definition) {
    throw new ByolError('ERR_BYOL_USAGE', `There is a method '${name}' already; choose another name.`);
  }
  registered.set(name, definition);
}

/** As its authors write it; what a configuration calls itself otherwise. */
export function methodTitle({ method = 'byol' }: Pick<Config, 'method'>): string {
  return registered.get(method)?.title ?? method;
}

export function isMethodName(name: string): boolean {
  return registered.has(name);
}

/** A method by its name. Throws ERR_BYOL_CONFIG naming the nearest one and all there are. `from`: where the name was given. */
export function findMethod(name: string, from?: string): Method {
  const found = registered.get(name);
  if (found !== undefined) return recipeOf(found);
  const names = [...registered.keys()];
  const near = nearest(name, names);
  const meant = near === undefined ? '' : ` Did you mean '${near}'?`;
  const where = from === undefined ? '' : ` (${from})`;
  throw new ByolError(
    'ERR_BYOL_CONFIG',
    `There is no method '${name}'${where}.${meant} There are: ${names.join(', ')}.`,
  );
}

/** BYOL's own settings need no name. */
function recipeOf({ name, recipe }: MethodDefinition): Method {
  return (base) => {
    const settings = recipe(byolOf(base));
    return parseConfig(name === byol.name ? settings : { ...settings, method: name });
  };
}
