import { access } from 'node:fs/promises';
import type { NativeEncoder } from '../binding/native.js';
import type { Config } from '../config/schema.js';
import { ByolError } from '../errors.js';
import { loadWeights } from '../import/load-weights.js';
import { Checkpoints } from './checkpoints.js';
import type { RunFolder } from './run-folder.js';

export interface LoadedWeights {
  /** The file that they came from. */
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * A run's encoder: encoder.safetensors of a finished one, or else the newest checkpoint that can be read. Throws ERR_BYOL_RUN
 * where there is neither, and as loadWeights().
 */
export async function loadRunWeights(
  network: Pick<NativeEncoder, 'loadWeights'>,
  folder: RunFolder,
  config: Config,
): Promise<LoadedWeights> {
  const load = async (path: string): Promise<LoadedWeights> => ({ path, metadata: await loadWeights(network, path) });
  if (await exists(folder.encoder)) return load(folder.encoder);
  const newestFirst = (await new Checkpoints(folder.checkpoints, config).list()).reverse();
  let failure: unknown = new ByolError(
    'ERR_BYOL_RUN',
    `There are no weights in ${folder.path} yet: neither encoder.safetensors nor a checkpoint.`,
  );
  for (const { path } of newestFirst) {
    try {
      return await load(path);
    } catch (error) {
      // The newest may be damaged, and a run that goes on meanwhile deletes old ones: the next one will do. What else can
      // happen, to the device, the memory or the disk, says nothing about the file.
      const unusable = error instanceof ByolError && error.code === 'ERR_BYOL_CHECKPOINT';
      if (!unusable && (await exists(path))) throw error;
      failure = error;
    }
  }
  throw failure;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
