import type { NativeLearner } from '../binding/native.js';
import { explainForeignFile } from './foreign-file.js';

/**
 * Starts a learner from the weights in a safetensors file: a training state of this package, its encoder.safetensors, or another
 * program's ResNet with torchvision's names, under one prefix if need be. Resolves with the file's metadata. Throws
 * ERR_BYOL_CHECKPOINT naming the file, and its tensor, where it is damaged, of another format, of another network or not
 * finite, and ERR_BYOL_IO where it cannot be read; the learner is then unchanged.
 */
export async function loadWeights(
  learner: Pick<NativeLearner, 'loadWeights'>,
  path: string,
): Promise<Record<string, string>> {
  try {
    return await learner.loadWeights(path);
  } catch (error) {
    throw explainForeignFile(path, error);
  }
}
