import { type StoredArray, transposed } from '../stored-array.js';
import type { Arrays, NamedNetwork, NamedTensor, Naming } from './naming.js';

/**
 * Haiku's names of its ResNets (haiku/_src/nets/resnet.py, byol-facts 6.2), as in the authors' checkpoints: parameters
 * "online_params.res_net50/~/block_group_0/~/block_0/~/conv_0.w" and, beside them, running averages
 * "online_state.res_net50/~/initial_batchnorm/~/mean_ema.average".
 */
export const haikuNames: Naming = {
  name: 'haiku',
  prefixes: (arrays) =>
    [...arrays.keys()].flatMap((name) => {
      const [, prefix] = /^((?:.*\.)?[^.]+\/~\/)initial_conv(?:_\d+)?\.w$/.exec(name) ?? [];
      return prefix === undefined ? [] : [prefix];
    }),
  read: (arrays, prefix) => {
    const [, branch = '', module = ''] = /^(?:(.*)\.)?([^.]+)$/.exec(prefix) ?? [];
    return networkOf(arrays, branch, module);
  },
};

function networkOf(arrays: Arrays, branch: string, module: string): NamedNetwork {
  const tensors = new Map<string, NamedTensor>();
  const strange: string[] = [];
  const body = (root: string): string => `${root === '' ? '' : `${root}.`}${module}`;
  for (const prefix of new Set([body(branch), body(stateOf(branch))])) {
    for (const [source, array] of arrays) {
      if (!source.startsWith(prefix)) continue;
      const name = rename(source.slice(prefix.length));
      if (name === undefined) strange.push(source);
      else if (name !== null) tensors.set(name, { array: inTorchvisionLayout(name, array), source });
    }
  }
  return { naming: 'haiku', branch, tensors, strange };
}

/** Where the running averages are of the parameters there. */
function stateOf(branch: string): string {
  return branch.replace(/params$/, 'state');
}

const LEAVES = new Map([
  ['w', 'weight'],
  ['scale', 'weight'],
  ['offset', 'bias'],
]);
const AVERAGES = { mean_ema: 'running_mean', var_ema: 'running_var' } as const;

function rename(own: string): string | null | undefined {
  const found = /^(.+)\.(\w+)$/.exec(own);
  if (found === null) return undefined;
  const [, path = '', leaf = ''] = found;
  // The head of a classifier.
  if (path === 'logits') return null;
  const average = /^(.+)\/~\/(mean_ema|var_ema)$/.exec(path);
  const layer = layerName(average?.[1] ?? path);
  if (layer === undefined) return undefined;
  if (average === null) {
    const name = LEAVES.get(leaf);
    return name === undefined ? undefined : `${layer}.${name}`;
  }
  // `average` is what the network computes with; `hidden` is the sum before its bias towards the start is taken out.
  const kind = average[2] as keyof typeof AVERAGES;
  if (leaf === 'average') return `${layer}.${AVERAGES[kind]}`;
  return leaf === 'counter' && kind === 'mean_ema' ? `${layer}.num_batches_tracked` : null;
}

/** "block_group_1/~/block_0/~/conv_2" -> "layer2.0.conv3". */
function layerName(path: string): string | undefined {
  const stem = /^initial_(conv|batchnorm)(?:_\d+)?$/.exec(path);
  if (stem !== null) return stem[1] === 'conv' ? 'conv1' : 'bn1';
  const block = /^block_group_(\d+)\/~\/block_(\d+)\/~\/(?:(conv|batchnorm)_(\d)|shortcut_(conv|batchnorm))$/.exec(
    path,
  );
  if (block === null) return undefined;
  const [, group, index, kind, number, shortcut] = block;
  const place = `layer${Number(group) + 1}.${index}`;
  if (shortcut !== undefined) return `${place}.downsample.${shortcut === 'conv' ? 0 : 1}`;
  return `${place}.${kind === 'conv' ? 'conv' : 'bn'}${Number(number) + 1}`;
}

/** Kernels are [height, width, in, out] there, and channels the last of four axes. */
function inTorchvisionLayout(name: string, array: StoredArray): StoredArray {
  const kernel = /conv\d|downsample\.0/.test(name);
  if (kernel) return array.shape.length === 4 ? transposed(array, [3, 2, 0, 1]) : array;
  const channels = array.shape.length > 1 && array.shape.slice(0, -1).every((size) => size === 1);
  return channels ? { ...array, shape: array.shape.slice(-1), strides: array.strides.slice(-1) } : array;
}
