import { configHash } from '../config/hash.js';
import type { Config, EncoderConfig } from '../config/schema.js';
import type { EncoderInput } from './encoder-description.js';
import type { EncoderNorm } from './infer-architecture.js';

/** What is written beside an exported encoder, so that the file alone says how to use it. */

/** torchvision's names of the networks that it has: block kind and blocks per group. */
const TORCHVISION: ReadonlyArray<readonly [string, EncoderConfig['block'], string]> = [
  ['resnet18', 'basic', '2,2,2,2'],
  ['resnet34', 'basic', '3,4,6,3'],
  ['resnet50', 'bottleneck', '3,4,6,3'],
  ['resnet101', 'bottleneck', '3,4,23,3'],
  ['resnet152', 'bottleneck', '3,8,36,3'],
];

const STEMS = { imagenet: '', small: ' small stem', 'small-padded': ' small stem padded by 2' } as const;

/** torchvision's eps of every batch normalisation. */
const TORCHVISION_EPSILON = 1e-5;

/** The name torchvision has for these blocks, whatever width and stem; null: it has none. */
function torchvisionName(encoder: EncoderConfig): string | null {
  const blocks = encoder.blocks.join(',');
  return TORCHVISION.find(([, block, known]) => block === encoder.block && known === blocks)?.[0] ?? null;
}

/** "resnet50", "resnet50 width 128", "resnet18 small stem", "basic [1,1,1,1] width 16 small stem". */
export function architectureName(encoder: EncoderConfig): string {
  const name = torchvisionName(encoder) ?? `${encoder.block} [${encoder.blocks.join(',')}]`;
  const width = encoder.width === 64 ? '' : ` width ${encoder.width}`;
  return `${name}${width}${STEMS[encoder.stem]}`;
}

/** Size of the representation y: 2048 for a ResNet-50. */
export function encoderFeatures(encoder: EncoderConfig): number {
  return encoder.width * 2 ** (encoder.blocks.length - 1) * (encoder.block === 'bottleneck' ? 4 : 1);
}

export interface TorchvisionFit {
  /** The model whose state dict has exactly these names and shapes once `fc` is Identity; null: torchvision has none. */
  readonly model: string | null;
  /** Loads strictly, with the changes named in `notes`. */
  readonly strict: boolean;
  /** Computes the same function after loading. */
  readonly sameFunction: boolean;
  /** One sentence each. */
  readonly notes: readonly string[];
}

/** Whether, and how, torchvision's ResNet can take the exported file. */
export function torchvisionFit(encoder: EncoderConfig, norm: EncoderNorm): TorchvisionFit {
  const { epsilon } = norm;
  const notes: string[] = [];
  const name = torchvisionName(encoder);
  let strict = true;
  if (encoder.blocks.length !== 4) {
    strict = false;
    notes.push(`It has ${encoder.blocks.length} groups of blocks; torchvision's ResNet has 4.`);
  }
  if (encoder.width !== 64) {
    strict = false;
    notes.push(`Its stem has ${encoder.width} channels; torchvision's ResNet has 64 and no option for it.`);
  }
  if (encoder.shortcut === 'official' && encoder.block === 'basic') {
    strict = false;
    notes.push(
      "It has a projection shortcut in layer1.0 (shortcut 'official'), where torchvision's basic-block networks have none: " +
        'layer1.0.downsample.* are left over.',
    );
  }
  if (norm.encoder === 'affine') {
    strict = false;
    notes.push(
      "Its norms are a scale and an offset per channel without statistics (norm 'affine'); torchvision's ResNet has no such layer.",
    );
  }
  const model = strict
    ? (name ?? `ResNet(${encoder.block === 'basic' ? 'BasicBlock' : 'Bottleneck'}, [${encoder.blocks}])`)
    : null;
  if (model !== null) {
    notes.push(
      'Representations are the output of the average pool: set model.fc = torch.nn.Identity() before loading.',
    );
    if (encoder.stem !== 'imagenet') {
      const padding = encoder.stem === 'small' ? 1 : 2;
      notes.push(
        `Small stem: set model.conv1 = torch.nn.Conv2d(3, 64, 3, 1, ${padding}, bias=False) and model.maxpool = torch.nn.Identity() first.`,
      );
    }
  }
  const layer = normLayer(norm);
  if (model !== null && layer !== null) {
    notes.push(`Norms of kind '${norm.encoder}': make the model with norm_layer=lambda channels: ${layer}.`);
  }
  if (norm.weightStandardization) {
    notes.push(
      'Weight standardisation: convolutions compute with (w - mean) / sqrt(variance + 1e-4) over the fan-in, biased variance; the file has the raw w. ' +
        'Without it the weights load but compute something else.',
    );
  }
  // Only strided layers differ: at stride 1 and odd kernels SAME padding is symmetric.
  const strided = encoder.stem === 'imagenet' || encoder.blocks.length > 1;
  const samePadding = encoder.padding === 'same' && strided;
  if (samePadding) {
    notes.push(
      "Strided layers pad as TensorFlow's SAME does, less before than after: with PyTorch's symmetric padding the weights load but compute something else (several points of accuracy).",
    );
  }
  const otherEpsilon = norm.encoder === 'batch' && epsilon !== TORCHVISION_EPSILON;
  if (otherEpsilon) notes.push(`Batch normalisation has eps ${epsilon}; torchvision's default is 1e-5.`);
  const sameFunction = strict && !samePadding && !otherEpsilon && !norm.weightStandardization;
  return { model, strict, sameFunction, notes };
}

/**
 * Lines of Python that make `model`, torchvision's own network with these parts, where torchvisionFit() says that it loads strictly: its
 * state dict then has exactly the names and shapes of the file, and its outputs are the representations.
 */
export function torchvisionCode(encoder: EncoderConfig, norm: EncoderNorm): string[] {
  const layer = normLayer(norm);
  const options = layer === null ? '' : `norm_layer=lambda channels: ${layer}`;
  const name = torchvisionName(encoder);
  const block = encoder.block === 'basic' ? 'BasicBlock' : 'Bottleneck';
  const of = 'torchvision.models.resnet';
  const made =
    name === null
      ? `${of}.ResNet(${of}.${block}, [${encoder.blocks.join(', ')}]${options && `, ${options}`})`
      : `torchvision.models.${name}(${options})`;
  const padding = encoder.stem === 'small' ? 1 : 2;
  return [
    `model = ${made}`,
    'model.fc = torch.nn.Identity()',
    ...(encoder.stem === 'imagenet'
      ? []
      : [`model.conv1 = torch.nn.Conv2d(3, 64, 3, 1, ${padding}, bias=False)`, 'model.maxpool = torch.nn.Identity()']),
  ];
}

/** PyTorch's layer in place of torchvision's batch normalisation; null: that one. */
function normLayer({ encoder, groups, epsilon }: EncoderNorm): string | null {
  if (encoder === 'none') return 'torch.nn.Identity()';
  if (encoder !== 'group' && encoder !== 'layer') return null;
  return `torch.nn.GroupNorm(${encoder === 'layer' ? 1 : groups}, channels, eps=${epsilon})`;
}

/** What was measured with the encoder; fractions in [0, 1]. Left out where it was not. */
export interface EncoderFacts {
  /** Of this package. */
  readonly version: string;
  readonly epochs: number;
  readonly knnTop1?: number | undefined;
  readonly linearTop1?: number | undefined;
}

/**
 * The metadata of an exported encoder. Every value is text, as safetensors wants it; lists are JSON. `format: pt` is what
 * Hugging Face's readers look for.
 */
export function encoderMetadata(config: Config, facts: EncoderFacts): Record<string, string> {
  const metadata = {
    ...describingMetadata(config, { ...config.views, transform: config.evaluation.transform }),
    framework: `byol-torch ${facts.version}`,
    method: config.method ?? 'byol',
    epochs: String(facts.epochs),
    config_hash: configHash(config),
  } as Record<string, string>;
  if (config.preset !== undefined) metadata.preset = config.preset;
  if (facts.knnTop1 !== undefined) metadata.knn_top1 = String(facts.knnTop1);
  if (facts.linearTop1 !== undefined) metadata.linear_top1 = String(facts.linearTop1);
  return metadata;
}

/** What says how to make the network and its images, whoever trained it. */
export function describingMetadata(
  { encoder, norm }: { readonly encoder: EncoderConfig; readonly norm: EncoderNorm },
  input: EncoderInput,
): Record<string, string> {
  const fit = torchvisionFit(encoder, norm);
  return {
    format: 'pt',
    architecture: architectureName(encoder),
    encoder: JSON.stringify(encoder),
    features: String(encoderFeatures(encoder)),
    padding: encoder.padding,
    norm: norm.encoder,
    norm_groups: String(norm.groups),
    norm_epsilon: String(norm.epsilon),
    weight_standardization: String(norm.weightStandardization),
    color_order: 'RGB',
    value_range: '[0, 1] before normalisation: (x - mean) / std',
    mean: JSON.stringify(input.mean),
    std: JSON.stringify(input.std),
    input_size: String(input.size),
    resampling: input.resampling,
    antialias: String(input.antialias),
    transform: input.transform,
    torchvision: fit.model === null ? 'does not fit' : fit.model,
    torchvision_same_function: String(fit.sameFunction),
    torchvision_notes: fit.notes.join(' '),
  };
}
