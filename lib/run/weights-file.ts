import { open, stat } from 'node:fs/promises';
import { ioError } from '../files/atomic-file.js';
import { loadWeights } from '../import/load-weights.js';
import { learnerSpec } from '../methods/learner-spec.js';
import { classesOf, type TrainingResources } from '../train/resources.js';

/** The file that a run starts from, looked at before anything is written. */

/** Whether it is there: at once, before the images are read. Throws ERR_BYOL_IO. */
export async function checkReadable(path: string): Promise<void> {
  try {
    // Not by opening it: a pipe would be waited for.
    if (!(await stat(path)).isFile()) throw new Error('it is not a file');
    await (await open(path, 'r')).close();
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw ioError(path, 'read the weights', missing ? new Error('it does not exist', { cause: error }) : error);
  }
}

/**
 * Whether a run can start from the weights in a file, tried on a network of its own: the run's is still to be measured as it
 * was drawn. Throws ERR_BYOL_CHECKPOINT, ERR_BYOL_IO.
 */
export async function tryWeights(
  { native, config, resolved, train, classNames }: TrainingResources,
  path: string,
): Promise<void> {
  const learner = new native.Learner(learnerSpec(config, resolved, classesOf(train, classNames)));
  try {
    await loadWeights(learner, path);
  } finally {
    learner.dispose();
  }
}
