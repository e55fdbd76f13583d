import { relative } from 'node:path';
import { evaluationView, viewSpec } from '../augment/view-spec.js';
import { loadNative } from '../binding/load.js';
import { differences, formatDifferences } from '../config/differences.js';
import type { ConfigPatch } from '../config/layers.js';
import type { Config } from '../config/schema.js';
import { roleOf, settingRoles } from '../config/setting-roles.js';
import type { OpenProgress } from '../data/data-kind.js';
import { type Dataset, type ImageSource, type SplitName, splitTitles } from '../data/dataset.js';
import { datasetCheck, takeData } from '../data/given-data.js';
import { ImageOpener } from '../data/image-opener.js';
import type { Images } from '../data/images.js';
import { readData } from '../data/kinds/index.js';
import { ByolError } from '../errors.js';
import type { EvaluationContext, EvaluationProgress } from '../eval/context.js';
import type { FrozenEncoder } from '../eval/frozen-encoder.js';
import { describeConfig } from '../export/encoder-description.js';
import { type ResolvedDevice, resolveDevice, resolvePrecision } from '../methods/learner-spec.js';
import { resolveConfig } from '../methods/resolve.js';
import * as option from '../text/options.js';
import { availableCores } from '../train/available-cores.js';
import { useThreads } from '../train/threads.js';
import { RunFolder, readRunConfig } from './run-folder.js';
import { loadRunWeights } from './run-weights.js';

/** What is asked of a run's encoder. */
export interface RunEncoderOptions {
  /** Of a finished run, or of one that has a checkpoint. */
  readonly folder: string;
  /** Images to ask it about, in place of those that its settings name; a run whose images a script gave needs them. */
  readonly data?: Dataset<ImageSource>;
  /** Settings over the run's own: of evaluation, data, device, precision, threads and seed. */
  readonly patch?: ConfigPatch;
  /** The same as 'key.path=value'; over `patch`. */
  readonly overrides?: readonly string[];
  /** Takes effect between batches; the promise then rejects with the signal's reason and nothing is written. */
  readonly signal?: AbortSignal;
  /** Called every so many images or epochs. */
  readonly onProgress?: (progress: EvaluationProgress) => void;
  /** Other work on the machine has changed the number of threads, of at most `most`; only with `threads: 0`. */
  readonly onThreads?: (threads: number, most: number) => void;
}

export const runEncoderChecks: option.OptionChecks<RunEncoderOptions> = {
  folder: option.required(option.path),
  data: datasetCheck,
  patch: option.settings,
  overrides: option.texts,
  signal: option.signal,
  onProgress: option.listener,
  onThreads: option.listener,
};

/** A run's encoder and its images, for as long as withRunEncoder() lasts. */
export interface RunEncoder {
  readonly context: EvaluationContext;
  readonly encoder: FrozenEncoder;
  readonly dataset: Dataset<ImageSource>;
  /** A split in native memory. Throws ERR_BYOL_DATA where there is none of that name. */
  open(split: SplitName): Images;
  readonly config: Config;
  /** The file that the encoder came from, relative to the run folder. */
  readonly weights: string;
  readonly resolved: ResolvedDevice;
}

/** Opens a run's encoder and images, and disposes of them when `body` is done. Throws as evaluateRun, and what `body` throws. */
export async function withRunEncoder<T>(
  options: RunEncoderOptions,
  body: (encoder: RunEncoder) => Promise<T>,
): Promise<T> {
  const folder = new RunFolder(options.folder);
  const asked = await runEncoderConfig(options);
  const given = options.data && (await takeData(options.data));
  const config = given === undefined ? asked : { ...asked, data: given.config };
  const native = loadNative();
  const info = native.info();
  const device = resolveDevice(config.device, info);
  const resolved = { device, precision: resolvePrecision(config.precision, device, info) };
  options.signal?.throwIfAborted();

  const dataset =
    given?.data ?? (await readData(config.data, { signal: options.signal, onProgress: readingProgress(options) }));
  const resources: Array<{ dispose(): void }> = [];
  const keep = <R extends { dispose(): void }>(resource: R): R => {
    resources.push(resource);
    return resource;
  };
  const opener = keep(new ImageOpener(native, { threads: config.threads || availableCores() }));
  const open = (name: SplitName): Images => {
    const split = dataset[name];
    if (split === undefined) {
      throw new ByolError('ERR_BYOL_DATA', `There are no ${splitTitles[name]} to ask the encoder about.`);
    }
    return opener.open(split, splitTitles[name]);
  };
  try {
    keep(useThreads(native, config, options.onThreads));
    const { seed } = config;
    const { encoder, norm } = describeConfig(config);
    const spec = { encoder, norm, ...resolved, seed };
    const network = keep(new native.Encoder(spec));
    const weights = await loadRunWeights(network, folder, config);
    return await body({
      context: { native, device, seed, signal: options.signal, onProgress: options.onProgress },
      encoder: {
        network,
        view: evaluationView({ ...config.views, transform: config.evaluation.transform }),
        pretraining: { view: viewSpec(config.views), pipelines: config.views.pipelines },
        statistics: 'running',
        batchSize: config.evaluation.batchSize,
        spec,
      },
      dataset,
      open,
      config,
      weights: relative(folder.path, weights.path),
      resolved,
    });
  } finally {
    for (const resource of resources) resource.dispose();
  }
}

/** A run's settings with what is asked over them. Throws ERR_BYOL_CONFIG for those that cannot be changed, ERR_BYOL_RUN without a run. */
export async function runEncoderConfig(
  options: Pick<RunEncoderOptions, 'folder' | 'patch' | 'overrides'>,
): Promise<Config> {
  return evaluationConfig(await readRunConfig(options.folder), options);
}

/** The reading of photos, as evaluations tell how far they are. */
function readingProgress({ onProgress }: RunEncoderOptions): ((progress: OpenProgress) => void) | undefined {
  return (
    onProgress && (({ phase, done, total }) => onProgress({ phase: `reading ${phase}`, done, total: total ?? done }))
  );
}

function evaluationConfig(base: Config, { patch, overrides }: Pick<RunEncoderOptions, 'patch' | 'overrides'>): Config {
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
