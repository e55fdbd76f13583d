import { join, relative } from 'node:path';
import { evaluationView } from '../augment/view-spec.js';
import { loadNative } from '../binding/load.js';
import { differences, formatDifferences } from '../config/differences.js';
import type { ConfigPatch } from '../config/layers.js';
import type { Config } from '../config/schema.js';
import { roleOf, settingRoles } from '../config/setting-roles.js';
import type { ImageSplit } from '../data/dataset.js';
import { type Images, openImages } from '../data/images.js';
import { readData } from '../data/kinds/index.js';
import { ByolError } from '../errors.js';
import { CenterCropFeatures } from '../eval/center-crop-features.js';
import type { EvaluationProgress } from '../eval/context.js';
import type { FrozenEncoder } from '../eval/frozen-encoder.js';
import type { ProtocolInput } from '../eval/protocol.js';
import { evaluateKnn, type KnnEvaluation } from '../eval/protocols/knn.js';
import { evaluateLinear, type LinearEvaluation } from '../eval/protocols/linear.js';
import { describeConfig } from '../export/encoder-description.js';
import { writeJson } from '../files/json-file.js';
import { type ResolvedDevice, resolveDevice, resolvePrecision } from '../methods/learner-spec.js';
import { resolveConfig } from '../methods/resolve.js';
import * as option from '../text/options.js';
import { useThreads } from '../train/threads.js';
import { describeEnvironment, type Environment } from './environment.js';
import { RunFolder, readRunConfig } from './run-folder.js';
import { loadRunWeights } from './run-weights.js';

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
  readonly input: ProtocolInput;
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
  return withRunEncoder(options, async ({ input, config, weights, resolved }) => {
    const result = await protocols[options.protocol](input, config);
    const evaluation = {
      result,
      weights,
      data: config.data,
      seed: config.seed,
      environment: await describeEnvironment(input.context.native.info(), resolved),
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
    const network = keep(new native.Encoder({ ...describeConfig(config), ...resolved, seed: config.seed }));
    const { path: weights } = await loadRunWeights(network, folder, config);
    const context = { native, device, signal: options.signal, onProgress: options.onProgress };
    const encoder: FrozenEncoder = {
      network,
      view: evaluationView(config.views),
      statistics: 'running',
      batchSize: config.evaluation.batchSize,
    };
    const data = { train: images(train), test: images(test), classes: classNames.length };
    const features = keep(new CenterCropFeatures(context, encoder, data));
    return await body({
      input: { context, encoder, data, features },
      config,
      classNames,
      weights: relative(folder.path, weights),
      resolved,
    });
  } finally {
    for (const resource of resources) resource.dispose();
  }
}

const protocols = {
  knn: (input: ProtocolInput, { evaluation }: Config) => evaluateKnn(input, evaluation.knn),
  linear: (input: ProtocolInput, { evaluation, seed }: Config) => evaluateLinear(input, { ...evaluation.linear, seed }),
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
