import type { z } from 'zod';
import { evaluationView, viewSpec } from '../augment/view-spec.js';
import { loadNative } from '../binding/load.js';
import type { Config } from '../config/schema.js';
import { type DatasetMetric, datasetMetrics, type ImageSource, type ImageSplit, splitTitles } from '../data/dataset.js';
import { namedDataset } from '../data/from-arrays.js';
import { ImageOpener } from '../data/image-opener.js';
import type { DeepReadonly } from '../deep-readonly.js';
import { ByolError } from '../errors.js';
import type { EvaluationProgress } from '../eval/context.js';
import { type Evaluation, evaluate } from '../eval/evaluate.js';
import type { FrozenEncoder } from '../eval/frozen-encoder.js';
import type { Protocol } from '../eval/protocol.js';
import { findProtocol, type ProtocolName, protocols, type ResultOf, type SettingsOf } from '../eval/protocols/index.js';
import { describeConfig } from '../export/encoder-description.js';
import { resolveDevice, resolvePrecision } from '../methods/learner-spec.js';
import * as option from '../text/options.js';
import { availableCores } from '../train/available-cores.js';
import { shareThreads } from '../train/threads.js';
import { type Encoder, type EncoderParts, withParts } from './encoder.js';

/** By which protocol an encoder is evaluated, and with which images. */
export interface EvaluateEncoderOptions<P extends ProtocolName> {
  /** 'knn', 'linear', 'logistic', 'fine-tune', or one that was registered. */
  readonly protocol: P;
  /** Labelled images of a data set, as datasetFromArrays() makes them: those that the encoder, or a classifier on it, learns from. */
  readonly train: ImageSplit<ImageSource>;
  /** To choose by, where the data set has such images; else protocols that choose hold out a part of `train`. */
  readonly val?: ImageSplit<ImageSource> | undefined;
  /** Those that are asked. */
  readonly test: ImageSplit<ImageSource>;
  /** What to choose by, and what is reported first: that of the data set. */
  readonly metric?: DatasetMetric | undefined;
  /** Over the protocol's defaults. */
  readonly settings?: Partial<SettingsOf<P>>;
  /** What the encoder was pretrained on, for protocols that augment images alike; the official views if left out. */
  readonly views?: Config['views'];
  /** Of whatever the protocol draws: held-out images, orders, crops, initial weights. 0 if left out. */
  readonly seed?: number;
  /** Takes effect between batches; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called every so many images or epochs. */
  readonly onProgress?: (progress: EvaluationProgress) => void;
}

const split: option.OptionCheck = {
  ...option.settings,
  expected: 'images of a data set, as datasetFromArrays() makes them',
};

/**
 * Evaluates an encoder with frozen weights, whatever file it came from. An encoder of another size than the images sees them as
 * it does in embed(). Throws ERR_BYOL_USAGE for options and settings that are wrong, ERR_BYOL_DATA without labels,
 * ERR_BYOL_NOT_FINITE, ERR_BYOL_DISPOSED, and the signal's reason.
 */
export async function evaluateEncoder<P extends ProtocolName>(
  encoder: Encoder,
  options: EvaluateEncoderOptions<P>,
): Promise<Evaluation<ResultOf<P>>> {
  checkEvaluation('evaluateEncoder()', options);
  return withParts(encoder, (parts) => evaluateNetwork({ ...parts, statistics: 'running' }, options));
}

/**
 * The same of the network of a configuration as it begins, with the weights that `seed` draws. It has no running statistics: those of each
 * batch serve.
 */
export async function evaluateUntrained<P extends ProtocolName>(
  config: Config,
  options: EvaluateEncoderOptions<P>,
): Promise<Evaluation<ResultOf<P>>> {
  checkEvaluation('evaluateUntrained()', options);
  const native = loadNative();
  const info = native.info();
  const device = resolveDevice(config.device, info);
  const resolved = { device, precision: resolvePrecision(config.precision, device, info) };
  const description = describeConfig(config);
  const threads = shareThreads(native, config.threads);
  try {
    const network = new native.Encoder({ ...description, ...resolved, seed: config.seed });
    try {
      const { batchSize } = config.evaluation;
      return await evaluateNetwork(
        { native, network, resolved, description, batchSize, statistics: 'batch' },
        { views: config.views, ...options },
      );
    } finally {
      network.dispose();
    }
  } finally {
    threads.dispose();
  }
}

function checkEvaluation<P extends ProtocolName>(call: string, options: EvaluateEncoderOptions<P>): void {
  option.checkOptions(call, options, {
    protocol: option.required(option.oneOf(protocols().map(({ name }) => name))),
    train: option.required(split),
    val: split,
    test: option.required(split),
    metric: option.oneOf(datasetMetrics),
    settings: option.settings,
    views: option.settings,
    seed: { accepts: (value) => Number.isSafeInteger(value) && Number(value) >= 0, expected: 'a whole number from 0' },
    signal: option.signal,
    onProgress: option.listener,
  });
}

type Network = Pick<EncoderParts, 'native' | 'network' | 'resolved' | 'description' | 'batchSize'> &
  Pick<FrozenEncoder, 'statistics'>;

async function evaluateNetwork<P extends ProtocolName>(
  { native, network, resolved, description, batchSize, statistics }: Network,
  options: EvaluateEncoderOptions<P>,
): Promise<Evaluation<ResultOf<P>>> {
  const protocol = findProtocol(options.protocol);
  const settings = checkedSettings(protocol, options.settings ?? {});
  const { seed = 0, signal, onProgress } = options;
  const { train, val, test, metric } = options;
  const { classNames } = namedDataset({ train, test, ...(val && { val }) }, {});
  const context = { native, device: resolved.device, seed, signal, onProgress };
  const view = evaluationView(description.input);
  const spec = { encoder: description.encoder, norm: description.norm, ...resolved, seed };
  const { views } = options;
  const pretraining = views && { view: viewSpec(views), pipelines: views.pipelines };
  const frozen = { network, view, pretraining, statistics, batchSize, spec };
  const opener = new ImageOpener(native, { threads: availableCores() });
  try {
    const data = {
      train: opener.open(train, splitTitles.train),
      val: val && opener.open(val, splitTitles.val),
      test: opener.open(test, splitTitles.test),
      classes: classNames.length,
      metric,
    };
    return await evaluate(protocol, { context, encoder: frozen, data }, settings);
  } finally {
    opener.dispose();
  }
}

function checkedSettings<Settings extends z.ZodObject>(
  { name, settings, defaults }: Protocol<string, Settings>,
  given: object,
): DeepReadonly<z.infer<Settings>> {
  const parsed = settings.safeParse({ ...defaults, ...given });
  if (parsed.success) return parsed.data as DeepReadonly<z.infer<Settings>>;
  const problems = parsed.error.issues.map(({ path, message }) => [...path, message].join(': '));
  throw new ByolError('ERR_BYOL_USAGE', `Settings of protocol '${name}' are wrong: ${problems.join('; ')}.`);
}
