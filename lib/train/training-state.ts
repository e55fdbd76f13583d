import { z } from 'zod';
import type { NativeLearner } from '../binding/native.js';
import { formatDifferences, resumeDifferences } from '../config/differences.js';
import { type Config, configSchema } from '../config/schema.js';
import { ByolError } from '../errors.js';
import { readSafetensorsHeader, type SafetensorsHeader } from '../export/safetensors.js';
import { type EpochSums, epochSumsSchema } from '../metrics/meter.js';

/** A training state: one safetensors file with everything that is needed to go on bit-exactly. */

const FORMAT = 'byol-torch training state';
/** 2: with a checksum, which the addon writes and compares. */
const VERSION = '2';
const VERSION_WITHOUT_CHECKSUM = '1';
const CHECKSUM = 'byol-torch.checksum';
/** Of the online classifier: classes x features. */
const CLASSIFIER = 'online.own.classifier.weight';
/** What the addon says of a file that is not whole (native/core/io/tensor_file.cpp), and of no other. */
const NOT_WHOLE = ' is truncated, damaged or ';
/** And of one whose numbers are lost (native/core/ssl/learner_state.cpp): the steps after it would be, too. */
const NOT_FINITE = ' not finite ';

/** Where training goes on: what a training state says beside its tensors. */
export interface ResumePoint {
  /** Optimiser steps done. */
  readonly step: number;
  /** Wall-clock seconds of the training so far. */
  readonly seconds: number;
  /** Of the epoch that `step` belongs to; null at the very beginning. */
  readonly sums: EpochSums | null;
}

const resumePointSchema = z.strictObject({
  step: z.int().nonnegative(),
  seconds: z.number(),
  sums: epochSumsSchema.nullable(),
});

/** The file is not what was saved. */
export class DamagedStateError extends ByolError {
  constructor(message: string, options: ErrorOptions = {}) {
    super('ERR_BYOL_CHECKPOINT', message, options);
  }
}

/** Atomically. Throws ERR_BYOL_IO. */
export async function saveState(
  learner: NativeLearner,
  path: string,
  config: Config,
  point: ResumePoint,
): Promise<void> {
  await learner.save(path, {
    format: FORMAT,
    version: VERSION,
    config: JSON.stringify(config),
    progress: JSON.stringify(point),
  });
}

/**
 * Loads a state into a learner of these settings. Throws DamagedStateError where the file is not what was saved,
 * ERR_BYOL_CHECKPOINT where it is of another format, network or run, ERR_BYOL_IO; the learner is then unchanged.
 *
 * @param classes of the training images: an online classifier with others does not fit.
 */
export async function loadState(
  learner: NativeLearner,
  path: string,
  config: Config,
  classes: number,
): Promise<ResumePoint> {
  let metadata: Record<string, string>;
  try {
    metadata = await learner.load(path);
  } catch (error) {
    if (!(error instanceof ByolError) || error.code !== 'ERR_BYOL_CHECKPOINT') throw error;
    if ([NOT_WHOLE, NOT_FINITE].some((words) => error.message.includes(words)))
      throw new DamagedStateError(error.message, { cause: error });
    // It is whole: what it says of itself tells more than the first tensor that does not fit.
    const header = readSafetensorsHeader(path);
    refuseOther(path, header.metadata, config);
    refuseOtherClasses(path, header, config.onlineProbe ? classes : 0);
    throw error;
  }
  refuseOther(path, metadata, config);
  if (metadata['version'] === VERSION && metadata[CHECKSUM] === undefined) {
    throw new DamagedStateError(`${path} has lost its checksum; it is damaged or has been changed.`);
  }
  return resumePointOf(path, metadata);
}

/**
 * The settings of the training that a state is of, by its file's metadata; null: it is no training state. Throws
 * ERR_BYOL_CHECKPOINT for settings that this version cannot read.
 */
export function stateConfig(path: string, metadata: Readonly<Record<string, string>>): Config | null {
  if (metadata['format'] !== FORMAT) return null;
  const config = configOf(metadata);
  if (config !== null) return config;
  throw new ByolError('ERR_BYOL_CHECKPOINT', `${path} does not say of which network it is the state.`);
}

/** A whole file that belongs elsewhere is no damaged one. */
function refuseOther(path: string, metadata: Readonly<Record<string, string>>, config: Config): void {
  const { format, version } = metadata;
  if (format !== FORMAT || (version !== VERSION && version !== VERSION_WITHOUT_CHECKSUM)) {
    const found = `"${format ?? 'unknown'}" version ${version ?? 'unknown'}`;
    throw new ByolError('ERR_BYOL_CHECKPOINT', `${path} is ${found}, expected "${FORMAT}" version ${VERSION}.`);
  }
  const older = configOf(metadata);
  const refused = older === null ? [] : resumeDifferences(older, config).refused;
  if (refused.length === 0) return;
  throw new ByolError(
    'ERR_BYOL_CHECKPOINT',
    `${path} is of a run with other settings:\n${formatDifferences(refused)}\nMove it out of the folder.`,
  );
}

/** null: it has none, or one that this version cannot read. */
function configOf({ config }: Readonly<Record<string, string>>): Config | null {
  try {
    return configSchema().safeParse(JSON.parse(config ?? '')).data ?? null;
  } catch {
    return null;
  }
}

function refuseOtherClasses(path: string, { tensors }: SafetensorsHeader, classes: number): void {
  const found = tensors.get(CLASSIFIER)?.shape[0] ?? 0;
  if (found === classes) return;
  throw new ByolError(
    'ERR_BYOL_CHECKPOINT',
    `${path} was trained on images of ${found} classes, and these have ${classes}. Give the folder with the run's own images: --data PATH.`,
  );
}

function resumePointOf(path: string, metadata: Record<string, string>): ResumePoint {
  try {
    return resumePointSchema.parse(JSON.parse(metadata['progress'] ?? ''));
  } catch {
    throw new DamagedStateError(`${path} does not say where to go on; it has been changed.`);
  }
}
