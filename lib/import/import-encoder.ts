import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { ByolError } from '../errors.js';
import { describingMetadata, encoderFeatures } from '../export/encoder.js';
import {
  describeNetwork,
  describesItself,
  type EncoderDescription,
  type NetworkOptions,
  torchvisionWeights,
} from '../export/encoder-description.js';
import { networkChecks } from '../export/network-checks.js';
import { readSafetensorsHeader } from '../export/safetensors.js';
import { writeSafetensors } from '../export/safetensors-writer.js';
import { ioError } from '../files/atomic-file.js';
import * as option from '../text/options.js';
import { type Checkpoint, withCheckpoint } from './checkpoint.js';
import { type EncoderOrigin, type ForeignEncoder, findForeignEncoder } from './foreign-encoder.js';
import type { Branch } from './networks/choose-network.js';
import { originMetadata } from './origin-metadata.js';

export interface ImportOptions extends NetworkOptions {
  /** 'encoder.safetensors' if left out; a file that is there is replaced. */
  readonly out?: string | undefined;
  /**
   * Of a file with several networks: 'online', the trained one, or 'target', its moving average, or what a network's names begin
   * with. Left out: 'online' where there is one.
   */
  readonly branch?: Branch | undefined;
}

/** What importEncoder() found, and where it lies now. */
export interface ImportedEncoder {
  /** The file that was written. */
  readonly path: string;
  readonly description: EncoderDescription;
  readonly origin: EncoderOrigin;
  /** Of the file that was read, in hexadecimal. */
  readonly sha256: string;
  /** Options that neither the file nor the call gave, and that were taken as PyTorch's ResNets for ImageNet have them. */
  readonly assumed: readonly string[];
  readonly features: number;
  readonly parameters: number;
}

const importChecks: option.OptionChecks<ImportOptions & { readonly path: string }> = {
  path: option.required(option.path),
  out: option.path,
  branch: option.text,
  ...networkChecks,
};

/**
 * Writes the encoder in another program's checkpoint as an encoder file of this package, which says where it came from: the authors'
 * BYOL checkpoints and other pickles of Haiku's parameters; PyTorch's files of any age, with state dicts of torchvision, timm, MoCo,
 * lightly, solo-learn and the like, wrapped or not; safetensors of those and of Hugging Face's transformers. Files are told by
 * content. Nothing in them is run.
 *
 * Throws ERR_BYOL_CHECKPOINT naming the file where it is damaged, holds more than data, or a network that this package does not have
 * (with the first tensors that do not fit), ERR_BYOL_USAGE where something has to be said that the file leaves open, ERR_BYOL_IO.
 */
export async function importEncoder(path: string, options: ImportOptions = {}): Promise<ImportedEncoder> {
  option.checkOptions('importEncoder()', { ...options, path }, importChecks);
  const { out = 'encoder.safetensors', branch, ...network } = options;
  await refuseSameFile(path, out);
  return withCheckpoint(path, async (checkpoint) => {
    refuseOwn(checkpoint);
    const foreign = findForeignEncoder(checkpoint, branch);
    const { description, assumed } = describe(path, foreign, network);
    const sha256 = await hashFile(path);
    const { origin, tensors } = foreign;
    await writeSafetensors(out, tensors, {
      ...describingMetadata(description, description.input),
      ...originMetadata(path, origin),
      imported_sha256: sha256,
      ...(assumed.length > 0 && { imported_assumed: assumed.join(', ') }),
    });
    const parameters = tensors
      .filter(({ name }) => /\.(weight|bias)$/.test(name))
      .reduce((sum, { bytes }) => sum + bytes / 4, 0);
    const features = encoderFeatures(description.encoder);
    return { path: out, description, origin, sha256, assumed, features, parameters };
  });
}

/** What is left open of an encoder for images of ImageNet's kind is PyTorch's; of small images nobody's is usual. */
function describe(
  path: string,
  { encoder, norm, defaults }: ForeignEncoder,
  options: NetworkOptions,
): { readonly description: EncoderDescription; readonly assumed: readonly string[] } {
  const usual: NetworkOptions = encoder.stem === 'imagenet' ? torchvisionWeights : torchvisionNetwork;
  const said = {
    ...defaults,
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
  };
  const assumed = Object.keys(usual).filter((name) => !(name in said));
  const { norm: usualNorm, ...rest } = usual;
  const description = describeNetwork(
    path,
    { encoder, norm },
    { ...rest, ...defaults, norm: { ...usualNorm, ...defaults.norm } },
    options,
  );
  return { description, assumed: assumed.map((name) => (name === 'norm' ? 'norm.epsilon' : name)) };
}

const { padding, norm } = torchvisionWeights;
const torchvisionNetwork: NetworkOptions = { padding, norm };

function refuseOwn({ path, format, arrays }: Checkpoint): void {
  if (format !== 'safetensors') return;
  if (!describesItself(readSafetensorsHeader(path)) && !arrays.has('online.encoder.conv1.weight')) return;
  throw new ByolError('ERR_BYOL_USAGE', `${path} is a file of this package already: use it as it is.`);
}

async function refuseSameFile(path: string, out: string): Promise<void> {
  const [from, to] = await Promise.all([path, out].map((file) => stat(file).catch(() => null)));
  if (from === null || from === undefined) throw ioError(path, 'read', new Error('it does not exist'));
  if (!from.isFile()) throw ioError(path, 'read', new Error('it is not a file'));
  if (to?.ino === from.ino && to.dev === from.dev) {
    throw new ByolError('ERR_BYOL_USAGE', `${out} is the file that is to be read: give another one with --out.`);
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const part of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(part as Buffer);
  } catch (error) {
    throw ioError(path, 'read', error);
  }
  return hash.digest('hex');
}
