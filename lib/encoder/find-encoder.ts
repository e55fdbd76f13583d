import { stat } from 'node:fs/promises';
import type { NativeEncoder } from '../binding/native.js';
import { ByolError } from '../errors.js';
import {
  describeConfig,
  describeFile,
  describeNetwork,
  describesItself,
  type EncoderDescription,
  type NetworkOptions,
  refine,
} from '../export/encoder-description.js';
import { readSafetensorsHeader } from '../export/safetensors.js';
import { checkpointFormat, withCheckpoint } from '../import/checkpoint.js';
import { findForeignEncoder } from '../import/foreign-encoder.js';
import { loadForeign, loadWeights } from '../import/load-weights.js';
import { type Branch, hasOneNetwork } from '../import/networks/choose-network.js';
import { RunFolder, readRunConfig } from '../run/run-folder.js';
import { type LoadedWeights, loadRunWeights } from '../run/run-weights.js';
import { checkReadable } from '../run/weights-file.js';
import { stateConfig } from '../train/training-state.js';

interface FindOptions extends NetworkOptions {
  readonly branch?: Branch | undefined;
}

/** A network as it is to be made, and what fills it. */
export interface FoundEncoder {
  readonly description: EncoderDescription;
  load(network: NativeEncoder): Promise<LoadedWeights>;
}

/** What is at a path: the folder of a run, a training state, or a file of weights. Throws as Encoder.load(). */
export async function findEncoder(path: string, options: FindOptions): Promise<FoundEncoder> {
  if (await isFolder(path)) {
    refuseBranch(path, options.branch);
    const config = await readRunConfig(path);
    return {
      description: refine(path, describeConfig(config), options),
      load: (network) => loadRunWeights(network, new RunFolder(path), config),
    };
  }
  await checkReadable(path);
  if (await isForeign(path, options)) return findForeign(path, options);
  const header = readSafetensorsHeader(path);
  const config = stateConfig(path, header.metadata);
  return {
    description: config === null ? describeFile(path, header, options) : refine(path, describeConfig(config), options),
    load: async (network) => ({ path, metadata: await loadWeights(network, path) }),
  };
}

/** Of several networks with torchvision's names in a safetensors file, the one that is trained may be told by their names. */
async function isForeign(path: string, { branch }: FindOptions): Promise<boolean> {
  const format = await checkpointFormat(path);
  if (format !== 'safetensors') return format !== null;
  const header = readSafetensorsHeader(path);
  if (describesItself(header) || stateConfig(path, header.metadata) !== null) {
    refuseBranch(path, branch);
    return false;
  }
  return branch !== undefined || !hasOneNetwork(header.tensors);
}

function refuseBranch(path: string, branch: Branch | undefined): void {
  if (branch === undefined) return;
  throw new ByolError('ERR_BYOL_USAGE', `${path} is of this package, and has no other branch than its encoder.`);
}

async function findForeign(path: string, { branch, ...options }: FindOptions): Promise<FoundEncoder> {
  return withCheckpoint(path, async (checkpoint) => {
    const foreign = findForeignEncoder(checkpoint, branch);
    return {
      description: describeNetwork(path, foreign, foreign.defaults, options),
      load: async (network) => ({ path, metadata: await loadForeign(network, path, branch) }),
    };
  });
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}
