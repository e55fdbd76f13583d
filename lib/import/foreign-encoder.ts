import { imagenetStatistics } from '../config/presets/shared.js';
import type { EncoderConfig } from '../config/schema.js';
import type { NetworkOptions } from '../export/encoder-description.js';
import { type EncoderNorm, inferArchitecture } from '../export/infer-architecture.js';
import type { WrittenTensor } from '../export/safetensors-writer.js';
import type { Checkpoint, CheckpointFormat } from './checkpoint.js';
import { type Branch, chooseNetwork } from './networks/choose-network.js';
import type { Arrays, NamedNetwork, NamedTensor, NamingName } from './networks/naming.js';
import { checkTensors, refuseStrange, resnetTensors } from './networks/resnet-tensors.js';
import { ImportProblem } from './problem.js';
import { elementCount, readFloats, type StoredArray } from './stored-array.js';
import { checkTransformersConfig } from './transformers-config.js';

/** Where an encoder comes from. */
export interface EncoderOrigin {
  readonly format: CheckpointFormat;
  /** Whose names its tensors have. */
  readonly naming: NamingName;
  /** Which of the networks in the file: what its names begin with. */
  readonly branch: string;
  /** Whether that is the trained network or its moving average; null: there is no other. */
  readonly kind: 'online' | 'target' | null;
  /** Networks that were left. */
  readonly others: readonly string[];
  /** "step", "epoch", ... as the file says. */
  readonly progress: Readonly<Record<string, number>>;
}

/** An encoder in another program's checkpoint. */
export interface ForeignEncoder {
  readonly encoder: Omit<EncoderConfig, 'padding'>;
  readonly norm: Partial<EncoderNorm>;
  /** What those who write such files compute with. */
  readonly defaults: NetworkOptions;
  readonly origin: EncoderOrigin;
  /** By torchvision's names; values are read, and checked, when they are made. */
  readonly tensors: readonly WrittenTensor[];
}

/** PyTorch's own, which all of its ResNets have. */
const pytorchNetwork = {
  padding: 'symmetric',
  norm: { epsilon: 1e-5, weightStandardization: false },
} as const satisfies NetworkOptions;

/** The official repository's: networks.py, dataset.py (byol-facts 1.1, 1.3, 4.1). */
const officialNetwork = {
  padding: 'same',
  norm: { epsilon: 1e-5, weightStandardization: false },
  inputSize: 224,
  ...imagenetStatistics,
  resampling: 'bicubic',
  antialias: false,
  transform: 'official',
} as const satisfies NetworkOptions;

/**
 * The ResNet in a checkpoint. Throws ImportProblem where there is none, or one that this package does not have, naming the first
 * tensors that do not fit, and ERR_BYOL_USAGE where it has to be said which one is meant.
 */
export function findForeignEncoder(checkpoint: Checkpoint, branch: Branch | undefined): ForeignEncoder {
  const { path, arrays, format, progress } = checkpoint;
  const { network, kind, others } = chooseNetwork(path, arrays, branch);
  const shapes = new Map([...network.tensors].map(([name, { array }]) => [name, { shape: array.shape }]));
  refuseStrange(network);
  if (network.naming === 'transformers') checkTransformersConfig(path);
  const { encoder, norm } = inferArchitecture(path, { tensors: shapes });
  const norms = { parameters: norm.encoder !== 'none', statistics: norm.encoder === 'batch' };
  const expected = resnetTensors(encoder, norms);
  checkTensors(network, expected);
  return {
    encoder,
    norm,
    defaults: { ...defaultsOf(network, format), ...(encoder.stem === 'small' && smallStem(network, arrays)) },
    origin: { format, naming: network.naming, branch: network.branch, kind, others, progress },
    tensors: writtenTensors(network, expected),
  };
}

/** Only PyTorch writes its pickles; safetensors with torchvision's names may be of any program. */
function defaultsOf({ naming }: NamedNetwork, format: CheckpointFormat): NetworkOptions {
  if (naming === 'haiku') return officialNetwork;
  const anybody = naming === 'torchvision' && (format === 'safetensors' || format === 'pickle');
  return anybody ? {} : pytorchNetwork;
}

/**
 * solo-learn's networks for CIFAR pad their first convolution by 2 pixels (solo/methods/base.py). No tensor says so; what tells its
 * checkpoints is the classifier that stands beside the backbone of each of its methods.
 */
function smallStem({ branch }: NamedNetwork, arrays: Arrays): NetworkOptions {
  const [, parent = '', backbone] = /^(.*\.)?(?:momentum_)?(backbone|encoder)$/.exec(branch) ?? [];
  return backbone !== undefined && arrays.has(`${parent}classifier.weight`) ? { stem: 'small-padded' } : {};
}

function writtenTensors({ tensors }: NamedNetwork, expected: ReadonlyMap<string, readonly number[]>): WrittenTensor[] {
  return [...expected].flatMap(([name, shape]): WrittenTensor[] => {
    const tensor = tensors.get(name) as NamedTensor;
    const values: WrittenTensor = {
      name,
      type: 'F32',
      shape,
      bytes: 4 * elementCount(shape),
      make: () => finiteValues(tensor, name),
    };
    if (!name.endsWith('.running_var')) return [values];
    const counter = name.replace(/running_var$/, 'num_batches_tracked');
    const found = tensors.get(counter);
    return found === undefined ? [values] : [values, countOf(counter, found.array)];
  });
}

function countOf(name: string, array: StoredArray): WrittenTensor {
  const make = (): Uint8Array => {
    const [count = 0] = elementCount(array.shape) === 1 ? readFloats(array) : [];
    return new Uint8Array(BigInt64Array.of(Number.isInteger(count) && count > 0 ? BigInt(count) : 0n).buffer);
  };
  return { name, type: 'I64', shape: [], bytes: 8, make };
}

function finiteValues({ array, source }: NamedTensor, name: string): Uint8Array {
  if (!/^(F|BF)/.test(array.type)) throw new ImportProblem(`its tensor '${source}' has whole numbers (${array.type})`);
  const values = readFloats(array);
  const positive = name.endsWith('.running_var');
  for (const value of values) {
    if (!Number.isFinite(value)) throw new ImportProblem(`its tensor '${source}' has values that are not finite`);
    if (positive && value < 0) throw new ImportProblem(`its tensor '${source}' has variances below 0`);
  }
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
