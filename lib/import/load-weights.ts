import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NativeLearner } from '../binding/native.js';
import { ByolError } from '../errors.js';
import { explainForeignFile } from '../export/foreign-file.js';
import { readSafetensorsHeader } from '../export/safetensors.js';
import { writeSafetensors } from '../export/safetensors-writer.js';
import { checkpointFormat, withCheckpoint } from './checkpoint.js';
import { findForeignEncoder } from './foreign-encoder.js';
import { type Branch, hasForeignNames } from './networks/choose-network.js';
import { originMetadata } from './origin-metadata.js';

type Loading = Pick<NativeLearner, 'loadWeights'>;

/**
 * Starts a learner from the weights in a file: a training state of this package, its encoder.safetensors, another program's ResNet
 * with torchvision's names in a safetensors file, under one prefix if need be, or any checkpoint that `byol import` reads. Resolves
 * with the file's metadata. Throws ERR_BYOL_CHECKPOINT naming the file, and its tensor, where it is damaged, of another format, of
 * another network or not finite, and ERR_BYOL_IO where it cannot be read; the learner is then unchanged.
 */
export async function loadWeights(learner: Loading, path: string): Promise<Record<string, string>> {
  if (await isForeign(path)) return loadForeign(learner, path, undefined);
  try {
    return await learner.loadWeights(path);
  } catch (error) {
    throw explainForeignFile(path, error);
  }
}

/** Whether the addon cannot load it as it is, and this folder may. */
async function isForeign(path: string): Promise<boolean> {
  const format = await checkpointFormat(path).catch(() => null);
  if (format !== 'safetensors') return format !== null;
  try {
    return hasForeignNames(readSafetensorsHeader(path).tensors);
  } catch {
    return false;
  }
}

/** The same of another program's checkpoint; `branch` as in findForeignEncoder(). */
export async function loadForeign(
  learner: Loading,
  path: string,
  branch: Branch | undefined,
): Promise<Record<string, string>> {
  // By way of a file, so that no more than one tensor is twice in memory: a ResNet-200 2x has a gigabyte.
  const folder = await mkdtemp(join(tmpdir(), 'byol-import-'));
  const file = join(folder, 'encoder.safetensors');
  try {
    await withCheckpoint(path, async (checkpoint) => {
      const { tensors, origin } = findForeignEncoder(checkpoint, branch);
      await writeSafetensors(file, tensors, originMetadata(path, origin));
    });
    return await learner.loadWeights(file);
  } catch (error) {
    // What the addon says of the file is of the one that it was made from.
    if (!(error instanceof ByolError) || !error.message.includes(file)) throw error;
    throw new ByolError(error.code, error.message.replaceAll(file, path), { cause: error });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
