import { parseConfig } from '../config/parse.js';
import type { Config } from '../config/schema.js';
import { ByolError } from '../errors.js';
import { nearest } from '../text/nearest.js';
import { meanTeacher } from './mean-teacher.js';
import { byolOf, type Method } from './method.js';
import { mocoV1, mocoV2 } from './moco.js';
import { simclr } from './simclr.js';
import { simsiam } from './simsiam.js';
import { supervised } from './supervised.js';

/**
 * Every method over the same learner. BYOL is what the presets are. The result does not depend on the method that the base was
 * of, and is checked: ERR_BYOL_CONFIG where a recipe does not go with the base.
 */
export const methods = {
  byol: recipe((base) => base),
  simclr: recipe(simclr),
  'moco-v1': recipe(mocoV1),
  'moco-v2': recipe(mocoV2),
  simsiam: recipe(simsiam),
  'mean-teacher': recipe(meanTeacher),
  supervised: recipe(supervised),
} as const satisfies Readonly<Record<string, Method>>;

export type MethodName = keyof typeof methods;
export const methodNames = Object.keys(methods) as MethodName[];

const TITLES: Readonly<Record<MethodName, string>> = {
  byol: 'BYOL',
  simclr: 'SimCLR',
  'moco-v1': 'MoCo v1',
  'moco-v2': 'MoCo v2',
  simsiam: 'SimSiam',
  'mean-teacher': 'Mean Teacher',
  supervised: 'Supervised',
};

/** As its authors write it; what a configuration calls itself otherwise. */
export function methodTitle({ method = 'byol' }: Pick<Config, 'method'>): string {
  return isMethodName(method) ? TITLES[method] : method;
}

export function isMethodName(name: string): name is MethodName {
  return Object.hasOwn(methods, name);
}

/** A method by its name. Throws ERR_BYOL_CONFIG naming the nearest one and all there are. `from`: where the name was given. */
export function findMethod(name: string, from?: string): Method {
  if (isMethodName(name)) return methods[name];
  const near = nearest(name, methodNames);
  const meant = near === undefined ? '' : ` Did you mean '${near}'?`;
  const where = from === undefined ? '' : ` (${from})`;
  throw new ByolError(
    'ERR_BYOL_CONFIG',
    `There is no method '${name}'${where}.${meant} There are: ${methodNames.join(', ')}.`,
  );
}

function recipe(method: Method): Method {
  return (base) => parseConfig(method(byolOf(base)));
}
