import { projectorOutput, withClasses } from '../config/classes.js';
import { formatDifferences, resumeDifferences } from '../config/differences.js';
import type { Config } from '../config/schema.js';
import type { OpenProgress } from '../data/data-kind.js';
import { takeData } from '../data/given-data.js';
import { ByolError } from '../errors.js';
import { openResources, type TrainingResources } from '../train/resources.js';
import type { RunResult, TrainEvent } from './events.js';
import {
  type FolderState,
  inspectFolder,
  makeFolder,
  makeNumberedFolder,
  RunFolder,
  readResult,
  readRunConfig,
  removeEmpty,
  removeRun,
  runExistsError,
} from './run-folder.js';
import { lockRun } from './run-lock.js';
import { runSitting } from './sitting.js';
import type { TrainOptions } from './train-options.js';
import { checkReadable } from './weights-file.js';

/** Milliseconds between two words about the reading of photos. */
const READING_EVERY = 250;

type Emit = (event: TrainEvent) => void;

/**
 * Trains in a folder that nobody else writes to. `settings` and `options` are checked ones.
 *
 * @param stop a stop or an abort, whoever asked for it.
 */
export async function runTraining(
  settings: Config,
  options: TrainOptions,
  emit: Emit,
  stop: AbortSignal,
): Promise<RunResult> {
  options.signal?.throwIfAborted();
  const given = options.data && (await takeData(options.data));
  const config = given === undefined ? settings : { ...settings, data: given.config };
  const folder = options.folder === undefined ? null : new RunFolder(options.folder);
  if (folder !== null && (await admit(folder, config, options)) === 'finished') return finishedBefore(folder, emit);
  if (options.initFrom !== undefined) await checkReadable(options.initFrom);
  const onThreads = (threads: number, most: number): void => emit({ type: 'threads', threads, most });
  let told = 0;
  const onReading = (progress: OpenProgress): void => {
    if (performance.now() - told < READING_EVERY) return;
    told = performance.now();
    emit({ type: 'reading', ...progress });
  };
  const onBroken = (message: string): void => emit({ type: 'warning', message });
  const resources = await openResources(config, { given, onThreads, onReading, onBroken, signal: stop });
  try {
    return await inFolder(folder, resources, options, emit, stop);
  } finally {
    resources.dispose();
  }
}

async function inFolder(
  given: RunFolder | null,
  resources: TrainingResources,
  options: TrainOptions,
  emit: Emit,
  stop: AbortSignal,
): Promise<RunResult> {
  const folder = given ?? (await makeNumberedFolder(resources.config));
  const made = given === null ? folder.path : await makeFolder(folder);
  try {
    const lock = await lockRun(folder.path);
    try {
      // Once more: another process may have had the folder while the images were read.
      const state = await admit(folder, resources.config, options);
      if (state === 'finished') return await finishedBefore(folder, emit);
      if (options.overwrite === true) await removeRun(folder);
      return await runSitting({ folder, resources, options, emit, stop }, state);
    } finally {
      await lock.release();
    }
  } catch (error) {
    if (made !== undefined) await removeEmpty(folder, made);
    throw error;
  }
}

/** What is in the folder, if this run may go there. */
async function admit(folder: RunFolder, config: Config, { resume, overwrite }: TrainOptions): Promise<FolderState> {
  const state = await inspectFolder(folder);
  if (state === 'new' || overwrite === true) return 'new';
  const older = await readRunConfig(folder.path);
  const { refused } = resumeDifferences(older, withClasses(config, projectorOutput(older)));
  if (resume !== true) throw runExistsError(folder, refused);
  if (refused.length === 0) return state;
  throw new ByolError(
    'ERR_BYOL_CONFIG',
    `A resumed run goes on exactly as it began, but these settings differ:\n${formatDifferences(refused)}\n` +
      'Resume without them, or start a new run from its weights: --init-from CHECKPOINT --out DIR.',
  );
}

async function finishedBefore(folder: RunFolder, emit: Emit): Promise<RunResult> {
  emit({ type: 'warning', message: `The run in ${folder.path} is finished; there is nothing to resume.` });
  return (await readResult(folder.path)) as RunResult;
}
