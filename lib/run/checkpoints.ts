import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { NativeLearner } from '../binding/native.js';
import type { Config } from '../config/schema.js';
import { ByolError } from '../errors.js';
import { ioError } from '../files/atomic-file.js';
import { DamagedStateError, loadState, type ResumePoint, saveState } from '../train/training-state.js';

/** checkpoints/step-00001234.safetensors: training states, the last few. */

/** At the end of a file's name that is kept for a look, and otherwise counts as gone. */
const DAMAGED = '.damaged';

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
        if (!(error instanceof DamagedStateError)) throw error;
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
    const point = await loadState(learner, path, this.#config, classes);
    if (point.step === step) return point;
    throw new DamagedStateError(`${path} does not say what step ${step} needs; it has been changed.`);
  }

  async #write(learner: NativeLearner, path: string, point: ResumePoint): Promise<void> {
    try {
      await mkdir(this.#folder);
    } catch (error) {
      // Not recursively: where the run folder has been deleted, half of one would come back.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw ioError(this.#folder, 'make', error);
    }
    await saveState(learner, path, this.#config, point);
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

async function remove(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    throw ioError(path, 'delete', error);
  }
}
