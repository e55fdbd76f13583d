import { stat } from 'node:fs/promises';
import type { NativeEncoder } from '../binding/native.js';
import {
  describeConfig,
  describeFile,
  type EncoderDescription,
  type NetworkOptions,
  refine,
} from '../export/encoder-description.js';
import { loadWeights } from '../export/load-weights.js';
import { readSafetensorsHeader } from '../export/safetensors.js';
import { RunFolder, readRunConfig } from '../run/run-folder.js';
import { type LoadedWeights, loadRunWeights } from '../run/run-weights.js';
import { checkReadable } from '../run/weights-file.js';
import { stateConfig } from '../train/training-state.js';

/** A network as it is to be made, and what fills it. */
export interface FoundEncoder {
  readonly description: EncoderDescription;
  load(network: NativeEncoder): Promise<LoadedWeights>;
}

/** What is at a path: the folder of a run, a training state, or a file of weights. Throws as Encoder.load(). */
export async function findEncoder(path: string, options: NetworkOptions): Promise<FoundEncoder> {
  if (await isFolder(path)) {
    const config = await readRunConfig(path);
    return {
      description: refine(path, describeConfig(config), options),
      load: (network) => loadRunWeights(network, new RunFolder(path), config),
    };
  }
  await checkReadable(path);
  const header = readSafetensorsHeader(path);
  const config = stateConfig(path, header.metadata);
  return {
    description: config === null ? describeFile(path, header, options) : refine(path, describeConfig(config), options),
    load: async (network) => ({ path, metadata: await loadWeights(network, path) }),
  };
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}
