import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type Difference, formatDifferences } from '../config/differences.js';
import { isSettings } from '../config/layers.js';
import { currentNames } from '../config/old-names.js';
import { type Config, configSchema, settingsSchema } from '../config/schema.js';
import { type DataRecord, dataRecordSchema } from '../data/data-record.js';
import { ByolError } from '../errors.js';
import { ioError } from '../files/atomic-file.js';
import { readJson } from '../files/json-file.js';
import type { Environment } from './environment.js';
import type { Baseline, KnnResult, RunResult } from './events.js';
import { LOCK_FILE } from './run-lock.js';
import { removeEventFiles } from './tensorboard-files.js';

/** Where runs go that are given no folder. */
export const RUNS = 'runs';

/** The files of a run. Everything but metrics.jsonl is written atomically. */
export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get config(): string {
    return join(this.path, 'config.json');
  }
  get environment(): string {
    return join(this.path, 'environment.json');
  }
  /** Which images the run is trained on. */
  get data(): string {
    return join(this.path, 'data.json');
  }
  get metrics(): string {
    return join(this.path, 'metrics.jsonl');
  }
  get checkpoints(): string {
    return join(this.path, 'checkpoints');
  }
  get baseline(): string {
    return join(this.path, 'baseline.json');
  }
  get encoder(): string {
    return join(this.path, 'encoder.safetensors');
  }
  get report(): string {
    return join(this.path, 'report.html');
  }
  /** Loss and accuracy as one picture, for pages that show pictures. */
  get curves(): string {
    return join(this.path, 'curves.svg');
  }
  /** Some training images and their views. */
  get views(): string {
    return join(this.path, 'views.png');
  }
  /** Of a run with photos: nearest images, and a map of them. */
  get neighbours(): string {
    return join(this.path, 'neighbours.html');
  }
  /** Event files for TensorBoard, of a run with `log: 'tensorboard'`. */
  get tensorboard(): string {
    return join(this.path, 'tensorboard');
  }
  /** Written last: a run with it is finished. */
  get result(): string {
    return join(this.path, 'result.json');
  }
}

/** environment.json: the first sitting's, and when others went on. */
export interface EnvironmentFile extends Environment {
  /** Weights that the run started from. */
  readonly initFrom: string | null;
  readonly resumed: ReadonlyArray<{ readonly step: number } & Environment>;
}

/** baseline.json */
export interface BaselineFile extends Baseline {
  /** kNN with the images that are used during the run (evaluation.knn.bankImages, queryImages). */
  readonly knnDuringRun: KnnResult | null;
  /** The evaluation settings that it was measured with. */
  readonly evaluation: Config['evaluation'];
}

/** 'new': nothing there but what an empty start leaves; 'started': a run; 'finished': a run with a result. */
export type FolderState = 'new' | 'started' | 'finished';

/** What a run has beside config.json, one of them from its first moment on: other programs have files of that name too. */
const BESIDE_CONFIG = [LOCK_FILE, 'environment.json', 'data.json', 'baseline.json', 'metrics.jsonl', 'checkpoints'];

/** Whether a folder with these names in it holds a run, as it should be or damaged. */
export function holdsRun(names: ReadonlySet<string>): boolean {
  if (names.has('config.json')) return names.has('result.json') || BESIDE_CONFIG.some((name) => names.has(name));
  return names.has('metrics.jsonl') && (names.has('environment.json') || names.has('checkpoints'));
}

/** Throws ERR_BYOL_RUN if there is something else in the folder. */
export async function inspectFolder(folder: RunFolder): Promise<FolderState> {
  let names: string[];
  try {
    names = await readdir(folder.path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'new';
    throw ioError(folder.path, 'open the run folder', error);
  }
  if (names.includes('result.json')) return 'finished';
  if (names.includes('config.json')) return 'started';
  // config.json is the first file of a run: a process killed before leaves the lock and temporary files only.
  const foreign = names.filter(
    (name) => name !== LOCK_FILE && !name.startsWith(`${LOCK_FILE}.`) && !name.endsWith('.tmp'),
  );
  if (foreign.length === 0) return 'new';
  throw new ByolError(
    'ERR_BYOL_RUN',
    `${folder.path} is not a run folder: it has no config.json, but holds ${foreign.slice(0, 4).join(', ')}. Choose another folder.`,
  );
}

/** `differences`: of the settings that were asked for from those of the run that is there; then it cannot go on with them. */
export function runExistsError(folder: RunFolder, differences: readonly Difference[]): ByolError {
  const other = `choose another folder (--out DIR; in the API folder: 'DIR')`;
  if (differences.length > 0) {
    return new ByolError(
      'ERR_BYOL_RUN_EXISTS',
      `There is already a run with other settings in ${folder.path}; ${other}, or replace it (--overwrite). The settings that differ:\n${formatDifferences(differences)}`,
    );
  }
  return new ByolError(
    'ERR_BYOL_RUN_EXISTS',
    `There is already a run in ${folder.path}. Go on with it (--resume; in the API resume: true), ${other}, or replace it (--overwrite).`,
  );
}

/** Returns the outermost folder that had to be made; undefined: it was there. */
export async function makeFolder(folder: RunFolder): Promise<string | undefined> {
  try {
    return await mkdir(folder.path, { recursive: true });
  } catch (error) {
    throw ioError(folder.path, 'make the run folder', error);
  }
}

/**
 * Deletes what runs write, and nothing else that is in the folder. config.json goes last: a process that is killed meanwhile leaves
 * a run that can be begun again. Throws ERR_BYOL_IO.
 */
export async function removeRun(folder: RunFolder): Promise<void> {
  const names = await readdir(folder.path);
  const evaluations = names
    .filter((name) => /^eval-[a-z0-9-]+\.json$/.test(name))
    .map((name) => join(folder.path, name));
  try {
    for (const file of [
      folder.result,
      ...evaluations,
      folder.encoder,
      folder.report,
      folder.curves,
      folder.views,
      folder.neighbours,
      folder.metrics,
      folder.baseline,
      folder.data,
      folder.environment,
    ])
      await rm(file, { force: true });
    await rm(folder.checkpoints, { recursive: true, force: true });
    await removeEventFiles(folder.tensorboard);
    await rm(folder.config, { force: true });
  } catch (error) {
    throw ioError(folder.path, 'delete the run in', error);
  }
}

/** Takes back what a run has written that never did a step, as far as that works: the run's own error is the one to tell. */
export async function removeFiles(folder: RunFolder): Promise<void> {
  const { baseline, data, environment, metrics, config, tensorboard } = folder;
  await removeEventFiles(tensorboard).catch(() => {});
  for (const file of [baseline, data, environment, metrics, config]) await rm(file, { force: true }).catch(() => {});
}

/** Deletes what a process left that was killed while it wrote one of the run's files. */
export async function removeUnfinished(folder: RunFolder): Promise<void> {
  const { config, environment, data, metrics, baseline, encoder, report, curves, views, neighbours, result } = folder;
  const own = [config, environment, data, metrics, baseline, encoder, report, curves, views, neighbours, result].map(
    (file) => basename(file),
  );
  for (const name of await readdir(folder.path)) {
    if (!name.endsWith('.tmp') || !own.some((file) => name.startsWith(`${file}.`))) continue;
    await rm(join(folder.path, name), { force: true });
  }
}

/** Removes the folder, and those above it up to `outermost`, as far as nothing is in them. */
export async function removeEmpty(folder: RunFolder, outermost: string): Promise<void> {
  const last = resolve(outermost);
  for (let path = resolve(folder.path); ; path = dirname(path)) {
    const removed = await rmdir(path).then(
      () => true,
      () => false,
    );
    if (!removed || path === last) return;
  }
}

/** The configuration of a run as it was resolved when it began. Throws ERR_BYOL_RUN if there is none. */
export async function readRunConfig(path: string): Promise<Config> {
  const folder = new RunFolder(path);
  const value = await readOwn(folder.config);
  if (value === null) {
    throw new ByolError('ERR_BYOL_RUN', `There is no run in ${path}: ${folder.config} does not exist.`);
  }
  const parsed = configSchema().safeParse(isSettings(value) ? currentNames(value, folder.config) : value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new ByolError('ERR_BYOL_RUN', `${folder.config} is not a configuration of this version: ${problems}.`);
}

/** null if the run has none yet. */
export async function readEnvironment(folder: RunFolder): Promise<EnvironmentFile | null> {
  return (await readOwn(folder.environment)) as EnvironmentFile | null;
}

/** null: the run has none yet, or is of a version that kept none. */
export async function readDataRecord(folder: RunFolder): Promise<DataRecord | null> {
  const value = await readOwn(folder.data);
  if (value === null) return null;
  const parsed = dataRecordSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ByolError('ERR_BYOL_RUN', `${folder.data} is damaged: it does not say which images the run is trained on.`);
}

export async function readBaseline(folder: RunFolder): Promise<BaselineFile | null> {
  const baseline = (await readOwn(folder.baseline)) as BaselineFile | null;
  return baseline && { ...baseline, evaluation: evaluationNow(baseline.evaluation) };
}

/** Under the names of now, with what was added since; settings of no kind that is known stay as they are. */
function evaluationNow(kept: Config['evaluation']): Config['evaluation'] {
  const { evaluation } = currentNames({ evaluation: kept }) as { evaluation: Config['evaluation'] };
  const parsed = settingsSchema().shape.evaluation.safeParse(evaluation);
  return parsed.success ? parsed.data : evaluation;
}

/** The result of a finished run, with paths as they are now; null if it is not finished. */
export async function readResult(path: string): Promise<RunResult | null> {
  const folder = new RunFolder(path);
  const result = (await readOwn(folder.result)) as RunResult | null;
  return result && { ...result, folder: path, encoder: folder.encoder };
}

/** null: no such file. These files are written atomically by ourselves: one that is not JSON has been damaged. */
async function readOwn(path: string): Promise<unknown> {
  try {
    return (await readJson(path)) ?? null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ByolError('ERR_BYOL_RUN', `${path} is damaged: ${error.message}.`, { cause: error });
  }
}

/** How runs are called after their settings: "shapes", "simclr-cifar10". On the command line runs/NAME is the folder. */
export function runName({ method, preset, data }: Config): string {
  return [method, preset ?? data.kind].filter((part) => part !== undefined).join('-');
}

/** Makes runs/NAME-1, -2, ...: the first that does not exist. */
export async function makeNumberedFolder(config: Config): Promise<RunFolder> {
  await makeFolder(new RunFolder(RUNS));
  for (let number = 1; ; number += 1) {
    const folder = new RunFolder(join(RUNS, `${runName(config)}-${number}`));
    try {
      // Not recursively: of two runs that begin at once, one finds it there.
      await mkdir(folder.path);
      return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw ioError(folder.path, 'make the run folder', error);
    }
  }
}
