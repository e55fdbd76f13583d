import { writeAtomically } from '../files/atomic-file.js';
import type { TensorType } from './safetensors.js';

/** Writes safetensors files of tensors that are made one after the other; those in LibTorch's memory the addon writes itself. */

export interface WrittenTensor {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly number[];
  /** How many `make` gives. */
  readonly bytes: number;
  /** Row-major and little-endian; called once, in the order of the file. */
  readonly make: () => Uint8Array;
}

/** Widest types first, so that every tensor lies at a multiple of its element's size. */
const WIDTHS: ReadonlyArray<readonly TensorType[]> = [
  ['F64', 'I64'],
  ['F32', 'I32'],
  ['F16', 'BF16'],
  ['U8', 'BOOL'],
];

/** Atomically, one tensor at a time in memory. Throws ERR_BYOL_IO, and what making a tensor throws. */
export async function writeSafetensors(
  path: string,
  tensors: readonly WrittenTensor[],
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const ordered = WIDTHS.flatMap((types) => tensors.filter(({ type }) => types.includes(type)));
  await writeAtomically(path, parts(ordered, metadata));
}

async function* parts(
  tensors: readonly WrittenTensor[],
  metadata: Readonly<Record<string, string>>,
): AsyncGenerator<Uint8Array> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let position = 0;
  for (const { name, type, shape, bytes } of tensors) {
    header[name] = { dtype: type, shape, data_offsets: [position, position + bytes] };
    position += bytes;
  }
  const text = Buffer.from(JSON.stringify(header), 'utf8');
  // The data begin at a multiple of 8.
  const padded = Buffer.concat([text, Buffer.alloc(-text.length & 7, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  yield Buffer.concat([length, padded]);
  for (const tensor of tensors) yield tensor.make();
}
