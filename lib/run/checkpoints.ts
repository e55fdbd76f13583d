import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { NativeLearner } from '../binding/native.js';
import { formatDifferences, resumeDifferences } from '../config/differences.js';
import { type Config, configSchema } from '../config/schema.js';
import { ByolError } from '../errors.js';
import { readSafetensorsHeader, type SafetensorsHeader } from '../export/safetensors.js';
import { ioError } from '../files/atomic-file.js';
import { type EpochSums, epochSumsSchema } from '../metrics/meter.js';

/** checkpoints/step-00001234.safetensors: everything needed to go on bit-exactly, the last few. */

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
/** At the end of a file's name that is kept for a look, and otherwise counts as gone. */
const DAMAGED = '.damaged';

/** Where a run goes on: what a checkpoint says beside its tensors. */
export interface ResumePoint {
  /** Optimiser steps done. */
  readonly step: number;
  /** Wall-clock seconds of the run so far. */
  readonly seconds: number;
  /** Of the epoch that `step` belongs to; null at the very beginning. */
  readonly sums: EpochSums | null;
}

const resumePointSchema = z.strictObject({
  step: z.int().nonnegative(),
  seconds: z.number(),
  sums: epochSumsSchema.nullable(),
});

/** One that cannot be read, and why. */
export interface Damaged {
  readonly path: string;
  readonly reason: string;
}

/** What a run goes on from, and what had to be passed over for it. */
export interface Found {
  readonly point: ResumePoint;
  readonly damaged: readonly Damaged[];
}

/** The file is not what was saved. */
class DamagedFile extends ByolError {
  constructor(message: string, options: ErrorOptions = {}) {
    super('ERR_BYOL_CHECKPOINT', message, options);
  }
}

export class Checkpoints {
  readonly #folder: string;
  readonly #config: Config;

  constructor(folder: string, config: Config) {
    this.#folder = folder;
    this.#config = config;
  }

  /** Saves, then deletes all but the newest `keep`. Throws ERR_BYOL_IO; the older ones are then untouched. */
  async save(learner: NativeLearner, point: ResumePoint, keep: number): Promise<string> {
    const path = join(this.#folder, checkpointName(point.step));
    await this.#write(learner, path, point);
    const older = (await this.list()).filter((entry) => entry.step !== point.step);
    for (const { path: old } of older.slice(0, Math.max(0, older.length - (keep - 1)))) await remove(old);
    return path;
  }

  /** The state that a diverged learner froze at. Not among those that a resumed run looks at: it would diverge again. */
  async saveLastGood(learner: NativeLearner, point: ResumePoint): Promise<string> {
    const path = join(this.#folder, `last-good-step-${point.step}.safetensors`);
    await this.#write(learner, path, point);
    return path;
  }

  /** Oldest first. */
  async list(): Promise<Array<{ readonly path: string; readonly step: number }>> {
    return (await this.#names())
      .flatMap((name) => {
        const match = /^step-(\d+)\.safetensors$/.exec(name);
        return match === null ? [] : [{ path: join(this.#folder, name), step: Number(match[1]) }];
      })
      .sort((a, b) => a.step - b.step);
  }

  /**
   * Loads the newest checkpoint that is whole, and changes nothing in the folder. null: there is none yet. Throws
   * ERR_BYOL_CHECKPOINT if one is of another run, or if there are some and none is whole.
   *
   * @param classes of the data: an online classifier with others does not fit.
   */
  async loadNewest(learner: NativeLearner, classes: number): Promise<Found | null> {
    const candidates = (await this.list()).reverse();
    const damaged: Damaged[] = [];
    for (const { path, step } of candidates) {
      try {
        return { point: await this.#load(learner, path, step, classes), damaged };
      } catch (error) {
        // Others, of the device, of memory or of the disk, say nothing about the file.
        if (!(error instanceof DamagedFile)) throw error;
        damaged.push({ path, reason: error.message });
      }
    }
    if (candidates.length === 0 && !(await this.#names()).some((name) => name.endsWith(DAMAGED))) return null;
    throw new ByolError(
      'ERR_BYOL_CHECKPOINT',
      `None of the checkpoints in ${this.#folder} can be used${damaged[0] === undefined ? '' : `: ${damaged[0].reason}`} ` +
        'Delete that folder to begin at step 0 again, or start a new run with --init-from and other weights.',
    );
  }

  /** Takes damaged checkpoints out of the series: they would count as the newest again, and push good ones out. */
  async setAside(damaged: readonly Damaged[]): Promise<void> {
    for (const { path } of damaged) {
      await rename(path, `${path}${DAMAGED}`).catch((reason) => {
        throw ioError(path, 'rename', reason);
      });
    }
  }

  /** Deletes what a process left that was killed while it saved. */
  async removeUnfinished(): Promise<void> {
    for (const name of await this.#names()) if (name.endsWith('.tmp')) await remove(join(this.#folder, name));
  }

  async #load(learner: NativeLearner, path: string, step: number, classes: number): Promise<ResumePoint> {
    let metadata: Record<string, string>;
    try {
      metadata = await learner.load(path);
    } catch (error) {
      if (!(error instanceof ByolError) || error.code !== 'ERR_BYOL_CHECKPOINT') throw error;
      if ([NOT_WHOLE, NOT_FINITE].some((words) => error.message.includes(words)))
        throw new DamagedFile(error.message, { cause: error });
      // It is whole: what it says of itself tells more than the first tensor that does not fit.
      const header = readSafetensorsHeader(path);
      this.#refuseOther(path, header.metadata);
      refuseOtherClasses(path, header, this.#config.onlineProbe ? classes : 0);
      throw error;
    }
    this.#refuseOther(path, metadata);
    if (metadata['version'] === VERSION && metadata[CHECKSUM] === undefined) {
      throw new DamagedFile(`${path} has lost its checksum; it is damaged or has been changed.`);
    }
    return parseResumePoint(path, metadata, step);
  }

  /** A whole file that belongs elsewhere keeps its name: it is the folder that was mistaken. */
  #refuseOther(path: string, metadata: Readonly<Record<string, string>>): void {
    const { format, version } = metadata;
    if (format !== FORMAT || (version !== VERSION && version !== VERSION_WITHOUT_CHECKSUM)) {
      const found = `"${format ?? 'unknown'}" version ${version ?? 'unknown'}`;
      throw new ByolError('ERR_BYOL_CHECKPOINT', `${path} is ${found}, expected "${FORMAT}" version ${VERSION}.`);
    }
    const config = configOf(metadata);
    const refused = config === null ? [] : resumeDifferences(config, this.#config).refused;
    if (refused.length === 0) return;
    throw new ByolError(
      'ERR_BYOL_CHECKPOINT',
      `${path} is of a run with other settings:\n${formatDifferences(refused)}\nMove it out of the folder.`,
    );
  }

  async #write(learner: NativeLearner, path: string, point: ResumePoint): Promise<void> {
    try {
      await mkdir(this.#folder);
    } catch (error) {
      // Not recursively: where the run folder has been deleted, half of one would come back.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw ioError(this.#folder, 'make', error);
    }
    await learner.save(path, {
      format: FORMAT,
      version: VERSION,
      config: JSON.stringify(this.#config),
      progress: JSON.stringify(point),
    });
  }

  async #names(): Promise<string[]> {
    try {
      return await readdir(this.#folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw ioError(this.#folder, 'open', error);
    }
  }
}

export function checkpointName(step: number): string {
  return `step-${String(step).padStart(8, '0')}.safetensors`;
}

/** null: it has none, or one that this version cannot read. */
function configOf({ config }: Readonly<Record<string, string>>): Config | null {
  try {
    return configSchema().safeParse(JSON.parse(config ?? '')).data ?? null;
  } catch {
    return null;
  }
}

/**
 * The settings of the run that a checkpoint is of, by its file's metadata; null: it is no checkpoint. Throws ERR_BYOL_CHECKPOINT
 * for settings that this version cannot read.
 */
export function checkpointConfig(path: string, metadata: Readonly<Record<string, string>>): Config | null {
  if (metadata['format'] !== FORMAT) return null;
  const config = configOf(metadata);
  if (config !== null) return config;
  throw new ByolError('ERR_BYOL_CHECKPOINT', `${path} does not say of which network it is the state.`);
}

function refuseOtherClasses(path: string, { tensors }: SafetensorsHeader, classes: number): void {
  const found = tensors.get(CLASSIFIER)?.shape[0] ?? 0;
  if (found === classes) return;
  throw new ByolError(
    'ERR_BYOL_CHECKPOINT',
    `${path} was trained on images of ${found} classes, and these have ${classes}. Give the folder with the run's own images: --data PATH.`,
  );
}

function parseResumePoint(path: string, metadata: Record<string, string>, step: number): ResumePoint {
  try {
    const point = resumePointSchema.parse(JSON.parse(metadata['progress'] ?? ''));
    if (point.step === step) return point;
  } catch {
    // The same error below: whatever is wrong with it, it is not what `save` wrote.
  }
  throw new DamagedFile(`${path} does not say what step ${step} needs; it has been changed.`);
}

async function remove(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    throw ioError(path, 'delete', error);
  }
}
