import { resolve, sep } from 'node:path';
import type { Config } from '../config/schema.js';
import type { Dataset } from '../data/dataset.js';
import { datasetCheck } from '../data/given-data.js';
import { ByolError } from '../errors.js';
import { type TrainSettings, trainingConfig } from '../methods/settings.js';
import * as option from '../text/options.js';
import type { OnEvent } from './event-teller.js';

/** Where a run is kept, and how it begins and ends. */
export interface TrainOptions {
  /**
   * Images of your own: datasetFromArrays(), datasetFromIterable(). They take the place of the settings' `data`, which then says
   * `{ kind: 'custom', name, hash }`. A run that goes on is given the same ones again.
   */
  readonly data?: Dataset;
  /** The run folder. Left out: a new one, runs/NAME-N, where NAME is the method's and the preset's, N the first number that is free. */
  readonly folder?: string;
  /**
   * Go on with the run in `folder`; if there is none yet, it begins. Bit for bit as without the break on the same device with the
   * same `threads`, and with `threads: 0` if other work on the machine changes their number in neither case.
   */
  readonly resume?: boolean;
  /**
   * Replace the run that is in `folder` already, with everything that it wrote. Nothing is removed before the new run has opened its
   * images and its network; a folder that holds no run is refused as ever.
   */
  readonly overwrite?: boolean;
  /** Weights to start a new run from: a training state or an exported encoder. Nothing else of the file is used. */
  readonly initFrom?: string;
  /** Stops after the current step and saves; `result` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Called with every event, in order, also where nobody iterates: for whatever else is to hear of a run. If it returns a promise, the
   * next event comes once that is fulfilled; steps do not wait for it, `result` does. If it throws or rejects, it is not called again,
   * the run stops after the current step and saves, and `result` rejects with what it threw: as in the body of a `for await` over the
   * run. What must not end a run, as an address that cannot be reached, it catches itself.
   */
  readonly onEvent?: OnEvent;
}

/**
 * What a run is asked to do, checked before anything is loaded or written, with paths that do not depend on the working
 * directory any more. Throws ERR_BYOL_CONFIG with everything that is wrong with the settings, ERR_BYOL_USAGE for the options.
 */
export function checkRun(
  settings: TrainSettings,
  options: TrainOptions,
): { readonly config: Config; readonly options: TrainOptions } {
  option.checkOptions('train()', options, {
    folder: option.path,
    resume: option.flag,
    overwrite: option.flag,
    initFrom: option.path,
    signal: option.signal,
    onEvent: option.listener,
    data: datasetCheck,
  });
  const { folder, resume, overwrite, initFrom } = options;
  if (resume === true && initFrom !== undefined) {
    throw new ByolError(
      'ERR_BYOL_USAGE',
      'A run is either resumed, with all of its state (--resume), or new and started from weights (--init-from), not both.',
    );
  }
  if (resume === true && overwrite === true) {
    throw new ByolError(
      'ERR_BYOL_USAGE',
      'A run either goes on (--resume) or is replaced by a new one (--overwrite), not both.',
    );
  }
  if (resume === true && folder === undefined) {
    throw new ByolError('ERR_BYOL_USAGE', 'Say which run to resume: resume: true goes with folder, that of the run.');
  }
  if (overwrite === true && folder !== undefined && initFrom !== undefined && isWithin(initFrom, folder)) {
    throw new ByolError(
      'ERR_BYOL_USAGE',
      `The weights to start from, ${initFrom}, belong to the run that would be replaced. Choose another folder, or copy them first.`,
    );
  }
  const checked = trainingConfig(settings);
  return { config: checked, options: { ...options, ...(initFrom !== undefined && { initFrom: resolve(initFrom) }) } };
}

function isWithin(path: string, folder: string): boolean {
  return resolve(path).startsWith(resolve(folder) + sep);
}
