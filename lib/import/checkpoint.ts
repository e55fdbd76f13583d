import { closeSync, openSync } from 'node:fs';
import { ByolError } from '../errors.js';
import { explainForeignFile } from '../export/foreign-file.js';
import { readSafetensorsHeader } from '../export/safetensors.js';
import { ioError } from '../files/atomic-file.js';
import { ByteCursor, type ByteSource, BytesRange, FileBytes } from './bytes.js';
import { flatten } from './flatten.js';
import { TorchStorages } from './pickle/torch-globals.js';
import { unpickle } from './pickle/unpickler.js';
import { PyDict, type PyValue } from './pickle/values.js';
import { ImportProblem } from './problem.js';
import { rowMajorStrides, type StoredArray } from './stored-array.js';
import { allGlobals, isTorchArchive, LEGACY_MARK, readLegacyTorchFile, readTorchArchive } from './torch-file.js';
import { readZipEntries } from './zip-archive.js';

/** How a file is written, told by its first bytes. */
export type CheckpointFormat = 'safetensors' | 'PyTorch' | 'PyTorch before 1.6' | 'pickle';

export interface Checkpoint {
  readonly path: string;
  readonly format: CheckpointFormat;
  /** By their places, joined by points: "state_dict.backbone.conv1.weight", in the order of the file. */
  readonly arrays: ReadonlyMap<string, StoredArray>;
  /** What it says itself of how far the training was: "step", "global_step", "epoch". */
  readonly progress: Readonly<Record<string, number>>;
}

/**
 * Lets `work` look at the arrays of a file, which is open meanwhile; their values are read where they are asked for. Throws
 * ERR_BYOL_CHECKPOINT naming the file where it is no checkpoint, is damaged, or holds more than data (and nothing in it was run),
 * ERR_BYOL_IO where it cannot be read, and what `work` throws.
 */
export async function withCheckpoint<T>(path: string, work: (checkpoint: Checkpoint) => Promise<T>): Promise<T> {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    return await work(await read(path, file));
  } catch (error) {
    if (error instanceof ImportProblem) throw refusal(path, error);
    if (error instanceof ByolError) throw error;
    throw (error as NodeJS.ErrnoException).code === undefined ? error : ioError(path, 'read', error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Null: none that is read here. Throws ERR_BYOL_IO. */
export async function checkpointFormat(path: string): Promise<CheckpointFormat | null> {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    return await recognize(new FileBytes(file));
  } catch (error) {
    if (error instanceof ImportProblem) return null;
    throw ioError(path, 'read', error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function refusal(path: string, { message, hint }: ImportProblem): ByolError {
  const text = `${path} cannot be imported: ${message}.`;
  return new ByolError('ERR_BYOL_CHECKPOINT', text, hint === undefined ? {} : { hint });
}

/** Enough for the name of an archive's first entry. */
const HEAD_BYTES = 512;

async function recognize(bytes: ByteSource): Promise<CheckpointFormat | null> {
  const head = Buffer.from(bytes.read(0, Math.min(bytes.size, HEAD_BYTES)));
  const text = head.toString('latin1');
  if (text.startsWith('PK\x03\x04') && head.length > 30) {
    // That is the first one, unless somebody packed the archive again; where it is so, a damaged archive is PyTorch's too.
    const first = text.slice(30, 30 + head.readUInt16LE(26));
    const known = first.endsWith('/data.pkl') || isTorchArchive(await readZipEntries(bytes));
    return known ? 'PyTorch' : null;
  }
  // Protocol 4 and later may put a frame before the number.
  if (head[0] === 0x80 && head.indexOf(LEGACY_MARK.subarray(2)) > 0) return 'PyTorch before 1.6';
  if (text[8] === '{') return 'safetensors';
  const protocols = '\x02\x03\x04\x05';
  if (text[0] === '\x80' && protocols.includes(text[1] ?? ' ')) return 'pickle';
  // Protocols 0 and 1 have no mark: a dictionary, or an object.
  return /^(\(d|\(l|\(c|\}q|\}\(|c[\w.]+\n\w+\n)/.test(text) ? 'pickle' : null;
}

async function read(path: string, file: number): Promise<Checkpoint> {
  const bytes = new FileBytes(file);
  const format = await recognize(bytes);
  switch (format) {
    case 'PyTorch':
      return ofPickle(path, format, readTorchArchive(await readZipEntries(bytes)));
    case 'PyTorch before 1.6':
      return ofPickle(path, format, readLegacyTorchFile(bytes));
    case 'pickle':
      return ofPickle(path, format, unpickle(new ByteCursor(bytes), allGlobals(new TorchStorages())));
    case 'safetensors':
      return { path, format, arrays: ofSafetensors(path, bytes), progress: {} };
    case null:
      throw explainForeignFile(
        path,
        new ByolError('ERR_BYOL_CHECKPOINT', `${path} is no checkpoint of any kind that is known, or is damaged.`),
      );
  }
}

function ofSafetensors(path: string, bytes: ByteSource): Map<string, StoredArray> {
  const arrays = new Map<string, StoredArray>();
  for (const [name, { type, shape, begin, end }] of readSafetensorsHeader(path).tensors) {
    const place = new BytesRange(bytes, begin, end - begin);
    arrays.set(name, { type, shape, strides: rowMajorStrides(shape), start: 0, bigEndian: false, bytes: place });
  }
  return arrays;
}

function ofPickle(path: string, format: CheckpointFormat, value: PyValue): Checkpoint {
  const progress: Record<string, number> = {};
  if (value instanceof PyDict) {
    for (const name of ['step', 'global_step', 'epoch']) {
      const number = value.get(name);
      if (typeof number === 'number') progress[name] = number;
    }
  }
  return { path, format, arrays: flatten(value), progress };
}
