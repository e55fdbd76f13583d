import { ByolError } from '../../errors.js';
import { ImportProblem } from '../problem.js';
import { isSameArray } from '../stored-array.js';
import { haikuNames } from './haiku-names.js';
import type { Arrays, NamedNetwork, Shapes } from './naming.js';
import { sequentialNames } from './sequential-names.js';
import { torchvisionNames } from './torchvision-names.js';
import { transformersNames } from './transformers-names.js';

const NAMINGS = [torchvisionNames, sequentialNames, transformersNames, haikuNames];

const KINDS = ['online', 'target'] as const;

/** Which network of a file that holds several: the one that is trained, its moving average, or the one whose names begin so. */
export type Branch = 'online' | 'target' | (string & {});

export interface ChosenNetwork {
  readonly network: NamedNetwork;
  /** Null: it is the only one, or the one that was asked for by its name. */
  readonly kind: (typeof KINDS)[number] | null;
  /** Those that were not taken. */
  readonly others: readonly string[];
}

/** Methods have two, and programs keep copies. */
const MOST_NETWORKS = 32;
/** Words of methods for a moving average, between points and underlines. */
const TARGET = /(^|[._/])(momentum|target|teacher|ema|averaged|shadow|k|key)([._/]|$)/i;
/** Moments of an optimiser have the names of the parameters that they are of. */
const OPTIMIZER = /(^|[._/])(opt|optimizer|optimizers|optim|exp_avg|exp_avg_sq|mu|nu|grads?)([._/]|$)/i;

/**
 * The network to take. Several copies of the same tensors are one. Throws ImportProblem where there is none, ERR_BYOL_USAGE where
 * there are several of the kind that is asked for, or none that is.
 */
export function chooseNetwork(path: string, arrays: Arrays, asked: Branch | undefined): ChosenNetwork {
  const all = findNetworks(arrays);
  if (all.length === 0) throw noNetwork(arrays);
  const choose = (network: NamedNetwork, kind: ChosenNetwork['kind']): ChosenNetwork => ({
    network,
    kind,
    others: all.filter((each) => each !== network).map(({ branch }) => branch),
  });
  const wanted = KINDS.find((each) => each === asked);
  if (asked !== undefined && wanted === undefined) {
    const named = all.find(({ branch }) => branch === asked.replace(/\.$/, ''));
    if (named !== undefined) return choose(named, null);
    throw usage(`${path} has no network under '${asked}'`, all);
  }
  const [target, online] = [all.filter(isTarget), all.filter((network) => !isTarget(network))];
  const kind = wanted ?? (online.length > 0 ? 'online' : 'target');
  const fitting = kind === 'online' ? online : target;
  const [first, ...more] = fitting;
  if (first === undefined) throw usage(`${path} has no ${kind} network`, all);
  const others = more.filter((network) => !isSameNetwork(first, network));
  if (others.length > 0) throw usage(`${path} has several networks, and it is not said which is meant`, fitting);
  return choose(first, all.length === 1 && wanted === undefined ? null : kind);
}

/** Whether there is one network with torchvision's names, and so no question which. */
export function hasOneNetwork(shapes: Shapes): boolean {
  return torchvisionNames.prefixes(shapes).length === 1;
}

/** Whether there is a network with names that only this folder knows. */
export function hasForeignNames(shapes: Shapes): boolean {
  if (torchvisionNames.prefixes(shapes).length > 0) return false;
  return NAMINGS.some(({ prefixes }) => prefixes(shapes).length > 0);
}

function findNetworks(arrays: Arrays): NamedNetwork[] {
  const places = NAMINGS.flatMap((naming) =>
    naming.prefixes(arrays).flatMap((prefix) => (OPTIMIZER.test(prefix) ? [] : [{ naming, prefix }])),
  );
  if (places.length > MOST_NETWORKS) throw new ImportProblem(`it holds more than ${MOST_NETWORKS} networks`);
  return places.map(({ naming, prefix }) => naming.read(arrays, prefix));
}

function isTarget({ branch }: NamedNetwork): boolean {
  return TARGET.test(branch);
}

function isSameNetwork(a: NamedNetwork, b: NamedNetwork): boolean {
  if (a.tensors.size !== b.tensors.size) return false;
  return [...a.tensors].every(([name, { array }]) => {
    const other = b.tensors.get(name)?.array;
    return other !== undefined && isSameArray(array, other);
  });
}

function noNetwork(arrays: Arrays): ImportProblem {
  const names = [...arrays.keys()];
  const shown = names.slice(0, 4).map((name) => `'${name}'`);
  const list = `${shown.join(', ')}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ''}`;
  return new ImportProblem(
    `it has no ResNet with torchvision's names, nor with those of transformers, lightly or Haiku; it has ${list || 'no tensors at all'}`,
  );
}

function usage(problem: string, networks: readonly NamedNetwork[]): ByolError {
  const list = networks.map(({ branch }) => `'${branch}'`).join(', ');
  return new ByolError('ERR_BYOL_USAGE', `${problem}: there are ${list}.`, {
    hint: "Say which: byol import --branch NAME; Encoder.load(path, { branch: 'NAME' }).",
  });
}
