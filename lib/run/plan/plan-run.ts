import { mkdtemp, rm, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Config } from '../../config/schema.js';
import type { OpenProgress } from '../../data/data-kind.js';
import { describeData } from '../../data/data-record.js';
import type { GivenData } from '../../data/given-data.js';
import { readData } from '../../data/kinds/index.js';
import { ByolError } from '../../errors.js';
import { measureMatrixRate } from '../../train/matrix-rate.js';
import { openResources, type TrainingResources } from '../../train/resources.js';
import { saveState } from '../../train/training-state.js';
import { evaluationRates, evaluationWork } from './evaluation-time.js';
import { extrapolate, type Trial, tryRealSteps } from './trial.js';

/** What a run with some settings would take, from a few of its own steps. Times in seconds, sizes in bytes. */
export interface RunPlan {
  readonly config: Config;
  readonly device: string;
  readonly precision: 'float32' | 'bfloat16';
  readonly threads: number;
  readonly images: number;
  readonly testImages: number;
  readonly classes: readonly string[];
  /** Images of an optimiser step. */
  readonly batch: number;
  readonly stepsPerEpoch: number;
  readonly steps: number;
  readonly parameters: number;
  /** Floating-point operations of the whole training. */
  readonly flop: number;
  /** The steps that were taken; `batch` images each, or fewer where the whole step was too large to be tried. */
  readonly measured: readonly Trial[];
  /** Of a step of the run. */
  readonly step: Trial;
  readonly seconds: { readonly training: number; readonly evaluation: number; readonly saving: number };
  /** What the steps need at most, of what the device has. */
  readonly memory: { readonly needed: number; readonly total: number };
  /** null: a training state could not be written to try it. */
  readonly disk: { readonly checkpoint: number; readonly needed: number; readonly free: number } | null;
  /** What is worth knowing before it starts: sentences. */
  readonly notes: readonly string[];
}

/** How planRun() tries steps, and what it tells meanwhile. */
export interface RunPlanOptions {
  /** Where the run would be: of its disk the free bytes are told. The working folder if left out. */
  readonly folder?: string;
  /** That the steps are tried for. 10 if left out. */
  readonly seconds?: number;
  /** Photos are being found. */
  readonly onReading?: (progress: OpenProgress) => void;
  /** Images of the steps of a trial, and the part of its time that is over. */
  readonly onStep?: (images: number, part: number) => void;
  /** Told of every photo that turns out to be broken, in whose place another one is taken: a sentence. */
  readonly onBroken?: (message: string) => void;
  readonly signal?: AbortSignal;
}

/** Sizes of trials where the run's own step is too large for one: of every network that this trains they take seconds. */
const SMALL = 8;
const LARGE = 24;
/** A whole step that is expected to take longer is not tried, in seconds. */
const LONGEST_STEP = 6;
/** Of a matrix product's rate, what a step reaches at least: for a first guess. */
const LEAST_SHARE = 0.1;

/**
 * Measures a few steps of a run on its own images, with all that belongs to a step, and says what the whole would take. Writes nothing
 * that stays. A step that is too large for a trial is expected from two smaller ones. Throws what train() throws before its first step.
 */
export async function planRun(config: Config, options: RunPlanOptions = {}): Promise<RunPlan> {
  const { seconds = 10, signal, onReading, onBroken = () => {}, onStep = () => {}, folder = '.' } = options;
  const data = await readData(config.data, { onProgress: onReading, signal });
  const given: GivenData = { data, record: await describeData(data), config: config.data };
  const open = (asked: Config): Promise<TrainingResources> => openResources(asked, { given, onBroken, signal });
  const attempt = async (asked: Config, most: number): Promise<Trial> => {
    const resources = await open(asked);
    try {
      return await tryRealSteps(resources, most, signal, onStep);
    } finally {
      resources.dispose();
    }
  };

  const whole = await open(config);
  try {
    const { native, resolved, info, sampler, schedule, learner, train, test, classNames } = whole;
    const rate = await measureMatrixRate(native, resolved);
    const guess = rate === null ? 0 : whole.flop / (rate * LEAST_SHARE);
    const measured: Trial[] = [];
    let step: Trial;
    // Before the trials: the evaluation of a network that has never been trained is as fast as that of any other.
    const work = evaluationWork(whole);
    const rates =
      work.embedded === 0
        ? { perImage: 0, perProbeStep: 0 }
        : await evaluationRates(whole, trialRows(guess / sampler.rows), signal);
    const state = await trySaving(whole, config);
    if (guess <= LONGEST_STEP) {
      step = await tryRealSteps(whole, seconds, signal, onStep);
      measured.push(step);
    } else {
      for (const rows of [SMALL, LARGE]) {
        measured.push(
          await attempt({ ...config, batchSize: Math.min(rows, config.batchSize), accumulate: 1 }, seconds / 2),
        );
      }
      const [small, large] = measured as [Trial, Trial];
      // Micro-batches come one after the other: memory is that of one.
      const one = extrapolate(small, large, config.batchSize);
      step = { ...one, images: sampler.rows, seconds: one.seconds * config.accumulate };
    }
    const memory = await native.deviceMemory(resolved.device);
    const saves = savesOf(config, step.seconds * schedule.steps);
    const plan = {
      config: whole.config,
      ...resolved,
      threads: info.threads,
      images: train.count,
      testImages: test?.count ?? 0,
      classes: classNames,
      batch: sampler.rows,
      stepsPerEpoch: sampler.epochs.perEpoch,
      steps: schedule.steps,
      parameters: learner.encoderParameters,
      flop: whole.flop * schedule.steps,
      measured,
      step,
      seconds: {
        training: step.seconds * schedule.steps,
        evaluation: work.embedded * rates.perImage + work.probeSteps * rates.perProbeStep,
        saving: saves * (state?.seconds ?? 0),
      },
      memory: { needed: step.memory, total: memory.total },
      disk: state && {
        checkpoint: state.bytes,
        // One more is written before the oldest goes.
        needed: state.bytes * (config.checkpoint.keep + 1),
        free: await freeBytes(folder),
      },
    };
    return { ...plan, notes: notesOf(plan, data.notes ?? []) };
  } finally {
    whole.dispose();
  }
}

/** How often a training of so many seconds saves its state. */
function savesOf({ epochs, checkpoint }: Config, seconds: number): number {
  const byEpochs = checkpoint.everyEpochs === 0 ? 0 : Math.floor(epochs / checkpoint.everyEpochs);
  const byTime = checkpoint.everyMinutes === 0 ? 0 : Math.floor(seconds / 60 / checkpoint.everyMinutes);
  return Math.max(byEpochs, byTime) + 1;
}

/** Images whose evaluation takes as long as a small trial, of which each takes at most so many seconds of training. */
function trialRows(seconds: number): number {
  return seconds === 0 ? Number.POSITIVE_INFINITY : Math.max(SMALL, Math.floor(LONGEST_STEP / seconds));
}

/** What a training state takes; null where there is no room for one in the system's folder for such files. */
async function trySaving(
  { learner }: TrainingResources,
  config: Config,
): Promise<{ readonly bytes: number; readonly seconds: number } | null> {
  const dir = await mkdtemp(path.join(tmpdir(), 'byol-plan-')).catch(() => null);
  if (dir === null) return null;
  try {
    const file = path.join(dir, 'state.safetensors');
    const began = performance.now();
    await saveState(learner, file, config, { step: 0, seconds: 0, sums: null });
    return { bytes: (await stat(file)).size, seconds: (performance.now() - began) / 1000 };
  } catch (error) {
    if (error instanceof ByolError && error.code === 'ERR_BYOL_IO') return null;
    throw error;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Of the disk of a folder that need not be there yet. */
async function freeBytes(folder: string): Promise<number> {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const found = await statfs(at).catch(() => null);
    if (found !== null) return found.bavail * found.bsize;
    if (at === path.dirname(at)) return 0;
  }
}

function notesOf({ memory, disk, device, config }: Omit<RunPlan, 'notes'>, data: readonly string[]): string[] {
  const notes = [...data];
  if (memory.needed > memory.total) {
    notes.push(
      `It does not fit into the memory ${device === 'cpu' ? 'of this machine' : `of ${device}`}. Smaller parts of a step do: ` +
        `--batch-size ${Math.max(1, Math.floor(config.batchSize / 2 ** Math.ceil(Math.log2(memory.needed / memory.total))))} --accumulate with the factor; ` +
        'batch normalisation then sees one part at a time.',
    );
  }
  if (disk !== null && disk.needed > disk.free)
    notes.push('The disk of the run has too little room for its checkpoints.');
  return notes;
}
