import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { NativeLearner } from '../binding/native.js';
import type { Config } from '../config/schema.js';
import { ioError } from '../data/atomic-file.js';
import { ByolError } from '../errors.js';
import { type EpochSums, epochSumsSchema } from './epoch-meter.js';

/** checkpoints/step-00001234.safetensors: everything needed to go on bit-exactly, the last few. */

const FORMAT = 'byol-torch training state';
const VERSION = '1';

/** What a checkpoint says beside its tensors. */
export interface Progress {
  /** Optimiser steps done. */
  readonly step: number;
  /** Wall-clock seconds of the run so far. */
  readonly seconds: number;
  /** Of the epoch that `step` belongs to; null at the very beginning. */
  readonly sums: EpochSums | null;
}

const progressSchema = z.strictObject({
  step: z.int().nonnegative(),
  seconds: z.number(),
  sums: epochSumsSchema.nullable(),
});

export class Checkpoints {
  readonly #folder: string;
  readonly #config: Config;

  constructor(folder: string, config: Config) {
    this.#folder = folder;
    this.#config = config;
  }

  /** Saves, then deletes all but the newest `keep`. Throws ERR_BYOL_IO; the older ones are then untouched. */
  async save(learner: NativeLearner, progress: Progress, keep: number): Promise<string> {
    const path = join(this.#folder, checkpointName(progress.step));
    await this.#write(learner, path, progress);
    const older = (await this.list()).filter((entry) => entry.step !== progress.step);
    for (const { path: old } of older.slice(0, Math.max(0, older.length - (keep - 1)))) await remove(old);
    return path;
  }

  /** The state that a diverged learner froze at. Not among those that a resumed run looks at: it would diverge again. */
  async saveLastGood(learner: NativeLearner, progress: Progress): Promise<string> {
    const path = join(this.#folder, `last-good-step-${progress.step}.safetensors`);
    await this.#write(learner, path, progress);
    return path;
  }

  /** Oldest first. */
  async list(): Promise<Array<{ readonly path: string; readonly step: number }>> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw ioError(this.#folder, 'open', error);
    });
    return names
      .flatMap((name) => {
        const match = /^step-(\d+)\.safetensors$/.exec(name);
        return match === null ? [] : [{ path: join(this.#folder, name), step: Number(match[1]) }];
      })
      .sort((a, b) => a.step - b.step);
  }

  /**
   * Loads the newest checkpoint that is whole; damaged ones are named to `warn`. null: there is none yet. Throws
   * ERR_BYOL_CHECKPOINT if there are some and none can be used.
   */
  async loadNewest(learner: NativeLearner, warn: (message: string) => void): Promise<Progress | null> {
    await this.#removeUnfinished();
    const candidates = (await this.list()).reverse();
    for (const { path, step } of candidates) {
      try {
        return parseProgress(path, await learner.load(path), step);
      } catch (error) {
        if (!(error instanceof ByolError) || error.code !== 'ERR_BYOL_CHECKPOINT') throw error;
        // Out of the series: it would count as the newest again, and push good ones out.
        await rename(path, `${path}.damaged`).catch((reason) => {
          throw ioError(path, 'rename', reason);
        });
        warn(
          `The checkpoint ${path} cannot be used and is now called *.damaged; the one before it is tried. ${error.message}`,
        );
      }
    }
    if (candidates.length === 0) return null;
    throw new ByolError(
      'ERR_BYOL_CHECKPOINT',
      `None of the checkpoints in ${this.#folder} can be used (${candidates.length} tried). Delete that folder to begin at ` +
        'step 0 again, or start a new run with --init-from and other weights.',
    );
  }

  async #write(learner: NativeLearner, path: string, progress: Progress): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true });
    } catch (error) {
      throw ioError(this.#folder, 'make', error);
    }
    await learner.save(path, {
      format: FORMAT,
      version: VERSION,
      config: JSON.stringify(this.#config),
      progress: JSON.stringify(progress),
    });
  }

  /** What a process left that was killed while it saved. */
  async #removeUnfinished(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names) if (name.endsWith('.tmp')) await remove(join(this.#folder, name));
  }
}

export function checkpointName(step: number): string {
  return `step-${String(step).padStart(8, '0')}.safetensors`;
}

function parseProgress(path: string, metadata: Record<string, string>, step: number): Progress {
  if (metadata['format'] !== FORMAT || metadata['version'] !== VERSION) {
    const found = `"${metadata['format'] ?? 'unknown'}" version ${metadata['version'] ?? 'unknown'}`;
    throw new ByolError('ERR_BYOL_CHECKPOINT', `${path} is ${found}, expected "${FORMAT}" version ${VERSION}.`);
  }
  try {
    const progress = progressSchema.parse(JSON.parse(metadata['progress'] ?? ''));
    if (progress.step === step) return progress;
  } catch {
    // The same error below: whatever is wrong with it, it is not what `save` wrote.
  }
  throw new ByolError('ERR_BYOL_CHECKPOINT', `${path} does not say what step ${step} needs; it has been changed.`);
}

async function remove(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    throw ioError(path, 'delete', error);
  }
}
