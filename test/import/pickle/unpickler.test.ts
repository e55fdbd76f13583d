/** The stack machine: what it reads as Python does, and that it carries out nothing. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { ByteCursor, MemoryBytes } from '../../../lib/import/bytes.js';
import { flatten } from '../../../lib/import/flatten.js';
import { OPCODES } from '../../../lib/import/pickle/opcodes.js';
import { TorchStorages } from '../../../lib/import/pickle/torch-globals.js';
import { unpickle } from '../../../lib/import/pickle/unpickler.js';
import {
  PyBytes,
  PyDict,
  PyInstance,
  PyList,
  PyText,
  PyTuple,
  type PyValue,
} from '../../../lib/import/pickle/values.js';
import { ImportProblem } from '../../../lib/import/problem.js';
import { readFloats, type StoredArray } from '../../../lib/import/stored-array.js';
import { allGlobals } from '../../../lib/import/torch-file.js';
import { fixture } from '../fixture-files.js';

/** Text by its Latin-1 codes, or bytes. */
const bytes = (...parts: Array<string | number[]>): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))));

const read = (...parts: Array<string | number[]>): PyValue =>
  unpickle(new ByteCursor(new MemoryBytes(bytes(...parts))), allGlobals(new TorchStorages()));

/** As plain JavaScript values. */
function plain(value: PyValue): unknown {
  if (value instanceof PyList || value instanceof PyTuple) return value.items.map(plain);
  if (value instanceof PyDict)
    return Object.fromEntries([...value.entries].map(([key, item]) => [plain(key), plain(item)]));
  if (value instanceof PyBytes) return [...value.source.read(0, value.source.size)];
  if (value instanceof PyText) return Buffer.from(value.utf8.read(0, value.utf8.size)).toString();
  return value instanceof PyInstance ? value.name : value;
}

const refuses = (message: RegExp, ...parts: Array<string | number[]>): void => {
  assert.throws(
    () => read(...parts),
    (error: unknown) => {
      assert.ok(error instanceof ImportProblem, String(error));
      assert.match(error.message, message);
      return true;
    },
  );
};

describe('a pickle', () => {
  test('has the 68 operations of protocols 0 to 5', () => {
    assert.equal(OPCODES.size, 68);
  });

  test('of plain values is read as Python reads it', () => {
    // Written by hand from pickletools' descriptions: numbers, texts, containers, the memo and the stack.
    const cases: ReadonlyArray<readonly [unknown, string]> = [
      [null, 'N.'],
      [[true, false, true, false], '(\x88\x89I01\nI00\nl.'],
      [[5, -3, 258, 65537, -2], '(K\x05I-3\nM\x02\x01J\x01\x00\x01\x00J\xfe\xff\xff\xffl.'],
      [[0, 255, -256, -1, 32768], '(\x8a\x00\x8a\x02\xff\x00\x8a\x02\x00\xff\x8b\x01\x00\x00\x00\xffL32768L\nl.'],
      [2n ** 70n, `L${2n ** 70n}L\n.`],
      [2n ** 64n, '\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01.'],
      [[1.5, -0.25], 'G?\xf8\x00\x00\x00\x00\x00\x00F-0.25\n\x86.'],
      [['é', 'é', 'é', '\u20ac'], '(X\x02\x00\x00\x00\xc3\xa9\x8c\x02\xc3\xa9V\xe9\nV\\u20ac\nl.'],
      [['é', "a'b\n"], "(\x8d\x02\x00\x00\x00\x00\x00\x00\x00\xc3\xa9S'a\\'b\\n'\nl."],
      [['ab', 'cd'], '(U\x02abT\x02\x00\x00\x00cdl.'],
      [[[1], [2], [3, 4]], '(C\x01\x01B\x01\x00\x00\x00\x02\x8e\x02\x00\x00\x00\x00\x00\x00\x00\x03\x04t.'],
      [[7], '\x96\x01\x00\x00\x00\x00\x00\x00\x00\x07.'],
      [[[], {}, []], '()}]t.'],
      [[1, 2, [1, 2, 3]], '(K\x01K\x02K\x01K\x02K\x03\x87t.'],
      [{ a: 1, b: 2 }, '(U\x01aK\x01U\x01bK\x02d.'],
      [{ a: 1, b: 2, c: 3 }, '}U\x01aK\x01s(U\x01bK\x02U\x01cK\x03u.'],
      [[1, 2, 3], ']K\x01a(K\x02K\x03e.'],
      [[1, 2], '\x8f(K\x01K\x02\x90.'],
      [[1, 2], '(K\x01K\x02\x91.'],
      [[5, 5, 5, 5, 5], '(K\x05q\x00h\x00p1\ng1\nr\x02\x01\x00\x00j\x02\x01\x00\x00\x94h\x03t.'],
      [[9, 9], '(K\x092t.'],
      [[1], '(K\x01(K\x02K\x031t.'],
      [[1], '(K\x01K\x020t.'],
      [[3], '\x80\x04\x95\x04\x00\x00\x00\x00\x00\x00\x00K\x03\x85.'],
      [{}, 'ccollections\nOrderedDict\n)R.'],
      [{ a: 1 }, 'ccollections\nOrderedDict\n(]tR}U\x09_metadataNsbU\x01aK\x01s.'],
      [{ a: 1 }, '\x8c\x0bcollections\x8c\x0bOrderedDict\x93)\x81U\x01aK\x01s.'],
      [{ a: 1 }, '(icollections\nOrderedDict\nU\x01aK\x01s.'],
      [{ a: 1 }, '(ccollections\nOrderedDict\noU\x01aK\x01s.'],
      ['argparse.Namespace', 'cargparse\nNamespace\n)\x81}U\x01aK\x01sb.'],
      ['argparse.Namespace', 'cargparse\nNamespace\n)}\x92.'],
    ];
    for (const [expected, text] of cases) assert.deepEqual(plain(read(text)), expected, JSON.stringify(text));
  });

  test('of arrays gives the same values in every protocol, type, byte order and memory order', () => {
    const small = Array.from({ length: 12 }, (_, i) => i - 3.5);
    const expected: Readonly<Record<string, readonly [shape: number[], values: number[]]>> = {
      ...Object.fromEntries(['f8', 'f4', 'f2', 'big', 'fortran', 'bf16'].map((name) => [name, [[3, 4], small]])),
      i4: [[5], [-2, -1, 0, 1, 2]],
      u1: [[5], [0, 1, 128, 200, 255]],
      bool: [[2], [1, 0]],
      empty: [[0, 3], []],
      scalar: [[], [2.5]],
      long: [[2000], Array.from({ length: 2000 }, (_, i) => Math.fround(((i % 25) - 12) / 12))],
      'nested.0.é': [[2], [1, 1]],
      'nested.1.0': [[1], [0]],
    };
    for (let protocol = 0; protocol < 6; protocol += 1) {
      const file = new MemoryBytes(readFileSync(fixture(`arrays-${protocol}.pkl`)));
      const arrays = flatten(unpickle(new ByteCursor(file), allGlobals(new TorchStorages())));
      assert.deepEqual([...arrays.keys()], Object.keys(expected), `protocol ${protocol}`);
      for (const [name, array] of arrays) {
        assert.deepEqual([array.shape, [...readFloats(array)]], expected[name], `${name} in protocol ${protocol}`);
      }
    }
  });
});

describe('nothing is carried out', () => {
  const call = 'U\x02idK\x01\x85R.'; // what would follow os.system
  test('of any name that is not of plain values: by every operation that names one', () => {
    const named = /refers to os\.system, which is no part of arrays and plain values; nothing of it was run/;
    refuses(named, 'cos\nsystem\n', call);
    refuses(named, '\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.');
    refuses(named, '(U\x02idios\nsystem\n.');
    refuses(named, '(cos\nsystem\nU\x02ido.');
    refuses(named, 'cos\nsystem\n(U\x02idt\x81.');
    refuses(named, 'cos\nsystem\n(U\x02idt}\x92.');
    // Under a name that is allowed in another module, and by way of attributes.
    refuses(/refers to evil\._rebuild_tensor_v2/, 'cevil\n_rebuild_tensor_v2\n.');
    refuses(
      /refers to collections\.OrderedDict\.__init__\.__globals__/,
      'ccollections\nOrderedDict.__init__.__globals__\n.',
    );
    refuses(/refers to builtins\.getattr/, 'cbuiltins\ngetattr\n.');
    refuses(/refers to builtins\.eval/, 'cbuiltins\neval\n.');
    refuses(/refers to __builtin__\.exec/, 'c__builtin__\nexec\n.');
    refuses(/refers to numpy\.load/, 'cnumpy\nload\n.');
    refuses(/refers to torch\.load/, 'ctorch\nload\n.');
    refuses(/refers to torch\.storage\._load_from_bytes/, 'ctorch.storage\n_load_from_bytes\n.');
    refuses(/refers to dill\._dill\._create_code/, 'cdill._dill\n_create_code\n.');
    refuses(/refers to dill\._dill\._import_module/, 'cdill._dill\n_import_module\n.');
    refuses(/refers to copy_reg\.__newobj__/, 'ccopy_reg\n__newobj__\n.');
    // A name of JavaScript's own objects is none of the list.
    for (const name of ['constructor', '__proto__', 'toString']) refuses(/which is no part/, `c\n${name}\n.`);
    // Nor is anything of it sent to the terminal.
    refuses(/refers to a\.b\?\[31mc/, 'ca\nb\x1b[31mc\n.');
  });

  test('by operations that reach beyond the file', () => {
    for (const [name, text] of [
      ['PERSID', 'Pkey\n.'],
      ['BINPERSID', 'K\x01Q.'],
      ['EXT1', '\x82\x01.'],
      ['EXT2', '\x83\x01\x00.'],
      ['EXT4', '\x84\x01\x00\x00\x00.'],
      ['NEXT_BUFFER', '\x97.'],
      ['READONLY_BUFFER', '\x98.'],
    ] as const) {
      refuses(new RegExp(`holds more than data: ${name} of .*, which is not carried out`), text);
    }
  });

  test('of what is no function, or no class', () => {
    for (const [name, text] of [
      ['REDUCE of a text', 'U\x01a)R.'],
      ['REDUCE of a dictionary', '})R.'],
      ['REDUCE of numpy.ndarray', 'cnumpy\nndarray\n)R.'],
      ['NEWOBJ of a number', 'K\x01)\x81.'],
      ['NEWOBJ of numpy.core.multiarray._reconstruct', 'cnumpy.core.multiarray\n_reconstruct\n)\x81.'],
      ['NEWOBJ of torch._utils._rebuild_tensor_v2', '(ctorch._utils\n_rebuild_tensor_v2\no.'],
      ['NEWOBJ_EX of argparse.Namespace', 'cargparse\nNamespace\n)}U\x01aK\x01s\x92.'],
      ['BUILD of a list', ']}b.'],
      ['BUILD of numpy.ndarray', 'cnumpy\nndarray\n}b.'],
      ['APPENDS of a text', 'U\x01aK\x01a.'],
      ['SETITEMS of a list', ']K\x01K\x02s.'],
    ] as const) {
      refuses(new RegExp(`holds more than data: ${name}, which is not carried out`), text);
    }
    // Functions in functions: only those that are meant to be.
    refuses(/makes an array in an unknown way/, 'cdill._dill\n_create_array\n(ccollections\nOrderedDict\n)NNtR.');
    refuses(
      /makes a tensor in an unknown way/,
      'ctorch._tensor\n_rebuild_from_type_v2\n(ccollections\nOrderedDict\nN)NtR.',
    );
    refuses(
      /makes an object of an unknown kind/,
      'ccopy_reg\n_reconstructor\n(cnumpy\nndarray\nc__builtin__\nobject\nNtR.',
    );
  });
});

describe('a damaged pickle is refused', () => {
  test('where it ends too early, or takes what is not there', () => {
    const whole = '\x80\x02}q\x00(X\x01\x00\x00\x00aK\x01u.';
    for (let length = 0; length < whole.length; length += 1) refuses(/truncated or damaged/, whole.slice(0, length));
    refuses(/damaged: 7 is no operation/, '\x07.');
    refuses(/protocol 6/, '\x80\x06N.');
    refuses(/finds nothing on the stack/, '.');
    refuses(/finds nothing on the stack/, '(.');
    refuses(/finds too little on the stack/, 'K\x01\x86.');
    refuses(/finds too little on the stack/, 'K\x01(\x85.');
    refuses(/finds no mark/, 't.');
    refuses(/refers to what it has not said/, 'h\x00.');
    refuses(/a key has no value/, '}(K\x01u.');
    refuses(/arguments are no tuple/, 'ccollections\nOrderedDict\n]R.');
    refuses(/a number is none/, 'I1x\n.');
    refuses(/a text has no quotation marks/, 'Sabc\n.');
    refuses(/a name is no text/, 'K\x01K\x02\x93.');
  });

  test('where a frame is not kept', () => {
    refuses(/goes beyond the end of its frame/, '\x80\x04\x95\x04\x00\x00\x00\x00\x00\x00\x00M\x01\x00M\x01\x00.');
    refuses(
      /a frame begins inside another/,
      '\x80\x04\x95\x0a\x00\x00\x00\x00\x00\x00\x00\x95\x01\x00\x00\x00\x00\x00\x00\x00N.',
    );
    refuses(/a frame goes beyond its end/, '\x80\x04\x95\x64\x00\x00\x00\x00\x00\x00\x00N.');
    refuses(/cannot be|beyond its end/, '\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xffN.');
  });

  test('where lengths are beyond the file, or integers beyond reason', () => {
    refuses(/goes beyond its end/, 'X\xff\xff\xff\xffabc');
    refuses(/goes beyond its end/, 'B\xff\xff\xff\x7fabc');
    refuses(/cannot be/, '\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc');
    refuses(/more than 1024 digits/, `I${'1'.repeat(1025)}\n.`);
    refuses(/more than 1024 digits/, `\x8b\x01\x04\x00\x00${'\x01'.repeat(1025)}.`);
  });

  test('where it is only large, or holds itself', () => {
    refuses(/more than 1000000 objects/, '}'.repeat(1_000_001), '.');
    refuses(/more than 4000000 operations/, 'N0'.repeat(2_000_001), 'N.');
    const nested = read(']q\x000h\x00h\x00a.');
    assert.throws(() => flatten(nested), /its dictionaries are more than 32 deep/);
    // A pair of pairs of pairs, each twice the same: 2^28 places.
    const wide = read(']', '2\x86'.repeat(28), '.');
    assert.throws(() => flatten(wide), /refers to itself too often/);
  });

  test('where an array is not what its shape says', () => {
    const array = (shape: string, dtype: string, content: string): string =>
      `cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR(K\x01${shape}cnumpy\ndtype\n(U\x02${dtype}\x89\x88tR\x89${content}tb.`;
    const [whole] = flatten(read(array('K\x02\x85', 'f4', 'C\x08\x00\x00\x80\x3f\x00\x00\x00\x40'))).values();
    assert.deepEqual([...readFloats(whole as StoredArray)], [1, 2]);
    // Names of JavaScript's own are no types; arrays of other types are left out.
    for (const type of ['U\x0bconstructor', 'U\x09__proto__', 'U\x02M8']) {
      const other = array('K\x01\x85', 'f4', 'C\x04\x00\x00\x80\x3f').replace('U\x02f4', type);
      assert.equal(flatten(read(other)).size, 0);
    }
    refuses(/larger than what it lies in/, array('K\x03\x85', 'f4', 'C\x08\x00\x00\x80\x3f\x00\x00\x00\x40'));
    refuses(
      /larger than what it lies in/,
      array('J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86', 'f4', 'C\x04\x00\x00\x80\x3f'),
    );
    refuses(/the shape of an array below 0/, array('J\xff\xff\xff\xff\x85', 'f4', 'C\x04\x00\x00\x80\x3f'));
    refuses(/the shape of an array is a text/, array('U\x01a', 'f4', 'C\x04\x00\x00\x80\x3f'));
    refuses(/the bytes of an array is a number/, array('K\x01\x85', 'f4', 'K\x01'));
    refuses(/another size than its shape needs/, array('K\x03\x85', 'f4', 'U\x08aaaabbbb'));
    refuses(/characters that are no bytes/, array('K\x01\x85', 'f4', 'X\x04\x00\x00\x00\xe2\x82\xaca'));
  });
});
