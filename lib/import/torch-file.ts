import { crc32 } from 'node:zlib';
import { ByteCursor, type ByteSource, type BytesRange } from './bytes.js';
import { Globals } from './pickle/globals.js';
import { jaxGlobals } from './pickle/jax-globals.js';
import { numpyGlobals } from './pickle/numpy-globals.js';
import { pythonGlobals } from './pickle/python-globals.js';
import { TorchStorages, torchGlobals, torchTypes } from './pickle/torch-globals.js';
import { unpickle } from './pickle/unpickler.js';
import { PyDict, PyList, type PyValue } from './pickle/values.js';
import { ImportProblem } from './problem.js';
import type { ZipEntry } from './zip-archive.js';

/** Files of torch.save(): archives since version 1.6, and a row of pickles before (torch/serialization.py). */

/** A whole training has some hundred kilobytes there. */
const LARGEST_PICKLE = 256 * 1024 * 1024;

/** What pickles of PyTorch, NumPy and JAX may refer to. */
export function allGlobals(storages: TorchStorages): Globals {
  return new Globals([pythonGlobals, numpyGlobals, jaxGlobals, torchGlobals(storages)], torchTypes);
}

/** Whether an archive's entries are those of torch.save(). */
export function isTorchArchive(entries: ReadonlyMap<string, ZipEntry>): boolean {
  return pickleName(entries) !== undefined;
}

function pickleName(entries: ReadonlyMap<string, ZipEntry>): string | undefined {
  return [...entries.keys()].find((name) => /^[^/]*\/data\.pkl$/.test(name));
}

/** What was saved. Throws ImportProblem. */
export function readTorchArchive(entries: ReadonlyMap<string, ZipEntry>): PyValue {
  const name = pickleName(entries);
  if (name === undefined) throw new ImportProblem('its archive has no data.pkl');
  const folder = name.slice(0, -'data.pkl'.length);
  const byteOrder = entries.get(`${folder}byteorder`);
  if (byteOrder !== undefined && text(stored(byteOrder)) === 'big') throw bigEndian();
  const scripted = entries.has(`${folder}constants.pkl`);
  if (scripted) {
    throw new ImportProblem(
      'it is a TorchScript program, which has code beside its weights',
      "Save the weights alone, in Python: torch.save(torch.jit.load(path).state_dict(), 'weights.pth').",
    );
  }
  const pickle = stored(entries.get(name) as ZipEntry);
  if (pickle.size > LARGEST_PICKLE) throw new ImportProblem(`its ${name} has more than ${LARGEST_PICKLE} bytes`);
  const storages = new TorchStorages();
  const value = unpickle(new ByteCursor(pickle), allGlobals(storages), storages.load);
  for (const { key } of storages.all()) {
    const entry = entries.get(`${folder}data/${key}`);
    if (entry !== undefined) storages.place(key, new CheckedBytes(entry));
  }
  return value;
}

function stored({ name, bytes }: ZipEntry): BytesRange {
  if (bytes !== null) return bytes;
  throw new ImportProblem(
    `its entry ${name} is compressed, which torch.save() does not do`,
    'Load and save it again with PyTorch.',
  );
}

function text(bytes: ByteSource): string {
  return Buffer.from(bytes.read(0, Math.min(bytes.size, 64))).toString('latin1');
}

/** An entry whose checksum is looked at where all of it is read. */
class CheckedBytes implements ByteSource {
  readonly size: number;
  readonly #entry: ZipEntry;
  readonly #bytes: BytesRange;

  constructor(entry: ZipEntry) {
    this.#entry = entry;
    this.#bytes = stored(entry);
    this.size = this.#bytes.size;
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = this.#bytes.read(offset, length);
    const whole = offset === 0 && length === this.size;
    if (whole && this.#entry.crc32 !== 0 && crc32(bytes) !== this.#entry.crc32) {
      throw new ImportProblem(`it is damaged: the checksum of its entry ${this.#entry.name} is another`);
    }
    return bytes;
  }
}

/** torch.save()'s mark before version 1.6, as a pickle of protocol 2: 0x1950a86a20f9469cfc6c. */
export const LEGACY_MARK = Buffer.from('80028a0a6cfc9c46f9206aa85019', 'hex');
const LEGACY_PROTOCOL = 1001;

/** What was saved before version 1.6: mark, protocol, notes of the system, value, keys of the storages, and each of those. */
export function readLegacyTorchFile(source: ByteSource): PyValue {
  const cursor = new ByteCursor(source);
  const storages = new TorchStorages();
  const globals = allGlobals(storages);
  unpickle(cursor, globals);
  const protocol = unpickle(cursor, globals);
  if (protocol !== LEGACY_PROTOCOL) throw new ImportProblem(`its format has an unknown version, ${String(protocol)}`);
  const system = unpickle(cursor, globals);
  if (system instanceof PyDict && system.get('little_endian') === false) throw bigEndian();
  const value = unpickle(cursor, globals, storages.load);
  const keys = unpickle(cursor, globals);
  if (!(keys instanceof PyList)) throw new ImportProblem('it is damaged: it does not list its storages');
  const widths = new Map([...storages.all()].map(({ key, elementSize }) => [key, elementSize]));
  for (const key of keys.items) {
    const width = typeof key === 'string' ? widths.get(key) : undefined;
    if (width === undefined || width === null)
      throw new ImportProblem('it is damaged: it lists a storage of no tensor');
    const elements = cursor.uint64();
    storages.place(key as string, cursor.skip(elements * width));
  }
  return value;
}

function bigEndian(): ImportProblem {
  return new ImportProblem(
    'it was written on a big-endian machine',
    'Load and save it again with PyTorch on this one.',
  );
}
