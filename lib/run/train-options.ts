import { resolve } from 'node:path';
import * as option from '../config/options.js';
import { parseConfig } from '../config/parse.js';
import type { Config } from '../config/schema.js';
import { ByolError } from '../errors.js';
import { checkObjective } from '../methods/check.js';

export interface TrainOptions {
  /** The run folder. Left out: a new one, runs/NAME-N, where NAME is the method's and the preset's, N the first number that is free. */
  readonly out?: string;
  /**
   * Go on with the run in `out`; if there is none yet, it begins. Bit for bit as without the break on the same device with the
   * same `threads`, and with `threads: 0` if other work on the machine changes their number in neither case.
   */
  readonly resume?: boolean;
  /** Weights to start a new run from: a training state or an exported encoder. Nothing else of the file is used. */
  readonly initFrom?: string;
  /** Stops after the current step and saves; `result` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * What a run is asked to do, checked before anything is loaded or written, with paths that do not depend on the working
 * directory any more. Throws ERR_BYOL_CONFIG with everything that is wrong with the settings, ERR_BYOL_USAGE for the options.
 */
export function checkRun(
  config: Config,
  options: TrainOptions,
): { readonly config: Config; readonly options: TrainOptions } {
  option.checkOptions('train()', options, {
    out: option.path,
    resume: option.flag,
    initFrom: option.path,
    signal: option.signal,
  });
  const { out, resume, initFrom } = options;
  if (resume === true && initFrom !== undefined) {
    throw new ByolError(
      'ERR_BYOL_USAGE',
      'A run is either resumed, with all of its state (--resume), or new and started from weights (--init-from), not both.',
    );
  }
  if (resume === true && out === undefined) {
    throw new ByolError(
      'ERR_BYOL_USAGE',
      'Say which run to resume: resume: true goes with out, the folder of the run.',
    );
  }
  const checked = withAbsolutePaths(parseConfig(config));
  checkObjective(checked);
  return { config: checked, options: { ...options, ...(initFrom !== undefined && { initFrom: resolve(initFrom) }) } };
}

/** A run is resumed and evaluated from other folders than the one that it was started in. */
function withAbsolutePaths(config: Config): Config {
  const { data } = config;
  return 'path' in data ? { ...config, data: { ...data, path: resolve(data.path) } } : config;
}
