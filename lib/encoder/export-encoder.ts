import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { VERSION } from '../binding/package-root.js';
import { ByolError } from '../errors.js';
import { architectureName, describingMetadata, torchvisionCode, torchvisionFit } from '../export/encoder.js';
import { describesItself, type EncoderDescription } from '../export/encoder-description.js';
import { type GraphTensors, resnetModel } from '../export/onnx/resnet-graph.js';
import { readSafetensors, readSafetensorsHeader } from '../export/safetensors.js';
import { ioError, writeAtomically } from '../files/atomic-file.js';
import { refuseOthers } from '../files/own-file.js';
import * as option from '../text/options.js';
import { Encoder, withParts } from './encoder.js';
import { type EncoderOptions, encoderChecks } from './encoder-options.js';

/**
 * What programs take: 'onnx', a model of ONNX; 'safetensors', weights with torchvision's names and all that says how to use them, for
 * this package and whoever reads such files; 'torchvision' and 'timm', the same where its own network of that name takes them strictly
 * and computes the same with them.
 */
export const exportFormats = ['onnx', 'safetensors', 'torchvision', 'timm'] as const;
/** A form that a trained network is written in, for other software. */
export type ExportFormat = (typeof exportFormats)[number];

/** What is written, and where. */
export interface ExportOptions
  extends Pick<
    EncoderOptions,
    'branch' | 'inputSize' | 'mean' | 'std' | 'resampling' | 'antialias' | 'transform' | 'padding' | 'stem' | 'norm'
  > {
  /** A file that an earlier call wrote is replaced; another one is not. */
  readonly out: string;
  /** Left out: by the ending of `out`, '.onnx' or '.safetensors'. */
  readonly format?: ExportFormat | undefined;
  /**
   * Of ONNX: the model takes uint8 pixels [batch, height, width, 3] and normalises them itself, in place of float32
   * [batch, 3, height, width].
   */
  readonly pixels?: boolean | undefined;
}

/** What exportEncoder() wrote. */
export interface ExportedEncoder {
  readonly path: string;
  readonly format: ExportFormat;
  readonly description: EncoderDescription;
  readonly features: number;
  readonly bytes: number;
  /** Lines of Python or JavaScript that use the file. */
  readonly use: string;
}

const exportChecks: option.OptionChecks<ExportOptions & { readonly path: string }> = {
  ...(({ device, precision, threads, batchSize, maxPixels, ...rest }) => rest)(encoderChecks),
  out: option.required(option.path),
  format: option.oneOf(exportFormats),
  pixels: option.flag,
};

/** Protocol buffers end there. */
const MOST_ONNX_BYTES = 2 ** 31 - 1;
const ONNX_START = `\x08\x08\x12\x0abyol-torch`;

/**
 * Writes the encoder of a run, a checkpoint, or a file of weights, whoever made it, for other programs. Of ONNX the metadata say how
 * images become what the model takes; number, height and width of the images are free. Written atomically.
 *
 * Throws as Encoder.load(); ERR_BYOL_USAGE for a format that has no such network, and for options that are wrong; ERR_BYOL_IO where
 * `out` is a file of somebody else's or cannot be written.
 */
export async function exportEncoder(path: string, options: ExportOptions): Promise<ExportedEncoder> {
  option.checkOptions('exportEncoder()', { ...options, path }, exportChecks);
  const { out, pixels = false, format: _, ...network } = options;
  const format = options.format ?? formatOf(out);
  if (pixels && format !== 'onnx') {
    throw new ByolError('ERR_BYOL_USAGE', `'pixels' is of ONNX models: a file of weights takes no images.`);
  }
  await using encoder = await Encoder.load(path, { ...network, device: 'cpu', precision: 'float32' });
  return withParts(encoder, async ({ network: weights, description, loaded }) => {
    const model = format === 'torchvision' || format === 'timm' ? modelName(description, format) : null;
    await refuseSource(loaded.path, out);
    // Those of a checkpoint say how a run goes on.
    const told = describesItself(loaded) ? loaded.metadata : {};
    const facts = { ...told, ...describingMetadata(description, description.input) };
    const done = { path: out, format, description, features: weights.features };
    if (format !== 'onnx') {
      await refuseOtherWeights(out);
      await weights.exportEncoder(out, facts);
      return { ...done, bytes: (await stat(out)).size, use: pythonFor(out, format, description, model) };
    }
    await refuseOthers(out, { start: ONNX_START });
    const tensors = await tensorsOf((file) => weights.exportEncoder(file, {}));
    const pieces = resnetModel(description, tensors, modelFacts(description, facts, pixels), { pixels });
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (bytes > MOST_ONNX_BYTES) {
      const size = `${(bytes / 1e9).toFixed(1)} GB`;
      throw new ByolError('ERR_BYOL_USAGE', `An ONNX file has at most 2 GB, and this encoder takes ${size}.`);
    }
    await writeAtomically(out, inParts(pieces));
    return { ...done, bytes, use: javascriptFor(out, pixels) };
  });
}

function formatOf(out: string): ExportFormat {
  const ending = extname(out).toLowerCase();
  if (ending === '.onnx') return 'onnx';
  if (ending === '.safetensors') return 'safetensors';
  throw new ByolError(
    'ERR_BYOL_USAGE',
    `${out} does not end in .onnx or .safetensors: say which format it is to have.`,
    {
      hint: `There are: ${exportFormats.join(', ')}.`,
    },
  );
}

/** Of the network that the program has. Throws ERR_BYOL_USAGE where it has none that computes the same. */
function modelName({ encoder, norm }: EncoderDescription, format: 'torchvision' | 'timm'): string {
  const fit = torchvisionFit(encoder, norm);
  const isNamed = fit.model !== null && !fit.model.startsWith('ResNet(');
  // timm makes its ResNets by name alone; other stems and norms would be other networks.
  const plain = encoder.stem === 'imagenet' && norm.encoder === 'batch';
  const fits = fit.model !== null && fit.sameFunction && (format === 'torchvision' || (isNamed && plain));
  if (fits) return fit.model;
  const why = fit.notes.filter((note) => !note.startsWith('Representations are'));
  const reasons = why.length > 0 ? ` ${why.join(' ')}` : '';
  throw new ByolError(
    'ERR_BYOL_USAGE',
    `${format} has no network that computes the same as ${architectureName(encoder)}.${reasons}`,
    {
      hint: "Format 'onnx' runs anywhere; 'safetensors' has the weights for code of your own.",
    },
  );
}

async function refuseSource(source: string, out: string): Promise<void> {
  const [from, to] = await Promise.all([source, out].map((file) => stat(file).catch(() => null)));
  if (!from || !to || from.ino !== to.ino || from.dev !== to.dev) return;
  throw new ByolError('ERR_BYOL_USAGE', `${out} is the file that the encoder is in: choose another name.`);
}

/** Only an encoder file of this package's is replaced. */
async function refuseOtherWeights(out: string): Promise<void> {
  const isThere = await stat(out).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  try {
    if (describesItself(readSafetensorsHeader(out))) return;
  } catch (error) {
    if (!(error instanceof ByolError)) throw error;
  }
  await refuseOthers(out, null);
}

/** The tensors that `write` writes to a file, as they are in it. */
async function tensorsOf(write: (file: string) => Promise<void>): Promise<GraphTensors> {
  const folder = await mkdtemp(join(tmpdir(), 'byol-export-')).catch((error: unknown) => {
    throw ioError(tmpdir(), 'write', error);
  });
  try {
    const file = join(folder, 'encoder.safetensors');
    await write(file);
    const tensors = [...readSafetensors(file).tensors];
    return new Map(tensors.map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function* inParts(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  // Thousands of pieces have a few bytes each.
  let small: Uint8Array[] = [];
  for (const piece of pieces) {
    if (piece.length < 4096) {
      small.push(piece);
      continue;
    }
    yield Buffer.concat(small);
    small = [];
    yield piece;
  }
  yield Buffer.concat(small);
}

/** How images become what the model takes, in a sentence: metadata are read by people first. */
function modelFacts(description: EncoderDescription, facts: Readonly<Record<string, string>>, pixels: boolean) {
  const { encoder, input } = description;
  const { size, mean, std, resampling, antialias, transform } = input;
  const crop =
    transform === 'torchvision'
      ? `shorter side to ${Math.round((size * 256) / 224)} pixels (${resampling}), central ${size} x ${size} cut out`
      : `central square of 0.875 of the shorter side, resized to ${size} x ${size} pixels (${resampling}, ${antialias ? 'with' : 'without'} antialiasing)`;
  const values = pixels
    ? 'uint8 RGB, channels last'
    : `RGB in [0, 1], less mean ${mean.join(', ')}, divided by std ${std.join(', ')}, channels first`;
  const preprocessing = `${crop}; ${values}`;
  const left = Object.entries(facts).filter(([name]) => !name.startsWith('torchvision') && name !== 'format');
  return {
    producer: 'byol-torch',
    version: VERSION,
    description: `${architectureName(encoder)}: images to representations. Images: ${preprocessing}.`,
    metadata: { ...Object.fromEntries(left), preprocessing },
  };
}

function javascriptFor(out: string, pixels: boolean): string {
  const [name, type, dims] = pixels
    ? ['pixels', 'uint8', '[count, height, width, 3]']
    : ['images', 'float32', '[count, 3, height, width]'];
  return [
    "import { InferenceSession, Tensor } from 'onnxruntime-node'; // or onnxruntime-web",
    `const session = await InferenceSession.create(${JSON.stringify(out)});`,
    `const { features } = await session.run({ ${name}: new Tensor('${type}', values, ${dims}) });`,
  ].join('\n');
}

function pythonFor(out: string, format: ExportFormat, description: EncoderDescription, model: string | null): string {
  const file = JSON.stringify(out);
  if (format === 'timm') {
    return [
      'import timm; from safetensors.torch import load_file',
      `model = timm.create_model('${model}', num_classes=0).eval()`,
      `model.load_state_dict(load_file(${file}))`,
    ].join('\n');
  }
  if (format === 'torchvision') {
    return [
      'import torch, torchvision; from safetensors.torch import load_file',
      ...torchvisionCode(description.encoder, description.norm),
      `model.eval().load_state_dict(load_file(${file}))`,
    ].join('\n');
  }
  return `import { Encoder } from 'byol-torch';\nawait using encoder = await Encoder.load(${file});`;
}
