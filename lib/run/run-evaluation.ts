import { access } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { loadNative } from '../binding/load.js';
import type { NativeLearner } from '../binding/native.js';
import { withClasses } from '../config/classes.js';
import { differences, formatDifferences } from '../config/differences.js';
import type { ConfigPatch } from '../config/layers.js';
import type { Config } from '../config/schema.js';
import { roleOf, settingRoles } from '../config/setting-roles.js';
import type { ImageSplit } from '../data/dataset.js';
import { type Images, openImages } from '../data/images.js';
import { readData } from '../data/kinds/index.js';
import { ByolError } from '../errors.js';
import { evaluateKnn, type KnnEvaluation } from '../eval/knn.js';
import { evaluateLinear, type LinearEvaluation } from '../eval/linear.js';
import type { EvaluationProgress, Subject } from '../eval/subject.js';
import { loadWeights } from '../export/load-weights.js';
import { writeJson } from '../files/json-file.js';
import { learnerSpec, type ResolvedDevice, resolveDevice, resolvePrecision } from '../methods/learner-spec.js';
import { resolveConfig } from '../methods/resolve.js';
import * as option from '../text/options.js';
import { useThreads } from '../train/threads.js';
import { Checkpoints } from './checkpoints.js';
import { describeEnvironment, type Environment } from './environment.js';
import { RunFolder, readRunConfig } from './run-folder.js';

export type Protocol = 'knn' | 'linear';

/** What is asked of a run's encoder. */
export interface RunEncoderOptions {
  /** The folder of a finished run, or of one that has a checkpoint. */
  readonly runDir: string;
  /** Settings over the run's own: of evaluation, data, device, precision, threads and seed. */
  readonly patch?: ConfigPatch;
  /** The same as 'key.path=value'; over `patch`. */
  readonly overrides?: readonly string[];
  /** Takes effect between batches; the promise then rejects with the signal's reason and nothing is written. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: EvaluationProgress) => void;
  /** Other work on the machine has changed the number of threads, of at most `most`; only with `threads: 0`. */
  readonly onThreads?: (threads: number, most: number) => void;
}

export interface EvaluateRunOptions<P extends Protocol> extends RunEncoderOptions {
  readonly protocol: P;
}

/** A run's encoder with images, for as long as withRunEncoder lasts. */
export interface RunEncoder {
  readonly subject: Subject;
  readonly config: Config;
  readonly classNames: readonly string[];
  /** The file that the encoder came from, relative to the run folder. */
  readonly weights: string;
  readonly resolved: ResolvedDevice;
}

/** What eval-knn.json and eval-linear.json hold. */
export interface RunEvaluation<P extends Protocol = Protocol> {
  readonly result: P extends 'knn' ? KnnEvaluation : LinearEvaluation;
  /** The file that the encoder came from, relative to the run folder. */
  readonly weights: string;
  readonly data: Config['data'];
  readonly seed: number;
  readonly environment: Environment;
}

export const runEncoderChecks: option.OptionChecks<RunEncoderOptions> = {
  runDir: option.required(option.path),
  patch: option.settings,
  overrides: option.texts,
  signal: option.signal,
  onProgress: option.listener,
  onThreads: option.listener,
};
const optionChecks = { ...runEncoderChecks, protocol: option.required(option.oneOf(['knn', 'linear'])) };

/**
 * Evaluates the encoder of a run and writes eval-knn.json or eval-linear.json into its folder, atomically. The encoder is
 * that of encoder.safetensors, or of the newest checkpoint while there is none. Throws ERR_BYOL_RUN where there is no run or
 * nothing to evaluate yet, ERR_BYOL_USAGE for options of the wrong type, ERR_BYOL_CONFIG for settings that cannot be changed,
 * ERR_BYOL_DATA without images or labels.
 */
export async function evaluateRun<P extends Protocol>(options: EvaluateRunOptions<P>): Promise<RunEvaluation<P>> {
  option.checkOptions('evaluateRun()', options, optionChecks);
  return withRunEncoder(options, async ({ subject, config, weights, resolved }) => {
    const result = await protocols[options.protocol](subject, config);
    const evaluation = {
      result,
      weights,
      data: config.data,
      seed: config.seed,
      environment: await describeEnvironment(subject.native.info(), resolved),
    } as RunEvaluation<P>;
    await writeJson(join(options.runDir, `eval-${options.protocol}.json`), evaluation);
    return evaluation;
  });
}

/** Opens a run's encoder and images, and disposes of them when `body` is done. Throws as evaluateRun, and what `body` throws. */
export async function withRunEncoder<T>(
  options: RunEncoderOptions,
  body: (encoder: RunEncoder) => Promise<T>,
): Promise<T> {
  const folder = new RunFolder(options.runDir);
  const config = evaluationConfig(await readRunConfig(options.runDir), options);
  const native = loadNative();
  const info = native.info();
  const device = resolveDevice(config.device, info);
  const resolved = { device, precision: resolvePrecision(config.precision, device, info) };
  options.signal?.throwIfAborted();

  const { train, test, classNames } = await readData(config.data);
  if (test === undefined)
    throw new ByolError('ERR_BYOL_DATA', 'There are no test images to evaluate the encoder with.');
  const resources: Array<{ dispose(): void }> = [];
  const keep = <T extends { dispose(): void }>(resource: T): T => {
    resources.push(resource);
    return resource;
  };
  try {
    keep(useThreads(native, config, options.onThreads));
    const images = (split: ImageSplit): Images => {
      const opened = openImages(native, split);
      keep(opened.store);
      return opened;
    };
    // No online classifier: its size follows the training data's classes, not those of the images asked here.
    const learner = keep(new native.Learner(learnerSpec(withClasses(config, classNames.length), resolved, 0)));
    const weights = await loadEncoder(learner, folder, config);
    const subject: Subject = {
      native,
      learner,
      device,
      train: images(train),
      test: images(test),
      classes: classNames.length,
      views: config.views,
      batchSize: config.evaluation.batchSize,
      statistics: 'running',
      signal: options.signal,
      ...(options.onProgress && { onProgress: options.onProgress }),
    };
    return await body({ subject, config, classNames, weights: relative(folder.path, weights), resolved });
  } finally {
    for (const resource of resources) resource.dispose();
  }
}

const protocols = {
  knn: (subject: Subject, { evaluation }: Config) => evaluateKnn(subject, evaluation.knn),
  linear: (subject: Subject, { evaluation, seed }: Config) => evaluateLinear(subject, { ...evaluation.linear, seed }),
};

function evaluationConfig(base: Config, { patch, overrides }: RunEncoderOptions): Config {
  const config = resolveConfig({ base, ...(patch && { patch }), ...(overrides && { overrides }) });
  const changeable = Object.keys(settingRoles).filter((path) => settingRoles[path]?.evaluable && !path.includes('.'));
  const refused = differences(base, config).filter(({ path }) => roleOf(path)?.evaluable !== true);
  if (refused.length > 0) {
    throw new ByolError(
      'ERR_BYOL_CONFIG',
      `These settings belong to the run and cannot be changed for its evaluation (only ${changeable.join(', ')} can):\n` +
        formatDifferences(refused),
    );
  }
  return config;
}

/** Returns the path of the file that was loaded. */
async function loadEncoder(learner: NativeLearner, folder: RunFolder, config: Config): Promise<string> {
  if (await exists(folder.encoder)) {
    await loadWeights(learner, folder.encoder);
    return folder.encoder;
  }
  const newestFirst = (await new Checkpoints(folder.checkpoints, config).list()).reverse();
  let failure: unknown = new ByolError(
    'ERR_BYOL_RUN',
    `There is nothing to evaluate in ${folder.path} yet: neither encoder.safetensors nor a checkpoint.`,
  );
  for (const { path } of newestFirst) {
    try {
      await loadWeights(learner, path);
      return path;
    } catch (error) {
      // The newest may be damaged, and a run that goes on meanwhile deletes old ones: the next one will do. What else can
      // happen, to the device, the memory or the disk, says nothing about the file.
      const unusable = error instanceof ByolError && error.code === 'ERR_BYOL_CHECKPOINT';
      if (!unusable && (await exists(path))) throw error;
      failure = error;
    }
  }
  throw failure;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
