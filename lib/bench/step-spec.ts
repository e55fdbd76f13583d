import type { OperationOf, Pipeline } from '../augment/pipeline.js';
import { blurRadius } from '../augment/view-spec.js';
import type { Config } from '../config/schema.js';
import type { ResolvedDevice } from '../methods/learner-spec.js';

/** How the Python side computes: 'eager', or a mode of torch.compile. */
export type PythonMode = 'eager' | 'default' | 'reduce-overhead' | 'max-autotune';

/**
 * What a side of the bench is told, as one line of JSON: ours takes `config`, with which it trains as a run does; Python
 * (bench/python/byol_step.py) the rest, and so do the programs of earlier versions.
 */
export interface StepSpec extends ResolvedDevice {
  readonly config: Config;
  readonly threads: number;
  readonly encoder: Pick<Config['encoder'], 'block' | 'blocks' | 'width' | 'stem'>;
  readonly projector: HeadSizes;
  readonly predictor: HeadSizes;
  /** Of the online classifier; 0: none. */
  readonly classes: number;
  readonly optimizer: Readonly<Record<string, unknown>>;
  /** Pixels of a view's side. */
  readonly size: number;
  /** Images of a step. */
  readonly batch: number;
  readonly mode: PythonMode;
  /** null: views that lie there from the start. */
  readonly augment: PythonViews | null;
  /** Of both heads, as earlier versions take them. */
  readonly hidden: number;
  readonly output: number;
}

interface HeadSizes {
  readonly hidden: readonly number[];
  readonly output: number;
}

/** Arguments of bench/python/gpu_views.py. */
interface PythonViews {
  /** Pixels of an image's side. */
  readonly side: number;
  readonly shape: Readonly<Record<string, unknown>>;
  readonly views: readonly object[];
}

/** Classes that the made images have. */
export const CLASSES = 10;

/** Of the square images that views of this size are cut from: small ones are as large as their views, photos have a margin. */
export function imageSide(size: number): number {
  return size <= 64 ? size : Math.round((size * 8) / 7);
}

/** `config`: of a method that the Python side knows, see whyNoPython(). */
export function stepSpec(
  config: Config,
  place: ResolvedDevice & { readonly threads: number },
  mode: PythonMode,
): StepSpec {
  const { encoder, projector, predictor, optimizer, views } = config;
  const { block, blocks, width, stem } = encoder;
  const head = ({ hidden, output }: Config['projector']): HeadSizes => ({
    hidden,
    output: output === 'classes' ? CLASSES : output,
  });
  const sizes = head(projector);
  const { kind, momentum, weightDecay } = optimizer;
  return {
    ...place,
    config,
    encoder: { block, blocks, width, stem },
    projector: sizes,
    predictor: predictor?.kind === 'mlp' ? head(predictor) : sizes,
    classes: config.onlineProbe ? CLASSES : 0,
    optimizer: {
      kind,
      momentum,
      weightDecay,
      ...(optimizer.kind === 'sgd'
        ? { nesterov: optimizer.nesterov }
        : { trustCoefficient: optimizer.trustCoefficient }),
    },
    size: views.size,
    batch: config.batchSize,
    mode,
    // On a CPU Python users augment in other processes, which bench/augment.ts compares.
    augment: place.device === 'cpu' ? null : pythonViews(views),
    hidden: sizes.hidden[0] ?? sizes.output,
    output: sizes.output,
  };
}

/** Why these settings cannot be put beside the Python step, which is BYOL's; null: they can. */
export function whyNoPython({ objective, norm, predictor, supervision, accumulate }: Config): string | null {
  const parts = [norm.encoder, norm.projector, norm.predictor];
  if (supervision !== null) return 'the Python step learns without labels';
  if (objective.negatives !== null || objective.similarity !== 'l2' || !objective.symmetric) {
    return "the Python step has BYOL's loss only";
  }
  if (
    objective.statistics !== 'separate' ||
    objective.statisticsGroups !== 1 ||
    parts.some((kind) => kind !== 'batch')
  ) {
    return 'the Python step normalises over the batch of each view only';
  }
  if (norm.weightStandardization) return 'the Python step has no weight standardisation';
  if (predictor?.kind !== 'mlp') return 'the Python step has an MLP as its predictor';
  return accumulate === 1 ? null : 'the Python step does not accumulate';
}

function pythonViews({ size, resampling, mean, std, pipelines }: Config['views']): PythonViews {
  return {
    side: imageSide(size),
    shape: { size, resampling, blur_radius: blurRadius(size), mean, std },
    views: pipelines.map(pythonView),
  };
}

function pythonView(pipeline: Pipeline): object {
  const find = <K extends Pipeline[number]['kind']>(kind: K): OperationOf<K> | undefined =>
    pipeline.find((operation): operation is OperationOf<K> => operation.kind === kind);
  const jitter = find('colorJitter');
  const blur = find('blur');
  return {
    flip: find('flip')?.p ?? 0,
    jitter: {
      probability: jitter?.p ?? 0,
      brightness: jitter?.brightness ?? 0,
      contrast: jitter?.contrast ?? 0,
      saturation: jitter?.saturation ?? 0,
      hue: jitter?.hue ?? 0,
    },
    grayscale: find('grayscale')?.p ?? 0,
    blur: { probability: blur?.p ?? 0, sigma: blur?.sigma ?? [0.1, 2] },
    solarize: find('solarize')?.p ?? 0,
  };
}
