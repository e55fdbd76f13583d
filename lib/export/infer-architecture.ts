import type { NormConfig } from '../config/network.js';
import type { EncoderConfig } from '../config/schema.js';
import { ByolError } from '../errors.js';

/** The encoder's part of NormConfig. */
export type EncoderNorm = Pick<NormConfig, 'encoder' | 'groups' | 'weightStandardization' | 'decay' | 'epsilon'>;

/** What the names and shapes of a ResNet's tensors, with torchvision's names, tell of it. */
export interface InferredArchitecture {
  readonly encoder: Omit<EncoderConfig, 'padding'>;
  /** Nothing where the tensors leave several kinds: group, layer and affine norms have the same ones. */
  readonly norm: Partial<EncoderNorm>;
}

export interface TensorShapes {
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>;
}

/** Throws ERR_BYOL_CHECKPOINT, naming the file, where there is no such network, or more than one. */
export function inferArchitecture(path: string, { tensors }: TensorShapes): InferredArchitecture {
  const prefix = findPrefix(path, [...tensors.keys()]);
  const has = (name: string): boolean => tensors.has(prefix + name);
  const shape = tensors.get(`${prefix}conv1.weight`)?.shape ?? [];
  const [width = 0, , kernel] = shape;
  if (shape.length !== 4 || shape[1] !== 3 || (kernel !== 7 && kernel !== 3)) {
    throw refusal(path, `'${prefix}conv1.weight' has shape [${shape}] instead of [width, 3, 7, 7] or [width, 3, 3, 3]`);
  }
  const countWhile = (exists: (index: number) => boolean): number => {
    let count = 0;
    while (exists(count)) count += 1;
    return count;
  };
  const groups = countWhile((group) => has(`layer${group + 1}.0.conv1.weight`));
  const blocks = Array.from({ length: groups }, (_, group) =>
    countWhile((block) => has(`layer${group + 1}.${block}.conv1.weight`)),
  );
  const block = has('layer1.0.conv3.weight') ? 'bottleneck' : 'basic';
  return {
    encoder: {
      block,
      blocks,
      width,
      stem: kernel === 7 ? 'imagenet' : 'small',
      // Between bottlenecks the shapes always differ there, so that both definitions are one.
      shortcut: block === 'basic' && has('layer1.0.downsample.0.weight') ? 'official' : 'torchvision',
      // How a network begins does not matter to one that is loaded.
      initialization: 'torchvision',
      zeroInitLastNorm: false,
    },
    norm: inferNorm(has),
  };
}

function inferNorm(has: (name: string) => boolean): Partial<EncoderNorm> {
  if (has('bn1.running_mean')) return { encoder: 'batch', groups: 1, weightStandardization: false };
  return has('bn1.weight') ? {} : { encoder: 'none', groups: 1 };
}

/** As the native part finds the weights: under their own names, or all under one prefix. */
function findPrefix(path: string, names: readonly string[]): string {
  const known = new Set(names);
  const prefixes = names
    .filter((name) => name === 'conv1.weight' || name.endsWith('.conv1.weight'))
    .map((name) => name.slice(0, -'conv1.weight'.length))
    .filter((prefix) => known.has(`${prefix}layer1.0.conv1.weight`));
  const [first, second] = prefixes;
  if (first === undefined) {
    throw refusal(
      path,
      "it has no ResNet with torchvision's names, such as 'conv1.weight' and 'layer1.0.conv1.weight'",
    );
  }
  if (second !== undefined && !prefixes.includes('')) {
    throw refusal(path, `it holds several networks, under ${prefixes.map((prefix) => `'${prefix}'`).join(', ')}`);
  }
  return prefixes.includes('') ? '' : first;
}

function refusal(path: string, reason: string): ByolError {
  return new ByolError('ERR_BYOL_CHECKPOINT', `What network ${path} holds cannot be told: ${reason}.`);
}
