import type { ByteSource } from '../bytes.js';
import { ImportProblem } from '../problem.js';
import { checkLayout, type ElementType, elementBytes } from '../stored-array.js';
import type { GlobalTable } from './globals.js';
import {
  type GlobalMeaning,
  PyArray,
  PyGlobal,
  PyInstance,
  PyTuple,
  type PyValue,
  takeInteger,
  takeItems,
  takeSizes,
  takeText,
} from './values.js';

/** PyTorch's tensors, as torch.save() writes them: a storage by its key, and how a tensor lies in it (torch/_utils.py). */

/** By the names of dtypes, and of storage classes. */
const TYPES: ReadonlyArray<readonly [dtypes: string, storage: string, type: ElementType]> = [
  ['float64 double', 'DoubleStorage', 'F64'],
  ['float32 float', 'FloatStorage', 'F32'],
  ['float16 half', 'HalfStorage', 'F16'],
  ['bfloat16', 'BFloat16Storage', 'BF16'],
  ['int64 long', 'LongStorage', 'I64'],
  ['int32 int', 'IntStorage', 'I32'],
  ['int16 short', 'ShortStorage', 'I16'],
  ['int8', 'CharStorage', 'I8'],
  ['uint64', '', 'U64'],
  ['uint32', '', 'U32'],
  ['uint16', '', 'U16'],
  ['uint8', 'ByteStorage', 'U8'],
  ['bool', 'BoolStorage', 'BOOL'],
];
/** Of dtypes that no weights here have: their tensors are left out. */
const OTHER_TYPES =
  'complex32 complex64 complex128 float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz quint8 qint8 qint32';
const OTHER_STORAGES = 'ComplexFloatStorage ComplexDoubleStorage QUInt8Storage QInt8Storage QInt32Storage';

class TypeName extends PyGlobal {
  /** null: elements of no such type. */
  readonly type: ElementType | null;
  constructor(name: string, type: ElementType | null) {
    super(name);
    this.type = type;
  }
}

/** The bytes of one or more tensors. */
export class TorchStorage extends PyInstance {
  readonly key: string;
  /** Of its class; null: none that is known, or bytes of any. */
  readonly type: ElementType | null;
  /** In bytes; null where its class has elements of an unknown size. */
  readonly size: number | null;
  readonly begin: number;
  /** Where its bytes are, once that is known. */
  bytes: ByteSource | null = null;

  constructor(key: string, type: ElementType | null, elements: number, begin: number) {
    super('torch.storage');
    this.key = key;
    this.type = type;
    this.size = type === null ? null : elements * elementBytes(type);
    this.begin = begin;
  }

  /** In bytes; null: not known. */
  get elementSize(): number | null {
    return this.type === null ? null : elementBytes(this.type);
  }
}

/** A part of a storage; where it lies is asked when it is read. */
class StorageBytes implements ByteSource {
  readonly size: number;
  readonly #storage: TorchStorage;

  constructor(storage: TorchStorage) {
    this.#storage = storage;
    this.size = storage.size ?? 0;
  }

  read(offset: number, length: number): Uint8Array {
    const { bytes, key, begin } = this.#storage;
    if (bytes === null)
      throw new ImportProblem(`it is truncated or damaged: the values of storage '${key}' are missing`);
    return bytes.read(begin + offset, length);
  }
}

/**
 * Makes storages of persistent identifiers: ('storage', class, key, device, elements), and in files from before version 1.6 a view
 * (key, offset, elements) of another or None.
 */
export class TorchStorages {
  readonly #byKey = new Map<string, TorchStorage>();
  readonly #views = new Map<TorchStorage, StorageBytes>();

  readonly load = (id: PyValue): PyValue => {
    const [kind, type, key, , elements, view] = takeItems(id, 'the name of a storage');
    if (kind !== 'storage' || !(type instanceof TypeName)) {
      throw new ImportProblem('its pickle refers to something outside that is no storage of a tensor');
    }
    const name = takeText(key, 'the key of a storage');
    const offset = view instanceof PyTuple ? takeInteger(view.items[1], 'the offset of a storage') : 0;
    const begin = offset * (type.type === null ? 1 : elementBytes(type.type));
    const known = this.#byKey.get(`${name} ${begin}`);
    if (known !== undefined) return known;
    const storage = new TorchStorage(name, type.type, takeInteger(elements, 'the size of a storage'), begin);
    this.#byKey.set(`${name} ${begin}`, storage);
    return storage;
  };

  /** Says where the storages of this key lie. Throws ImportProblem where they are larger. */
  place(key: string, bytes: ByteSource): void {
    for (const storage of this.all()) {
      if (storage.key !== key) continue;
      if (storage.begin + (storage.size ?? 0) > bytes.size) {
        throw new ImportProblem(`it is truncated or damaged: storage '${key}' is larger than its bytes`);
      }
      storage.bytes = bytes;
    }
  }

  all(): Iterable<TorchStorage> {
    return this.#byKey.values();
  }

  /** One for each storage, so that tensors that share one can be told. */
  readonly view = (storage: TorchStorage): StorageBytes => {
    const view = this.#views.get(storage) ?? new StorageBytes(storage);
    this.#views.set(storage, view);
    return view;
  };
}

/** (storage, offset, size, stride, ...), in elements; `dtype`: where the storage is of bytes. */
function rebuild(storages: TorchStorages, args: readonly PyValue[], dtype: PyValue | undefined): PyArray {
  const [storage, offset, size, stride] = args;
  if (!(storage instanceof TorchStorage)) throw new ImportProblem('its pickle is damaged: a tensor has no storage');
  const type = dtype instanceof TypeName ? dtype.type : storage.type;
  if (type === null || storage.size === null) return new PyArray('torch.Tensor', null);
  const layout = {
    type,
    bigEndian: false,
    shape: takeSizes(size, 'the size of a tensor'),
    strides: takeSizes(stride, 'the strides of a tensor'),
    start: takeInteger(offset, 'the offset of a tensor'),
  };
  checkLayout(layout, Math.floor(storage.size / elementBytes(type)));
  return new PyArray('torch.Tensor', { ...layout, bytes: storages.view(storage) });
}

const first: GlobalMeaning = { call: ([value = null]) => value };
const named = (list: string): string[] => list.split(' ').filter((name) => name !== '');
/** Tensors of other layouts: sparse, quantised, without values. */
const noTensor: GlobalMeaning = { call: () => new PyArray('torch.Tensor', null) };
const noUse = (name: string): GlobalMeaning => ({
  call: () => new PyInstance(name),
  create: () => new PyInstance(name),
});

/** Names of tensors' classes, functions and types; those that make tensors take their storages from `storages`. */
export function torchGlobals(storages: TorchStorages): GlobalTable {
  const dense: GlobalMeaning = { call: (args) => rebuild(storages, args, undefined) };
  const functions = new Map<string, GlobalMeaning>([
    ['torch._utils _rebuild_tensor', dense],
    ['torch._utils _rebuild_tensor_v2', dense],
    ['torch._utils _rebuild_tensor_v3', { call: (args) => rebuild(storages, args, args[6]) }],
  ]);
  /** (function, class, arguments, attributes) of tensors that have attributes. */
  const ofType: GlobalMeaning['call'] = ([callee, , args]) => {
    const call = callee instanceof PyGlobal ? callee.meaning.call : undefined;
    const known = call !== undefined && [...functions.values()].some((meaning) => meaning.call === call);
    if (!known) throw new ImportProblem('its pickle makes a tensor in an unknown way');
    return call(takeItems(args, 'the arguments of a tensor'));
  };
  return {
    ...Object.fromEntries(functions),
    'torch._tensor _rebuild_from_type_v2': { call: ofType },
    'torch._utils _rebuild_parameter': first,
    'torch._utils _rebuild_parameter_with_state': first,
    'torch._utils _rebuild_device_tensor_from_numpy': first,
    'torch._utils _rebuild_device_tensor_from_cpu_tensor': first,
    'torch._utils _rebuild_sparse_tensor': noTensor,
    'torch._utils _rebuild_qtensor': noTensor,
    'torch._utils _rebuild_meta_tensor_no_storage': noTensor,
    'torch Tensor': {},
    'torch._tensor Tensor': {},
    'torch.nn.parameter Parameter': {},
    'torch.nn.parameter Buffer': {},
    'torch.serialization _get_layout': noUse('torch.layout'),
    'torch Size': { call: ([sizes]) => new PyTuple(sizes === undefined ? [] : takeItems(sizes, 'a size')) },
    'torch device': noUse('torch.device'),
  };
}

/** Types and classes of storages, which are the arguments of others. */
export const torchTypes: ReadonlyMap<string, PyGlobal> = new Map<string, PyGlobal>([
  ...TYPES.flatMap(([dtypes, storage, type]) => [...named(dtypes), ...named(storage)].map((name) => entry(name, type))),
  ...[...named(OTHER_TYPES), ...named(OTHER_STORAGES)].map((name) => entry(name, null)),
  ['torch.storage UntypedStorage', new TypeName('torch.storage.UntypedStorage', 'U8')],
  ['torch UntypedStorage', new TypeName('torch.UntypedStorage', 'U8')],
]);

function entry(name: string, type: ElementType | null): [string, PyGlobal] {
  return [`torch ${name}`, new TypeName(`torch.${name}`, type)];
}
