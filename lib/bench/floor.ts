import type { DeviceRates, LearnerSpec } from '../binding/native.js';

/**
 * The least time that a step can take on a device, whoever wrote it, as long as convolutions and normalisation are kernels of their
 * own: operations over the rate of a large matrix product, bytes over the rate of a large copy, both measured on the device.
 */
export interface Floor {
  /** Seconds of all convolutions and matrix products: by their operations, or by what they read and write if that takes longer. */
  readonly matrices: number;
  /** Seconds of normalisation, residuals and ReLU, each of whose inputs is read and each output written once. */
  readonly norms: number;
  /** Seconds of the optimiser and the moving average. */
  readonly update: number;
  readonly total: number;
}

/** What the memory of a device moves at least, in elements of one view of one image. */
export interface EncoderTraffic {
  /** Read and written by the convolutions of a forward pass, and of a backward one with both gradients. */
  readonly convolutions: { readonly forward: number; readonly backward: number };
  /** By the norms after them, with statistics for free. */
  readonly norms: { readonly forward: number; readonly backward: number };
  /** Outputs of all convolutions. */
  readonly outputs: number;
  readonly parameters: number;
}

interface Layer {
  /** Elements. */
  readonly input: number;
  readonly output: number;
  readonly parameters: number;
  /** Its norm adds the other branch. */
  readonly residual: boolean;
  /** Nothing below it learns from its input's gradient. */
  readonly first: boolean;
}

/** Of a ResNet at this size of views, pooling left out. */
export function encoderTraffic(encoder: LearnerSpec['encoder'], size: number): EncoderTraffic {
  const layers = layersOf(encoder, size);
  const sum = (of: (layer: Layer) => number): number => layers.reduce((total, layer) => total + of(layer), 0);
  return {
    convolutions: {
      forward: sum(({ input, output }) => input + output),
      // The gradient of the input: read dy, write dx; that of the weights: read dy and x.
      backward: sum(({ input, output, first }) => (first ? 0 : output + input) + output + input),
    },
    norms: {
      forward: sum(({ output, residual }) => (residual ? 3 : 2) * output),
      // Read dy and x, write dx; a residual's gradient is written too.
      backward: sum(({ output, residual }) => (residual ? 4 : 3) * output),
    },
    outputs: sum(({ output }) => output),
    parameters: sum(({ parameters }) => parameters),
  };
}

function layersOf({ block, blocks, width, stem, shortcut }: LearnerSpec['encoder'], size: number): Layer[] {
  const layers: Layer[] = [];
  const add = (from: Shape, to: Shape, kernel: number, residual = false): Shape => {
    layers.push({
      input: elements(from),
      output: elements(to),
      parameters: kernel * kernel * from.channels * to.channels,
      residual,
      first: layers.length === 0,
    });
    return to;
  };
  const small = stem !== 'imagenet';
  const side = { imagenet: half(size), small: size, 'small-padded': size + 2 }[stem];
  let at = add({ side: size, channels: 3 }, { side, channels: width }, small ? 3 : 7);
  if (!small) at = { ...at, side: half(at.side) };
  for (const [group, count] of blocks.entries()) {
    const inner = width << group;
    const channels = block === 'bottleneck' ? 4 * inner : inner;
    for (let index = 0; index < count; index += 1) {
      const strided = index === 0 && group > 0;
      const side = strided ? half(at.side) : at.side;
      const out = { side, channels };
      const projects = strided || at.channels !== channels || (shortcut === 'official' && index === 0);
      if (projects) add(at, out, 1);
      if (block === 'bottleneck') {
        const narrow = add(at, { side: at.side, channels: inner }, 1);
        add(add(narrow, { side, channels: inner }, 3), out, 1, true);
      } else {
        add(add(at, { side, channels: inner }, 3), out, 3, true);
      }
      at = out;
    }
  }
  return layers;
}

interface Shape {
  readonly side: number;
  readonly channels: number;
}

const elements = ({ side, channels }: Shape): number => side * side * channels;
const half = (side: number): number => Math.ceil(side / 2);

export interface StepSize {
  readonly spec: Pick<LearnerSpec, 'encoder' | 'objective' | 'precision' | 'supervision'>;
  /** Pixels of a view's side, images of a step, its floating-point operations. */
  readonly size: number;
  readonly batch: number;
  readonly flop: number;
  /** Trained ones, heads included. */
  readonly parameters: number;
}

/**
 * Float32 weights, gradients and momentum are read, weights and momentum written and the gradient cleared, the target's weights read and
 * written; with bfloat16 both networks' copies are written as well.
 */
const UPDATE_BYTES = { float32: 8 * 4, bfloat16: 8 * 4 + 2 * 2 } as const;

export function stepFloor({ spec, size, batch, flop, parameters }: StepSize, rates: DeviceRates): Floor {
  const { convolutions, norms } = encoderTraffic(spec.encoder, size);
  const bytes = spec.precision === 'bfloat16' ? 2 : 4;
  const { forward, backward } = passesOf(spec);
  const seconds = (traffic: { readonly forward: number; readonly backward: number }): number =>
    (batch * bytes * (forward * traffic.forward + backward * traffic.backward)) / rates.copy;
  const matrices = Math.max(flop / rates.matrix, seconds(convolutions));
  const update = (UPDATE_BYTES[spec.precision] * parameters) / rates.copy;
  const normSeconds = seconds(norms);
  return { matrices, norms: normSeconds, update, total: matrices + normSeconds + update };
}

/** Of the encoder over one view each. */
function passesOf({ objective, supervision }: StepSize['spec']): {
  readonly forward: number;
  readonly backward: number;
} {
  // Labels alone are learnt from one view.
  if (supervision !== null && !supervision.target) return { forward: 1, backward: 1 };
  const views = objective.symmetric ? 2 : 1;
  const ofTarget = objective.target === 'ema' ? views : 0;
  // A target without a network of its own is the other view's online pass.
  const online = objective.target === 'ema' ? views : 2;
  return { forward: online + ofTarget, backward: objective.target === 'gradient' ? 2 : views };
}
