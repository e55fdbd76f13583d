import { encoderFeatures } from '../encoder.js';
import type { EncoderDescription } from '../encoder-description.js';
import { type Dimension, Graph, type GraphTensor, type GraphValue, type ModelFacts } from './graph.js';
import { standardized } from './standardized.js';

/** By torchvision's names: "layer1.0.bn1.running_mean". */
export type GraphTensors = ReadonlyMap<string, GraphTensor>;

export interface ResnetGraphOptions {
  /**
   * The network takes uint8 pixels [batch, height, width, 3] of images that have the right size already, and normalises them itself;
   * else float32 [batch, 3, height, width], normalised.
   */
  readonly pixels: boolean;
}

/**
 * An encoder in inference mode as an ONNX model: images of any number and any size to representations y, float32 [batch, features],
 * those that native/core/model/encoder.cpp computes in float32. Normalisations by running statistics are nodes of their own; runtimes
 * fold them into the convolutions. Weight standardisation is done here, once and for all.
 */
export function resnetModel(
  description: EncoderDescription,
  tensors: GraphTensors,
  facts: ModelFacts,
  { pixels }: ResnetGraphOptions,
): readonly Uint8Array[] {
  const { encoder, input } = description;
  const graph = new ResnetGraph(description, tensors);
  const sides: readonly Dimension[] = ['height', 'width'];
  const taken: GraphValue = pixels
    ? { name: 'pixels', type: 'uint8', shape: ['batch', ...sides, 3] }
    : { name: 'images', type: 'float32', shape: ['batch', 3, ...sides] };
  const output = graph.features(pixels ? graph.normalised('pixels', input) : 'images');
  const shape = ['batch', encoderFeatures(encoder)];
  return graph.model('resnet', taken, { name: output, type: 'float32', shape }, facts);
}

class ResnetGraph extends Graph {
  readonly #description: EncoderDescription;
  readonly #tensors: GraphTensors;

  constructor(description: EncoderDescription, tensors: GraphTensors) {
    super();
    this.#description = description;
    this.#tensors = tensors;
  }

  /** (x / 255 - mean) / std, and channels first. */
  normalised(pixels: string, { mean, std }: EncoderDescription['input']): string {
    const channels = (name: string, values: readonly number[]): string =>
      this.floats(name, [3], Float32Array.from(values));
    const real = this.node('Cast', 'real', [pixels], { to: { integer: 1 } });
    const centred = this.node('Sub', 'centred', [
      real,
      channels(
        'pixel_mean',
        mean.map((each) => each * 255),
      ),
    ]);
    const scaled = this.node('Div', 'scaled', [
      centred,
      channels(
        'pixel_std',
        std.map((each) => each * 255),
      ),
    ]);
    return this.node('Transpose', 'images', [scaled], { perm: { integers: [0, 3, 1, 2] } });
  }

  features(images: string): string {
    const { block, blocks, stem, padding } = this.#description.encoder;
    let x = this.#unit('conv1', 'bn1', images, stem === 'imagenet' ? 2 : 1, stem === 'small-padded' ? 1 : 0);
    x = this.node('Relu', 'relu', [x]);
    if (stem === 'imagenet') {
      x = this.node('MaxPool', 'maxpool', [x], {
        kernel_shape: { integers: [3, 3] },
        strides: { integers: [2, 2] },
        ...(padding === 'same' ? { auto_pad: { text: 'SAME_UPPER' } } : { pads: { integers: [1, 1, 1, 1] } }),
      });
    }
    for (const [group, count] of blocks.entries()) {
      for (let index = 0; index < count; index += 1) {
        const stride = index === 0 && group > 0 ? 2 : 1;
        x = this.#block(`layer${group + 1}.${index}`, x, stride, block === 'bottleneck' ? [1, stride, 1] : [stride, 1]);
      }
    }
    return this.node('Flatten', 'features', [this.node('GlobalAveragePool', 'pooled', [x])]);
  }

  #block(name: string, x: string, stride: number, strides: readonly number[]): string {
    const hasShortcut = this.#tensors.has(`${name}.downsample.0.weight`);
    const shortcut = hasShortcut ? this.#unit(`${name}.downsample.0`, `${name}.downsample.1`, x, stride) : x;
    let inner = x;
    for (const [i, each] of strides.entries()) {
      inner = this.#unit(`${name}.conv${i + 1}`, `${name}.bn${i + 1}`, inner, each);
      if (i + 1 < strides.length) inner = this.node('Relu', `${name}.relu${i + 1}`, [inner]);
    }
    return this.node('Relu', name, [this.node('Add', `${name}.sum`, [inner, shortcut])]);
  }

  /** A convolution and its norm. `margin`: rows and columns of zeros beyond the usual. */
  #unit(convolution: string, norm: string, x: string, stride: number, margin = 0): string {
    const { encoder, norm: kind } = this.#description;
    const weight = this.#tensor(`${convolution}.weight`);
    const kernel = weight.shape[2] as number;
    const data = kind.weightStandardization ? standardized(weight) : weight.data;
    const pad = Math.floor(kernel / 2) + margin;
    // At stride 1 and odd kernels TensorFlow's padding is symmetric too.
    const same = encoder.padding === 'same' && stride > 1;
    const convolved = this.node('Conv', convolution, [x, this.floats(`${convolution}.weight`, weight.shape, data)], {
      kernel_shape: { integers: [kernel, kernel] },
      strides: { integers: [stride, stride] },
      ...(same ? { auto_pad: { text: 'SAME_UPPER' } } : { pads: { integers: [pad, pad, pad, pad] } }),
    });
    return this.#norm(norm, convolved, weight.shape[0] as number);
  }

  #norm(name: string, x: string, channels: number): string {
    const { encoder: kind, epsilon, groups } = this.#description.norm;
    switch (kind) {
      case 'none':
        return x;
      case 'batch': {
        const parameters = ['weight', 'bias', 'running_mean', 'running_var'].map((each) =>
          this.#vector(`${name}.${each}`),
        );
        return this.node('BatchNormalization', name, [x, ...parameters], { epsilon: { float: epsilon } });
      }
      case 'affine':
        return this.#affine(name, x, channels);
      case 'group':
      case 'layer':
        return this.#affine(name, this.#groupNorm(`${name}.norm`, x, kind === 'layer' ? 1 : groups, epsilon), channels);
    }
  }

  /** Each group as one channel of an instance normalisation: the operator of its own came later, and differs between versions. */
  #groupNorm(name: string, x: string, groups: number, epsilon: number): string {
    const ones = this.floats(`ones.${groups}`, [groups], new Float32Array(groups).fill(1));
    const zeros = this.floats(`zeros.${groups}`, [groups], new Float32Array(groups));
    const grouped = this.node('Reshape', `${name}.groups`, [x, this.integers(`groups.${groups}`, [0, groups, -1])]);
    const normed = this.node('InstanceNormalization', `${name}.normed`, [grouped, ones, zeros], {
      epsilon: { float: epsilon },
    });
    return this.node('Reshape', name, [normed, this.node('Shape', `${name}.shape`, [x])]);
  }

  #affine(name: string, x: string, channels: number): string {
    const of = (which: string): string =>
      this.floats(`${name}.${which}`, [channels, 1, 1], this.#tensor(`${name}.${which}`).data);
    return this.node('Add', name, [this.node('Mul', `${name}.scaled`, [x, of('weight')]), of('bias')]);
  }

  #vector(name: string): string {
    const { shape, data } = this.#tensor(name);
    return this.floats(name, shape, data);
  }

  #tensor(name: string): GraphTensor {
    const found = this.#tensors.get(name);
    if (found === undefined) throw new Error(`The encoder has no tensor '${name}'.`);
    return found;
  }
}
