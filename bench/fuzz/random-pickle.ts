import { OPCODES } from '../../lib/import/pickle/opcodes.js';
import type { Draw } from './damage.js';

/** Pickles of operations in any order: more of them are carried out than of a damaged file's. */

const NAMES = [
  'collections\nOrderedDict',
  'collections\ndefaultdict',
  'builtins\nset',
  'builtins\nbytearray',
  '_codecs\nencode',
  'copy_reg\n_reconstructor',
  'argparse\nNamespace',
  'numpy\nndarray',
  'numpy\ndtype',
  'numpy.core.multiarray\n_reconstruct',
  'numpy.core.multiarray\nscalar',
  'numpy.core.numeric\n_frombuffer',
  'dill._dill\n_create_array',
  'dill._dill\n_create_namedtuple',
  'haiku._src.data_structures\nFlatMapping',
  'torch\nFloatStorage',
  'torch._utils\n_rebuild_tensor_v2',
  'torch._tensor\n_rebuild_from_type_v2',
  'os\nsystem',
];
const TEXTS = [
  'f4',
  '<',
  'latin1',
  'storage',
  '0',
  'cpu',
  'conv1.weight',
  'layer1.0.conv1.weight',
  'params',
  'é',
  '__proto__',
  'constructor',
];

export function randomPickle(draw: Draw): Uint8Array {
  const parts: Buffer[] = [Buffer.from([0x80, draw.below(6)])];
  const codes = [...OPCODES.keys()];
  for (let operations = 1 + draw.below(120); operations > 0; operations -= 1) {
    parts.push(draw.below(3) === 0 ? fitting(draw) : operation(draw.of(codes), draw));
  }
  parts.push(Buffer.from('.'));
  return Buffer.concat(parts);
}

/** Rows of operations that have a meaning together. */
function fitting(draw: Draw): Buffer {
  const text = (): string => {
    const chosen = draw.below(2) === 0 ? 'f4' : Buffer.from(draw.of(TEXTS)).toString('latin1');
    return `X${String.fromCharCode(chosen.length)}\0\0\0${chosen}`;
  };
  return Buffer.from(
    draw.of([
      `c${draw.of(NAMES)}\n`,
      `c${draw.of(NAMES)}\n)R`,
      `c${draw.of(NAMES)}\n(K\x01K\x02tR`,
      `c${draw.of(NAMES)}\n(}]tR`,
      `cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0\x85C\x01btR`,
      `cnumpy\ndtype\n(${text()}\x89\x88tR`,
      `(K\x01K${String.fromCharCode(draw.below(256))}\x85`,
      `(K\x01K\x01\x85cnumpy\ndtype\n(${text()}\x89\x88tR\x89C\x04\0\0\x80?tb`,
      '}(',
      'u',
      't',
      `q${String.fromCharCode(draw.below(4))}`,
      `h${String.fromCharCode(draw.below(4))}`,
    ]),
    'latin1',
  );
}

function operation(code: number, draw: Draw): Buffer {
  const { argument } = OPCODES.get(code) as { argument: string };
  const start = Buffer.from([code]);
  const text = Buffer.from(draw.of(TEXTS));
  const number = (width: number, value: number): Buffer => {
    const bytes = Buffer.alloc(width);
    bytes.writeUIntLE(value, 0, Math.min(width, 6));
    return bytes;
  };
  const wrong = draw.below(10) === 0 ? draw.below(0xffff_ffff) : null;
  switch (argument) {
    case 'none':
      return start;
    case 'line':
      return Buffer.concat([start, Buffer.from(draw.of(['0', '1', '-5', '00', '1.5', "'a'", 'x'])), Buffer.from('\n')]);
    case 'two lines':
      return Buffer.concat([start, Buffer.from(`${draw.of(NAMES)}\n`)]);
    case 'text8':
    case 'bytes8':
      return Buffer.concat([start, number(1, (wrong ?? text.length) & 0xff), text]);
    case 'text32':
    case 'bytes32':
      return Buffer.concat([start, number(4, wrong ?? text.length), text]);
    case 'text64':
    case 'bytes64':
      return Buffer.concat([start, number(8, wrong ?? text.length), text]);
    case 'float64':
    case 'uint64':
      return Buffer.concat([start, number(8, wrong ?? draw.below(64))]);
    case 'uint16':
      return Buffer.concat([start, number(2, draw.below(0xffff))]);
    case 'uint8':
      return Buffer.concat([start, number(1, draw.below(8))]);
    default:
      return Buffer.concat([start, number(4, wrong ?? draw.below(8))]);
  }
}
