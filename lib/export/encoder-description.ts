import { z } from 'zod';
import { evaluationTransforms } from '../augment/view-spec.js';
import { encoderSchema, normSchema } from '../config/network.js';
import { imagenetStatistics } from '../config/presets/shared.js';
import { type Config, type EncoderConfig, viewsSchema } from '../config/schema.js';
import { formatPath, type Path, valueAt } from '../config/schema-tree.js';
import { ByolError } from '../errors.js';
import { type EncoderNorm, inferArchitecture } from './infer-architecture.js';
import type { SafetensorsHeader } from './safetensors.js';

/** How images become what the network takes: a square of `size` pixels, resampled, (x - mean) / std of RGB in [0, 1]. */
export type EncoderInput = Pick<Config['views'], 'size' | 'resampling' | 'antialias' | 'mean' | 'std'> &
  Pick<Config['evaluation'], 'transform'>;

/** All that it takes to embed images with the weights in a file. */
export interface EncoderDescription {
  readonly encoder: EncoderConfig;
  readonly norm: EncoderNorm;
  readonly input: EncoderInput;
}

/** What a weights file may leave open of its network and of the images for it. Where it says something itself, these go over it. */
export interface NetworkOptions {
  /** Side of the square that the network sees, in pixels. */
  readonly inputSize?: number | undefined;
  /** Of R, G and B in [0, 1]. */
  readonly mean?: readonly [number, number, number] | undefined;
  readonly std?: readonly [number, number, number] | undefined;
  readonly resampling?: EncoderInput['resampling'] | undefined;
  readonly antialias?: boolean | undefined;
  /** What is seen of an image of another size: evaluation.transform. 'official' where nothing says otherwise. */
  readonly transform?: EncoderInput['transform'] | undefined;
  /** Of strided convolutions: PyTorch's networks have 'symmetric'. */
  readonly padding?: EncoderConfig['padding'] | undefined;
  /** Of a network for small images, whose first convolution solo-learn pads by one more pixel. */
  readonly stem?: Exclude<EncoderConfig['stem'], 'imagenet'> | undefined;
  readonly norm?: Partial<Omit<EncoderNorm, 'decay'>> | undefined;
}

/** Those of torchvision's trained ResNets (IMAGENET1K_V1; V2 of most was tested at other sizes, see its pages). */
export const torchvisionWeights = {
  inputSize: 224,
  ...imagenetStatistics,
  resampling: 'bilinear',
  antialias: true,
  transform: 'torchvision',
  padding: 'symmetric',
  norm: { epsilon: 1e-5 },
} as const satisfies NetworkOptions;

const schema = z.strictObject({
  encoder: encoderSchema,
  norm: normSchema.pick({ encoder: true, groups: true, weightStandardization: true, decay: true, epsilon: true }),
  input: viewsSchema
    .pick({ size: true, resampling: true, antialias: true, mean: true, std: true })
    .extend({ transform: z.enum(evaluationTransforms).default('official') }),
});

/** The settings' paths in a description by the names of the options that give them. */
const OPTIONS: Readonly<Record<string, string>> = {
  'input.size': 'inputSize',
  'input.mean': 'mean',
  'input.std': 'std',
  'input.resampling': 'resampling',
  'input.antialias': 'antialias',
  'input.transform': 'transform',
  'encoder.padding': 'padding',
};

/** Of norm.decay: only training states hold statistics that are not what the network computes with. */
const OF_NO_USE = 0;

interface Draft {
  readonly encoder: Partial<EncoderConfig>;
  readonly norm: Partial<EncoderNorm>;
  readonly input: Partial<EncoderInput>;
}

export function describeConfig({
  encoder,
  norm,
  views,
  evaluation: { transform },
}: Pick<Config, 'encoder' | 'norm' | 'views' | 'evaluation'>): EncoderDescription {
  const { encoder: kind, groups, weightStandardization, decay, epsilon } = norm;
  const { size, resampling, antialias, mean, std } = views;
  return {
    encoder,
    norm: { encoder: kind, groups, weightStandardization, decay, epsilon },
    input: { size, resampling, antialias, mean, std, transform },
  };
}

/**
 * Of an encoder file by its metadata, as encoderMetadata() writes them; of another program's ResNet by the names and shapes of
 * its tensors, with what `options` say besides. Throws ERR_BYOL_USAGE with a list of what neither says, ERR_BYOL_CHECKPOINT
 * for a file that holds no such network, or whose metadata have been changed.
 */
export function describeFile(path: string, header: SafetensorsHeader, options: NetworkOptions): EncoderDescription {
  const draft = describesItself(header) ? ofMetadata(path, header.metadata) : ofTensors(path, header);
  return complete(path, withOptions(draft, options));
}

/** Whether a file is an encoder file of this package's. */
export function describesItself({ metadata }: Pick<SafetensorsHeader, 'metadata'>): boolean {
  return metadata['encoder'] !== undefined && metadata['norm'] !== undefined;
}

/** Of a network whose tensors are known otherwise: what `layers` say of it, `defaults` over that and `options` over those. Throws alike. */
export function describeNetwork(
  path: string,
  { encoder, norm }: { readonly encoder: Partial<EncoderConfig>; readonly norm: Partial<EncoderNorm> },
  defaults: NetworkOptions,
  options: NetworkOptions,
): EncoderDescription {
  const draft = { encoder, norm: { ...norm, decay: OF_NO_USE }, input: {} };
  return complete(path, withOptions(withOptions(draft, defaults), options));
}

/** `options` over a description that is complete. */
export function refine(path: string, description: EncoderDescription, options: NetworkOptions): EncoderDescription {
  return complete(path, withOptions(description, options));
}

function ofTensors(path: string, header: SafetensorsHeader): Draft {
  const { encoder, norm } = inferArchitecture(path, header);
  return { encoder, norm: { ...norm, decay: OF_NO_USE }, input: {} };
}

function ofMetadata(path: string, metadata: Readonly<Record<string, string>>): Draft {
  const json = (name: string): unknown => {
    try {
      return JSON.parse(metadata[name] ?? 'null');
    } catch (cause) {
      throw new ByolError('ERR_BYOL_CHECKPOINT', `${path} has metadata that are damaged: ${name} is not JSON.`, {
        cause,
      });
    }
  };
  const stated = {
    encoder: json('encoder'),
    norm: {
      encoder: metadata['norm'],
      groups: json('norm_groups'),
      weightStandardization: json('weight_standardization'),
      epsilon: json('norm_epsilon'),
      decay: OF_NO_USE,
    },
    input: {
      size: json('input_size'),
      mean: json('mean'),
      std: json('std'),
      // Version 0.1.0 wrote neither; its presets all have the official ones.
      resampling: metadata['resampling'] ?? 'bicubic',
      antialias: metadata['antialias'] === undefined ? false : json('antialias'),
      transform: metadata['transform'],
    },
  };
  const parsed = schema.safeParse(stated);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(({ path: at }) => at.join('.')).join(', ');
  throw new ByolError(
    'ERR_BYOL_CHECKPOINT',
    `${path} has metadata that are damaged: what they say of ${wrong} cannot be.`,
  );
}

function withOptions({ encoder, norm, input }: Draft, options: NetworkOptions): Draft {
  const { inputSize: size, mean, std, resampling, antialias, transform, padding, stem } = options;
  if (stem !== undefined && encoder.stem === 'imagenet') {
    throw new ByolError(
      'ERR_BYOL_USAGE',
      `stem '${stem}' is of networks with a 3x3 first convolution; this one has 7x7.`,
    );
  }
  return {
    encoder: { ...encoder, ...given({ padding, stem }) },
    norm: { ...norm, ...given(options.norm ?? {}) },
    input: { ...input, ...given({ size, mean, std, resampling, antialias, transform }) },
  };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** What is not undefined. */
function given<T extends object>(values: T): Given<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
}

function complete(path: string, draft: Draft): EncoderDescription {
  const parsed = schema.safeParse(draft);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path: at }) => {
    const setting = formatPath(at as Path);
    return { name: OPTIONS[setting] ?? setting, missing: valueAt(draft, at as Path) === undefined };
  });
  const missing = problems.filter((problem) => problem.missing).map(({ name }) => name);
  if (missing.length === 0) {
    const names = problems.map(({ name }) => name).join(', ');
    throw new ByolError('ERR_BYOL_CHECKPOINT', `${path} holds a network that this package does not have: ${names}.`);
  }
  throw new ByolError('ERR_BYOL_USAGE', `${path} does not say these, which have to be given: ${missing.join(', ')}.`, {
    hint: "For torchvision's trained ResNets: Encoder.load(path, torchvisionWeights); byol embed --torchvision.",
  });
}
