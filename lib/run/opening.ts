import { canonicalJson } from '../config/hash.js';
import { dataDifferences } from '../data/data-record.js';
import { ByolError } from '../errors.js';
import { writeJson } from '../files/json-file.js';
import { loadWeights } from '../import/load-weights.js';
import { labelWarnings } from '../train/label-warnings.js';
import { classesOf, type TrainingResources } from '../train/resources.js';
import type { ResumePoint } from '../train/training-state.js';
import type { Checkpoints, Damaged } from './checkpoints.js';
import type { Environment } from './environment.js';
import type { TrainEvent } from './events.js';
import { readMetrics } from './metrics-file.js';
import type { RunEvaluator } from './run-evaluator.js';
import {
  type BaselineFile,
  type EnvironmentFile,
  type RunFolder,
  readBaseline,
  readDataRecord,
  readEnvironment,
  removeUnfinished,
} from './run-folder.js';
import { tryWeights } from './weights-file.js';

export interface OpeningOptions {
  /** Locked. */
  readonly folder: RunFolder;
  readonly resources: TrainingResources;
  /** Of now. */
  readonly environment: Environment;
  readonly checkpoints: Checkpoints;
  readonly evaluator: RunEvaluator;
  readonly emit: (event: TrainEvent) => void;
  readonly stop: AbortSignal;
}

/** Where a sitting's steps begin. */
export interface Opened {
  readonly baseline: BaselineFile;
  readonly from: ResumePoint;
}

const BEGINNING: ResumePoint = { step: 0, seconds: 0, sums: null };

/** A new run in an empty folder. config.json comes first, so that the folder says what it is from then on. */
export async function beginRun(options: OpeningOptions, initFrom: string | null): Promise<Opened> {
  const { folder, resources, environment } = options;
  if (initFrom !== null) await tryWeights(resources, initFrom);
  await writeJson(folder.config, resources.config);
  await writeJson(folder.environment, { ...environment, initFrom, resumed: [] } satisfies EnvironmentFile);
  await writeJson(folder.data, resources.record);
  emitStart(options, 0);
  const baseline = await measureBaseline(options);
  await keepBaseline(options, baseline);
  if (initFrom !== null) await loadWeights(resources.learner, initFrom);
  return { baseline, from: BEGINNING };
}

/** A run that was begun before. Everything that may be refused comes before the first change to the folder. */
export async function resumeRun(options: OpeningOptions): Promise<Opened> {
  const { folder, resources, environment, checkpoints } = options;
  const begun = await readEnvironment(folder);
  const known = await refuseOtherImages(options);
  await readMetrics(folder.metrics);
  const saved = (await checkpoints.list()).length > 0;
  const initFrom = saved ? null : (begun?.initFrom ?? null);
  if (initFrom !== null) await tryWeights(resources, initFrom);
  if (!saved) emitStart(options, 0);
  // The learner is still as it was drawn from the seed: this is the untrained network.
  const kept = known ? await keptBaseline(options) : null;
  const baseline = kept ?? (await measureBaseline(options));
  const found = await checkpoints.loadNewest(resources.learner, classesOf(resources.train, resources.classNames));
  const from = found?.point ?? BEGINNING;
  if (found === null && initFrom !== null) await loadWeights(resources.learner, initFrom);
  if (saved) emitStart(options, from.step);

  await removeUnfinished(folder);
  await checkpoints.removeUnfinished();
  await setAside(options, found?.damaged ?? []);
  // Again: checkpoint and evaluation settings, and the place of the images, may have changed.
  await writeJson(folder.config, resources.config);
  await writeJson(folder.environment, environmentOf(options, begun, environment, saved ? from.step : null));
  await writeJson(folder.data, resources.record);
  if (kept === null) await keepBaseline(options, baseline);
  return { baseline, from };
}

/** false: the run does not say which images it has been trained on. */
async function refuseOtherImages(options: OpeningOptions): Promise<boolean> {
  const { folder, resources, checkpoints } = options;
  const before = await readDataRecord(folder);
  if (before === null) {
    if ((await checkpoints.list()).length === 0) return false;
    warn(
      options,
      'This run was begun by a version that did not note which images it is trained on: whether they are the same as now cannot be checked.',
    );
    return false;
  }
  const differences = dataDifferences(before, resources.record);
  if (differences.length === 0) return true;
  throw new ByolError(
    'ERR_BYOL_DATA',
    `A resumed run goes on exactly as it began, but these are not its images:\n${differences.map((line) => `  ${line}\n`).join('')}` +
      'Give its own ones (--data PATH; in the API data), or start a new run from its weights: --init-from CHECKPOINT --out DIR.',
  );
}

async function setAside(options: OpeningOptions, damaged: readonly Damaged[]): Promise<void> {
  await options.checkpoints.setAside(damaged);
  for (const { path, reason } of damaged) {
    warn(
      options,
      `The checkpoint ${path} cannot be used and is now called *.damaged; the one before it is taken. ${reason}`,
    );
  }
}

/** `resumedAt`: null where nothing had been saved, so that this sitting is the first. */
function environmentOf(
  options: OpeningOptions,
  begun: EnvironmentFile | null,
  now: Environment,
  resumedAt: number | null,
): EnvironmentFile {
  if (begun === null || resumedAt === null) return { ...now, initFrom: begun?.initFrom ?? null, resumed: [] };
  const sort = (of: Environment): string => `${of.device}, ${of.precision}, ${of.threads} threads, ${of.cpuCapability}`;
  if (sort(begun) !== sort(now)) {
    warn(
      options,
      `This run began on ${sort(begun)} and goes on on ${sort(now)}: its numbers will not be bit for bit ` +
        'what they would have been.',
    );
  }
  return { ...begun, resumed: [...begun.resumed, { step: resumedAt, ...now }] };
}

/** null: there is none, or evaluation settings have changed since. */
async function keptBaseline({ folder, resources }: OpeningOptions): Promise<BaselineFile | null> {
  const kept = await readBaseline(folder);
  return kept !== null && canonicalJson(kept.evaluation) === canonicalJson(resources.config.evaluation) ? kept : null;
}

/** All null if the run is stopped meanwhile. */
async function measureBaseline({ resources, evaluator, emit, stop }: OpeningOptions): Promise<BaselineFile> {
  emit({ type: 'phase', phase: 'untrained' });
  try {
    return await evaluator.untrained();
  } catch (error) {
    if (!stop.aborted || error !== stop.reason) throw error;
    return { knn: null, linear: null, knnDuringRun: null, evaluation: resources.config.evaluation };
  }
}

async function keepBaseline({ folder, stop }: OpeningOptions, baseline: BaselineFile): Promise<void> {
  if (!stop.aborted) await writeJson(folder.baseline, baseline);
}

function warn({ emit }: OpeningOptions, message: string): void {
  emit({ type: 'warning', message });
}

function emitStart(options: OpeningOptions, resumedAt: number): void {
  const { folder, resources, emit } = options;
  const { config, sampler, schedule, learner, train, test, classNames, info, resolved } = resources;
  emit({
    type: 'start',
    config,
    folder: folder.path,
    images: train.count,
    testImages: test?.count ?? 0,
    classes: classNames,
    batch: sampler.rows,
    stepsPerEpoch: sampler.epochs.perEpoch,
    steps: schedule.steps,
    dropped: sampler.epochs.dropped,
    parameters: learner.encoderParameters,
    features: learner.features,
    device: resolved.device,
    precision: resolved.precision,
    threads: info.threads,
    peakLearningRate: schedule.peakLearningRate,
    resumedAt,
  });
  for (const message of [...resources.notes, ...labelWarnings(resources)]) warn(options, message);
}
