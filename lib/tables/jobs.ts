import { loadNative } from '../binding/load.js';
import { canonicalJson } from '../config/hash.js';
import type { Config } from '../config/schema.js';
import { resolveDevice } from '../methods/learner-spec.js';
import { measureTogether } from '../run/child/measure-together.js';
import type { Speed } from '../run/child/messages.js';
import { isOfThisPackage } from '../run/child/train-in-child.js';
import { availableCores } from '../train/available-cores.js';

/** How many runs go on at once. */

/** Runs at once, and the threads of each; of one run at a time, in this process, `threads` are as its settings say. */
export interface Jobs {
  readonly jobs: number;
  readonly threads: number;
  /** Images a second of both ways, where they were measured: all jobs added up, and one run with all threads. */
  readonly measured: { readonly together: number; readonly alone: number } | null;
}

/** One after the other, in this process. */
export const ONE_BY_ONE: Jobs = { jobs: 1, threads: 0, measured: null };

export interface JobsOptions {
  /** This many, without a measurement. On a GPU, or with data of the caller's own, it is one at a time all the same. */
  readonly asked: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** Called before a measurement. */
  readonly onMeasure: () => void;
}

/** Seconds of steps of each way, twice in turn: other work only ever slows, so the faster one counts. */
const MEASURED_SECONDS = 2.5;
const ROUNDS = 2;
/** Of the memory that is free now, what the runs may take. */
const MEMORY_PART = 0.8;

/** Of networks that were measured already in this process: a table's base is the next one's too. */
const known = new Map<string, Jobs>();

/**
 * On a processor, short runs of small networks go on faster as several processes with few threads each than as one with all of
 * them: every operation of a step waits for the slowest of its threads. How much depends on network and machine, so it is measured:
 * once for each network in a process.
 *
 * @param runs that are left.
 */
export async function chooseJobs(
  config: Config,
  runs: number,
  { asked, signal, onMeasure }: JobsOptions,
): Promise<Jobs> {
  if (runs < 2 || asked === 1 || !isOfThisPackage(config)) return ONE_BY_ONE;
  const native = loadNative();
  if (resolveDevice(config.device, native.info()) !== 'cpu') return ONE_BY_ONE;
  const cores = availableCores();
  if (asked !== undefined) return shareOut(Math.min(asked, runs), cores);
  if (cores < 2) return ONE_BY_ONE;
  const most = shareOut(Math.min(cores, runs), cores);
  const key = keyOf(config, most);
  const before = known.get(key);
  if (before !== undefined) return before;
  onMeasure();
  const { free } = await native.deviceMemory('cpu');
  const chosen = await measured(config, most, MEMORY_PART * free, signal);
  known.set(key, chosen);
  return chosen;
}

function shareOut(jobs: number, cores: number): Jobs {
  return { jobs, threads: Math.max(1, Math.floor(cores / jobs)), measured: null };
}

async function measured(config: Config, most: Jobs, bytes: number, signal: AbortSignal | undefined): Promise<Jobs> {
  const speedOf = (jobs: number, threads: number): Promise<Speed> =>
    measureTogether(config, { jobs, threads, seconds: MEASURED_SECONDS }, signal);
  const rates = { together: 0, alone: 0 };
  let fitting = most;
  for (let round = 0; round < ROUNDS; round += 1) {
    const alone = await speedOf(1, config.threads);
    const jobs = Math.min(fitting.jobs, Math.floor(bytes / alone.memory));
    if (jobs < 2) return ONE_BY_ONE;
    fitting = shareOut(jobs, most.jobs * most.threads);
    const together = await speedOf(fitting.jobs, fitting.threads);
    rates.alone = Math.max(rates.alone, alone.imagesPerSecond);
    rates.together = Math.max(rates.together, together.imagesPerSecond);
  }
  return { ...(rates.together > rates.alone ? fitting : ONE_BY_ONE), measured: rates };
}

/** By what a step's time depends on. */
function keyOf(
  { encoder, norm, projector, predictor, views, batchSize, accumulate, precision }: Config,
  { jobs }: Jobs,
): string {
  return canonicalJson({ encoder, norm, projector, predictor, views, batchSize, accumulate, precision, jobs });
}
