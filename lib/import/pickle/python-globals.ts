import { MemoryBytes } from '../bytes.js';
import { ImportProblem } from '../problem.js';
import type { GlobalTable } from './globals.js';
import {
  type GlobalMeaning,
  PyBytes,
  PyDict,
  PyGlobal,
  PyInstance,
  PyList,
  PyTuple,
  type PyValue,
  takeBytes,
  takeItems,
  takeText,
} from './values.js';

/** Python's own containers, and what trainers' bookkeeping beside the weights is made of, of which nothing is kept. */

/** A dictionary, or what is used as one: from nothing, another one, or pairs. */
function makeDict(args: readonly PyValue[]): PyDict {
  const dict = new PyDict();
  const [from] = args;
  if (from instanceof PyDict) for (const [key, value] of from.entries) dict.entries.set(key, value);
  else if (from instanceof PyList || from instanceof PyTuple) {
    for (const pair of from.items) {
      const [key = null, value = null] = takeItems(pair, 'a pair of a dictionary');
      dict.entries.set(key, value);
    }
  }
  return dict;
}
const dict: GlobalMeaning = { call: makeDict, create: makeDict };

const makeList = (args: readonly PyValue[]): PyList => {
  return new PyList(args.length === 0 ? [] : [...takeItems(args[0], 'the items of a list')]);
};
const list: GlobalMeaning = { call: makeList, create: makeList };

/** Named, but never called: as the class of something, or the factory of a defaultdict. */
const name: GlobalMeaning = {};

/** An object of no use here, whatever it is made of. */
const noUse = (of: string): GlobalMeaning => {
  const make = (): PyInstance => new PyInstance(of);
  return { call: make, create: make };
};

/** Protocols 0 to 2 write bytes as the text that has them as characters. */
function encode([text, codec]: readonly PyValue[]): PyBytes {
  const known = takeText(codec ?? 'utf-8', 'the name of a codec');
  if (!/^(latin-?1|iso-?8859-1)$/i.test(known)) throw new ImportProblem(`its pickle encodes a text as ${known}`);
  return takeBytes(text, 'what is to be encoded');
}

const makeBytes = ([from]: readonly PyValue[]): PyBytes => {
  return from === undefined ? new PyBytes(new MemoryBytes(new Uint8Array(0)), false) : takeBytes(from, 'bytes');
};

/** object.__new__, as protocols 0 and 1 write it: (class, base, what the base is made of). */
function reconstruct([type, base, from]: readonly PyValue[]): PyValue {
  const create = type instanceof PyGlobal ? type.meaning.create : undefined;
  const ofObject = base instanceof PyGlobal && /\.(object|dict|list)$/.test(base.name);
  if (create === undefined || !ofObject) throw new ImportProblem('its pickle makes an object of an unknown kind');
  return create(from === undefined || from === null ? [] : [from]);
}

const NAMES = 'int long float str unicode bool object type tuple NoneType'.split(' ');
const BUILTINS = Object.fromEntries(
  ['builtins', '__builtin__'].flatMap(
    (module): Array<[string, GlobalMeaning]> => [
      ...NAMES.map((each): [string, GlobalMeaning] => [`${module} ${each}`, name]),
      [`${module} dict`, dict],
      [`${module} list`, list],
      [`${module} set`, list],
      [`${module} frozenset`, list],
      [`${module} bytes`, { call: makeBytes }],
      [`${module} bytearray`, { call: makeBytes }],
      [`${module} complex`, noUse('builtins.complex')],
      [`${module} slice`, noUse('builtins.slice')],
      [`${module} range`, noUse('builtins.range')],
      [`${module} xrange`, noUse('builtins.range')],
    ],
  ),
);

/** Settings and notes that trainers save beside the weights. */
const NOTES = [
  ['argparse', 'Namespace'],
  ['types', 'SimpleNamespace'],
  ['pathlib', 'Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath'],
  ['pathlib._local', 'Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath'],
  ['datetime', 'datetime date time timedelta timezone'],
  ['uuid', 'UUID'],
  ['omegaconf.dictconfig', 'DictConfig'],
  ['omegaconf.listconfig', 'ListConfig'],
  ['omegaconf.base', 'ContainerMetadata Metadata'],
  ['omegaconf.nodes', 'AnyNode StringNode IntegerNode FloatNode BooleanNode EnumNode PathNode BytesNode'],
  ['typing', 'Any'],
  ['easydict', 'EasyDict'],
  ['yacs.config', 'CfgNode'],
  ['addict.addict', 'Dict'],
  ['mmcv.utils.config', 'ConfigDict'],
  ['mmengine.config.config', 'ConfigDict'],
  ['mmengine.logging.history_buffer', 'HistoryBuffer'],
  ['pytorch_lightning.utilities.parsing', 'AttributeDict'],
  ['lightning.pytorch.utilities.parsing', 'AttributeDict'],
  ['lightning_fabric.utilities.data', 'AttributeDict'],
  ['lightning.fabric.utilities.data', 'AttributeDict'],
  ['pytorch_lightning.callbacks.model_checkpoint', 'ModelCheckpoint'],
  ['pytorch_lightning.callbacks.early_stopping', 'EarlyStopping'],
] as const;

export const pythonGlobals: GlobalTable = {
  ...BUILTINS,
  'collections OrderedDict': dict,
  // Their first argument is no content: a factory, or a number's place.
  'collections defaultdict': { call: () => new PyDict(), create: () => new PyDict() },
  'collections Counter': dict,
  'collections deque': list,
  '_codecs encode': { call: encode },
  'copy_reg _reconstructor': { call: reconstruct },
  'copyreg _reconstructor': { call: reconstruct },
  ...Object.fromEntries(
    NOTES.flatMap(([module, names]) =>
      names.split(' ').map((each) => [`${module} ${each}`, noUse(`${module}.${each}`)]),
    ),
  ),
};
