import type { StoredArray } from '../stored-array.js';

/** Whose names a network's tensors have. */
export type NamingName = 'torchvision' | 'sequential' | 'transformers' | 'haiku';

/** A tensor with torchvision's layout, and its name in the file. */
export interface NamedTensor {
  readonly array: StoredArray;
  readonly source: string;
}

/** A ResNet's tensors as they stand in a file, by torchvision's names. */
export interface NamedNetwork {
  readonly naming: NamingName;
  /** What its names begin with, which tells it from others in the file: "state_dict.backbone". Empty where there is nothing. */
  readonly branch: string;
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  /** Names of its body that are of no ResNet that is known. */
  readonly strange: readonly string[];
}

export type Arrays = ReadonlyMap<string, StoredArray>;

/** All that it takes to see what networks there are. */
export type Shapes = ReadonlyMap<string, { readonly shape: readonly number[] }>;

/** A way to name the tensors of a ResNet. */
export interface Naming {
  readonly name: NamingName;
  /** What the names of each such network, whole or not, begin with. */
  readonly prefixes: (arrays: Shapes) => string[];
  readonly read: (arrays: Arrays, prefix: string) => NamedNetwork;
}

/** Where names end so, what they begin with. */
export function prefixesOf(arrays: Shapes, end: string): string[] {
  return [...arrays.keys()]
    .filter((name) => name === end || name.endsWith(`.${end}`))
    .map((name) => name.slice(0, name.length - end.length));
}

/** `rename`: torchvision's name of a name behind the prefix; null: not of the body, undefined: of the body, but unknown. */
export function networkUnder(
  arrays: Arrays,
  naming: NamingName,
  prefix: string,
  rename: (own: string) => string | null | undefined,
): NamedNetwork {
  const tensors = new Map<string, NamedTensor>();
  const strange: string[] = [];
  for (const [source, array] of arrays) {
    if (!source.startsWith(prefix)) continue;
    const name = rename(source.slice(prefix.length));
    if (name === undefined || (name !== null && tensors.has(name))) strange.push(source);
    else if (name !== null) tensors.set(name, { array, source });
  }
  return { naming, branch: prefix.replace(/\.$/, ''), tensors, strange };
}

const OF_NORM = '(?:weight|bias|running_mean|running_var|num_batches_tracked)';
/** Names of a block's tensors, without the block's: torchvision's, and lightly's where it says "shortcut". */
const IN_BLOCK = new RegExp(`^(conv[123]|bn[123]|(?:downsample|shortcut)\\.[01])\\.(${OF_NORM})$`);

/** torchvision's name of a tensor in a block; undefined: it has none. */
export function blockTensor(own: string): string | undefined {
  return IN_BLOCK.test(own) ? own.replace(/^shortcut\./, 'downsample.') : undefined;
}

export const STEM_TENSOR = new RegExp(`^(?:conv1|bn1)\\.${OF_NORM}$`);
