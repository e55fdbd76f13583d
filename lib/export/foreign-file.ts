import { closeSync, openSync, readSync } from 'node:fs';
import { ByolError } from '../errors.js';

/** Weight files of other programs, told by their first bytes: what they are, and what makes safetensors of them. */

/** Enough for the name of a zip archive's first member, and for tar's mark at 257. */
const HEAD_BYTES = 512;

interface Foreign {
  readonly what: string;
  /** What to do; with `source` and `target`, quoted for Python. */
  readonly advice: (source: string, target: string) => string;
}

const NAMES =
  'Its tensors need the names of torchvision and its layout, [out, in, height, width] for a convolution; rename and transpose them where they differ.';

const convert = (lines: string, note = ''): Foreign['advice'] => {
  return (source, target) => {
    const python = lines.replaceAll('SOURCE', source).replaceAll('TARGET', target);
    return `Make a safetensors file of it, with Python:\n${python}${note && `\n${note}`}`;
  };
};

const pytorch: Foreign = {
  what: 'a PyTorch file or a pickle',
  advice: (source) => `Make an encoder file of it: byol import ${source}; Encoder.load() takes it as it is.`,
};
const numpyArchive: Foreign = {
  what: 'a NumPy archive (.npz)',
  advice: convert(
    'import numpy; from safetensors.numpy import save_file\nsave_file(dict(numpy.load(SOURCE)), TARGET)',
    NAMES,
  ),
};
const onnx: Foreign = {
  what: 'an ONNX model',
  advice: convert(
    'import onnx; from onnx.numpy_helper import to_array; from safetensors.numpy import save_file\n' +
      'save_file({t.name: to_array(t) for t in onnx.load(SOURCE).graph.initializer}, TARGET)',
    NAMES,
  ),
};
const hdf5: Foreign = {
  what: 'an HDF5 file, as Keras writes them',
  advice: convert(
    'import h5py; from safetensors.numpy import save_file; s = {}; ' +
      'h5py.File(SOURCE).visititems(lambda k, v: s.update({k: v[()]}) if isinstance(v, h5py.Dataset) else None)\n' +
      'save_file(s, TARGET)',
    NAMES,
  ),
};
const other = (what: string, todo: string): Foreign => ({ what, advice: () => todo });
const unpack = 'Unpack it and take the safetensors file in it.';

/** Marks at the start of the file, byte for byte. */
const MARKS: ReadonlyArray<readonly [string, Foreign]> = [
  ['\x89HDF\r\n\x1a\n', hdf5],
  ['\x93NUMPY', other('a single NumPy array (.npy)', 'Weights are many tensors: save them as one safetensors file.')],
  ['GGUF', other('a GGUF file', 'That is a format of language models; take the safetensors file of the model.')],
  ['\x1f\x8b', other('a gzip archive', unpack)],
  ['BZh', other('a bzip2 archive', unpack)],
  ['\xfd7zXZ', other('an xz archive', unpack)],
  [
    'version https://git-lfs',
    other('a Git LFS pointer, not the file itself', 'Fetch the file with `git lfs pull`, or download it again.'),
  ],
  ['<', other('an HTML or XML page', 'The download was not the file itself; download it again.')],
  [
    '{',
    other('a JSON file', 'An index of several files (*.safetensors.index.json) cannot be read: join them into one.'),
  ],
];

/** What the file is if it is no safetensors file but something known; null: neither. Never throws. */
function recognize(path: string): Foreign | null {
  const head = readHead(path);
  // A safetensors file begins with its header's length, and the header with a brace.
  if (head.length < 2 || head[8] === '{') return null;
  if (head.startsWith('PK\x03\x04')) return zipArchive(head);
  // Protocols 2 to 5 of pickle, as torch.save() wrote before version 1.6.
  if (head[0] === '\x80' && '\x02\x03\x04\x05'.includes(head[1] as string)) return pytorch;
  if (head.slice(257, 262) === 'ustar') return other('a tar archive', unpack);
  // A protocol buffer has no mark: its first field is the number of the format's version.
  if (/\.onnx$/i.test(path) && head[0] === '\x08') return onnx;
  return MARKS.find(([mark]) => head.startsWith(mark))?.[1] ?? null;
}

function zipArchive(head: string): Foreign {
  const nameLength = head.charCodeAt(26) + 256 * head.charCodeAt(27);
  const first = head.slice(30, 30 + nameLength);
  if (first.endsWith('.npy')) return numpyArchive;
  return first.includes('/') ? pytorch : other('a zip archive', unpack);
}

/** One character a byte. */
function readHead(path: string): string {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const bytes = Buffer.alloc(HEAD_BYTES);
    return bytes.toString('latin1', 0, readSync(file, bytes, 0, HEAD_BYTES, 0));
  } catch {
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** `error`, which reading `path` as safetensors gave, or one that says what the file is instead and how to convert it. */
export function explainForeignFile(path: string, error: unknown): unknown {
  if (!(error instanceof ByolError) || error.code !== 'ERR_BYOL_CHECKPOINT') return error;
  const foreign = recognize(path);
  if (foreign === null) return error;
  const target = `${path.replace(/\.[A-Za-z0-9]{1,5}$/, '')}.safetensors`;
  return new ByolError('ERR_BYOL_CHECKPOINT', `${path} is ${foreign.what}, not a safetensors file.`, {
    cause: error,
    hint: foreign.advice(JSON.stringify(path), JSON.stringify(target)),
  });
}
