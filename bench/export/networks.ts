import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadNative } from '../../lib/binding/load.js';
import type { EncoderSpec, NormSpec } from '../../lib/binding/native.js';
import { imagenetStatistics, officialNorm } from '../../lib/config/presets/shared.js';
import { architectureName, describingMetadata } from '../../lib/export/encoder.js';
import { readSafetensors, readSafetensorsHeader, type TensorValues } from '../../lib/export/safetensors.js';
import { type WrittenTensor, writeSafetensors } from '../../lib/export/safetensors-writer.js';
import { plainStep, squareView, torchvisionLearner } from '../../test/support/byol-spec.js';
import { identityPlan } from '../../test/support/plans.js';
import { equallySized } from '../../test/support/stores.js';
import type { Photos } from './photos.js';

export interface ExportedNetwork {
  readonly encoder: EncoderSpec;
  readonly norm: NormSpec;
  /** Side of its images in pixels. */
  readonly size: number;
  /** Images in a forward pass of another runtime. */
  readonly atOnce: number;
}

const resnet50: EncoderSpec = {
  block: 'bottleneck',
  blocks: [3, 4, 6, 3],
  width: 64,
  stem: 'imagenet',
  padding: 'same',
  initialization: 'official',
  shortcut: 'official',
  zeroInitLastNorm: false,
};
const resnet18: EncoderSpec = { ...resnet50, block: 'basic', blocks: [2, 2, 2, 2] };
const large = { norm: officialNorm, size: 224, atOnce: 8 } as const;
const standardized: NormSpec = { ...officialNorm, encoder: 'group', weightStandardization: true };

export const exportedNetworks: Readonly<Record<string, ExportedNetwork>> = {
  'resnet-18': { ...large, encoder: resnet18 },
  'resnet-18-torchvision': {
    ...large,
    encoder: { ...resnet18, padding: 'symmetric', initialization: 'torchvision', shortcut: 'torchvision' },
  },
  'resnet-18-small-stem': { ...large, encoder: { ...resnet18, stem: 'small' }, size: 32, atOnce: 32 },
  'resnet-50': { ...large, encoder: resnet50 },
  'resnet-50-group-norm': { ...large, encoder: resnet50, norm: standardized },
  'resnet-200-2x': { ...large, encoder: { ...resnet50, blocks: [3, 24, 36, 3], width: 128 }, atOnce: 1 },
};

/** What weights that nobody has trained are made to be like. */
export const WEIGHTS =
  'Weights as initialised; scales of norms around 1, those that end a residual branch around 0.25, as trained networks have them, and ' +
  'offsets around 0; running statistics are those of four of the photos.';

/** Photos that running statistics are taken of. */
const STATISTICS_OF = 4;

/** encoder.safetensors of such a network. */
export async function writeNetwork(file: string, network: ExportedNetwork, photos: Photos): Promise<string> {
  const { encoder, norm, size } = network;
  const native = loadNative();
  // Decay 0: running statistics are those of the last batch.
  const learner = new native.Learner({ ...torchvisionLearner, encoder, norm: { ...norm, decay: 0 } });
  const store = equallySized(native, photos.pixels(0, STATISTICS_OF), STATISTICS_OF, size, size);
  const folder = await mkdtemp(join(tmpdir(), 'byol-bench-'));
  try {
    const [drawn, changed] = ['drawn', 'changed'].map((name) => join(folder, `${name}.safetensors`)) as [
      string,
      string,
    ];
    const description = describingMetadata({ encoder, norm }, inputOf(size));
    const views = [false, true].map((flip) => ({
      plan: identityPlan(STATISTICS_OF, size, size, { flip }),
      spec: { ...squareView(size), ...imagenetStatistics },
    }));
    const indices = Int32Array.from({ length: STATISTICS_OF }, (_, i) => i);
    // An update that changes no weight.
    const step = { images: store, indices, microBatches: 1, views, learningRate: 1e-12, tau: 0.99, ...plainStep };
    // A network without running statistics is not exported.
    await learner.step(step);
    await learner.exportEncoder(drawn, description);
    await likeTrained(drawn, changed, encoder, description);
    await learner.loadWeights(changed);
    await learner.step(step);
    await learner.exportEncoder(file, description);
    return `${architectureName(encoder)}, ${norm.encoder} norm${norm.weightStandardization ? ', weights standardised' : ''}`;
  } finally {
    learner.dispose();
    store.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

export function inputOf(size: number) {
  return { size, ...imagenetStatistics, resampling: 'bicubic', antialias: false, transform: 'official' } as const;
}

/** One tensor at a time: a ResNet-200 2x has a gigabyte. */
async function likeTrained(
  from: string,
  to: string,
  { block }: EncoderSpec,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const last = block === 'bottleneck' ? /\.bn3\.weight$/ : /\.bn2\.weight$/;
  const normal = normals(1);
  const written = [...readSafetensorsHeader(from).tensors].map(([name, { type, shape }]): WrittenTensor => {
    const isCount = type === 'I64';
    const length = shape.reduce((product, side) => product * side, 1);
    const make = (): Uint8Array => {
      const { data } = readSafetensors(from, [name]).tensors.get(name) as TensorValues;
      if (isCount) return bytesOf(BigInt64Array.from(data, BigInt));
      if (!/(bn\d|downsample\.1)\.(weight|bias)$/.test(name)) return bytesOf(Float32Array.from(data));
      const mean = name.endsWith('bias') ? 0 : last.test(name) ? 0.25 : 1;
      return bytesOf(Float32Array.from(data, () => mean + (mean === 0.25 ? 0.05 : 0.1) * normal()));
    };
    return { name, type, shape, bytes: length * (isCount ? 8 : 4), make };
  });
  await writeSafetensors(to, written, metadata);
}

function bytesOf(array: BigInt64Array | Float32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Standard normal numbers (Box and Muller) of Park and Miller's generator. */
function normals(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
