import { nearest } from '../config/nearest.js';
import type { Config } from '../config/schema.js';
import { ByolError } from '../errors.js';
import { meanTeacher } from './mean-teacher.js';
import type { Method } from './method.js';
import { mocoV1, mocoV2 } from './moco.js';
import { simclr } from './simclr.js';
import { simsiam } from './simsiam.js';
import { supervised } from './supervised.js';

/** Every method over the same learner. BYOL is what the presets are. */
export const methods = {
  byol: ((base) => base) as Method,
  simclr,
  'moco-v1': mocoV1,
  'moco-v2': mocoV2,
  simsiam,
  'mean-teacher': meanTeacher,
  supervised,
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
  return Object.hasOwn(TITLES, method) ? TITLES[method as MethodName] : method;
}

/** A method by its name. Throws ERR_BYOL_CONFIG naming the nearest one and all there are. */
export function findMethod(name: string): Method {
  if (Object.hasOwn(methods, name)) return methods[name as MethodName];
  const near = nearest(name, methodNames);
  const meant = near === undefined ? '' : ` Did you mean '${near}'?`;
  throw new ByolError('ERR_BYOL_CONFIG', `There is no method '${name}'.${meant} There are: ${methodNames.join(', ')}.`);
}
