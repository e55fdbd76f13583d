import { blockTensor, type Naming, networkUnder, prefixesOf, type Shapes } from './naming.js';

/** Where the first group of blocks stands behind ReLU and pool. */
const WITH_POOL = 4;

/**
 * A ResNet whose children stand in an nn.Sequential, as lightly's examples make it: 0 is the first convolution, 1 its norm, then ReLU
 * and pool, which have no tensors and may be absent, then the groups of blocks.
 */
export const sequentialNames: Naming = {
  name: 'sequential',
  prefixes: (arrays) => prefixesOf(arrays, '0.weight').filter((prefix) => firstGroup(arrays, prefix) !== null),
  read: (arrays, prefix) => {
    const first = firstGroup(arrays, prefix) ?? WITH_POOL;
    const network = networkUnder(arrays, 'sequential', prefix, renameFrom(first));
    const kernel = arrays.get(`${prefix}0.weight`)?.shape[3];
    // After a 7x7 convolution a pool follows.
    return first < WITH_POOL && kernel === 7 ? { ...network, strange: [`${prefix}${first}.0.conv1.weight`] } : network;
  },
};

/** The child that is the first group of blocks; null: it is no such network. */
function firstGroup(arrays: Shapes, prefix: string): number | null {
  const colours = arrays.get(`${prefix}0.weight`)?.shape;
  if (colours?.length !== 4 || colours[1] !== 3 || !arrays.has(`${prefix}1.weight`)) return null;
  return [2, 3, WITH_POOL].find((child) => arrays.has(`${prefix}${child}.0.conv1.weight`)) ?? null;
}

function renameFrom(first: number): (own: string) => string | null | undefined {
  return (own) => {
    const [, child, rest = ''] = /^(\d+)\.(.+)$/.exec(own) ?? [];
    if (child === undefined) return null;
    if (child === '0') return `conv1.${rest}`;
    if (child === '1') return `bn1.${rest}`;
    const [, block, inner = ''] = /^(\d+)\.(.+)$/.exec(rest) ?? [];
    if (block === undefined) return null;
    const name = blockTensor(inner);
    return name === undefined ? undefined : `layer${Number(child) - first + 1}.${block}.${name}`;
  };
}
