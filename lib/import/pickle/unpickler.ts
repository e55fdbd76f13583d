import type { ByteCursor } from '../bytes.js';
import { ImportProblem } from '../problem.js';
import type { Globals } from './globals.js';
import { readOperation } from './operations.js';
import {
  describeValue,
  type GlobalMeaning,
  PyDict,
  PyGlobal,
  PyInstance,
  PyList,
  PyTuple,
  type PyValue,
} from './values.js';

/**
 * Pickle's stack machine, for data. Python's runs whatever a file names; this one knows a list of names (globals.ts), each with a
 * meaning of its own that makes plain values, and refuses a file at the first other one. There is no way from a file to code.
 */

/** A ResNet-200 with its optimiser has some ten thousand operations. */
const MOST_OPERATIONS = 4_000_000;
/** Lists, dictionaries, tuples and objects. */
const MOST_OBJECTS = 1_000_000;
/** Characters of all texts together that are not left in the file: names, notes, and what protocol 0 has. */
const MOST_TEXT = 256 * 1024 * 1024;
/** The newest that there is. */
const LATEST_PROTOCOL = 5;

/** What storage a persistent identifier is of; null: the file may have none. */
export type PersistentLoad = ((id: PyValue) => PyValue) | null;

/**
 * The value that begins at the cursor, which then stands behind it. Throws ImportProblem for what is no pickle, or damaged, or is
 * more than arrays and plain values.
 */
export function unpickle(cursor: ByteCursor, globals: Globals, persistentLoad: PersistentLoad = null): PyValue {
  return new Machine(cursor, globals, persistentLoad).run();
}

class Machine {
  readonly #cursor: ByteCursor;
  readonly #globals: Globals;
  readonly #persistentLoad: PersistentLoad;
  readonly #stack: PyValue[] = [];
  /** Sizes of the stack where its marks stand. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PyValue>();
  #objects = 0;
  #text = 0;
  /** Where the frame of protocol 4 ends that the next operations stand in. */
  #frameEnd: number | null = null;

  constructor(cursor: ByteCursor, globals: Globals, persistentLoad: PersistentLoad) {
    this.#cursor = cursor;
    this.#globals = globals;
    this.#persistentLoad = persistentLoad;
  }

  run(): PyValue {
    for (let operations = 0; operations < MOST_OPERATIONS; operations += 1) {
      this.#checkFrame();
      const { name, argument } = readOperation(this.#cursor);
      if (name === 'STOP') return this.#pop();
      this.#execute(name, argument);
    }
    throw new ImportProblem(`its pickle has more than ${MOST_OPERATIONS} operations`);
  }

  #checkFrame(): void {
    if (this.#frameEnd === null || this.#cursor.position < this.#frameEnd) return;
    if (this.#cursor.position > this.#frameEnd) throw damaged('an operation goes beyond the end of its frame');
    this.#frameEnd = null;
  }

  #execute(name: string, argument: PyValue): void {
    switch (name) {
      case 'PROTO':
        if ((argument as number) > LATEST_PROTOCOL) throw damaged(`it says that it has protocol ${argument}`);
        return;
      case 'FRAME':
        this.#beginFrame(argument as number);
        return;
      case 'MARK':
        this.#marks.push(this.#stack.length);
        return;
      case 'POP':
        if (this.#stack.length === this.#floor() && this.#marks.length > 0) this.#marks.pop();
        else this.#pop();
        return;
      case 'POP_MARK':
        this.#popMark();
        return;
      case 'DUP':
        this.#stack.push(this.#top());
        return;
      case 'VALUE':
        if (typeof argument === 'string') this.#text += argument.length;
        if (this.#text > MOST_TEXT) throw new ImportProblem(`its pickle has more than ${MOST_TEXT} characters of text`);
        this.#stack.push(argument);
        return;
      case 'EMPTY_TUPLE':
        this.#push(new PyTuple([]));
        return;
      case 'TUPLE1':
      case 'TUPLE2':
      case 'TUPLE3':
        this.#push(new PyTuple(this.#popMany(Number(name.slice(-1)))));
        return;
      case 'TUPLE':
        this.#push(new PyTuple(this.#popMark()));
        return;
      case 'EMPTY_LIST':
      case 'EMPTY_SET':
        this.#push(new PyList([]));
        return;
      case 'LIST':
      case 'FROZENSET':
        this.#push(new PyList(this.#popMark()));
        return;
      case 'EMPTY_DICT':
        this.#push(new PyDict());
        return;
      case 'DICT': {
        const dict = new PyDict();
        setItems(dict, this.#popMark());
        this.#push(dict);
        return;
      }
      case 'APPEND':
        this.#append([this.#pop()]);
        return;
      case 'APPENDS':
      case 'ADDITEMS':
        this.#append(this.#popMark());
        return;
      case 'SETITEM':
        this.#setItems(this.#popMany(2));
        return;
      case 'SETITEMS':
        this.#setItems(this.#popMark());
        return;
      case 'GET':
        this.#get(argument as number);
        return;
      case 'PUT':
        this.#memo.set(argument as number, this.#top());
        return;
      case 'MEMOIZE':
        this.#memo.set(this.#memo.size, this.#top());
        return;
      case 'GLOBAL':
        this.#pushGlobal(...splitLines(argument));
        return;
      case 'STACK_GLOBAL': {
        const [module, global] = this.#popMany(2);
        if (typeof module !== 'string' || typeof global !== 'string') throw damaged('a name is no text');
        this.#pushGlobal(module, global);
        return;
      }
      case 'INST':
        this.#instantiate(this.#globals.find(...splitLines(argument)), this.#popMark());
        return;
      case 'OBJ': {
        const [type, ...args] = this.#popMark();
        this.#instantiate(type, args);
        return;
      }
      case 'NEWOBJ': {
        const [type, args] = this.#popMany(2);
        this.#instantiate(type, argumentsOf(args));
        return;
      }
      case 'NEWOBJ_EX': {
        const [type, args, named] = this.#popMany(3);
        if (!(named instanceof PyDict) || named.entries.size > 0) throw beyond(name, type ?? null);
        this.#instantiate(type, argumentsOf(args));
        return;
      }
      case 'REDUCE': {
        const [callee, args] = this.#popMany(2);
        this.#push(meaningOf(callee, 'call')(argumentsOf(args)));
        return;
      }
      case 'BUILD': {
        const state = this.#pop();
        const target = this.#top();
        if (!(target instanceof PyInstance || target instanceof PyDict)) throw beyond(name, target);
        target.setState(state);
        return;
      }
      case 'BINPERSID':
        if (this.#persistentLoad === null) throw beyond(name, this.#pop());
        this.#push(this.#persistentLoad(this.#pop()));
        return;
      default:
        // PERSID, EXT1, EXT2, EXT4, NEXT_BUFFER, READONLY_BUFFER: what lies outside of the file.
        throw beyond(name, argument);
    }
  }

  #beginFrame(length: number): void {
    if (this.#frameEnd !== null) throw damaged('a frame begins inside another');
    if (length > this.#cursor.left) throw damaged('a frame goes beyond its end');
    this.#frameEnd = this.#cursor.position + length;
  }

  #push(value: PyValue): void {
    this.#objects += 1;
    if (this.#objects > MOST_OBJECTS) throw new ImportProblem(`its pickle has more than ${MOST_OBJECTS} objects`);
    this.#stack.push(value);
  }

  #floor(): number {
    return this.#marks.at(-1) ?? 0;
  }

  #top(): PyValue {
    if (this.#stack.length <= this.#floor()) throw damaged('an operation finds nothing on the stack');
    return this.#stack.at(-1) as PyValue;
  }

  #pop(): PyValue {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #popMany(count: number): PyValue[] {
    if (this.#stack.length - count < this.#floor()) throw damaged('an operation finds too little on the stack');
    return this.#stack.splice(this.#stack.length - count, count);
  }

  #popMark(): PyValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw damaged('an operation finds no mark on the stack');
    return this.#stack.splice(mark);
  }

  #append(items: readonly PyValue[]): void {
    const list = this.#top();
    if (list instanceof PyList) for (const item of items) list.items.push(item);
    else if (!isOfNoUse(list)) throw beyond('APPENDS', list);
  }

  #setItems(items: readonly PyValue[]): void {
    const dict = this.#top();
    if (dict instanceof PyDict) setItems(dict, items);
    else if (!isOfNoUse(dict)) throw beyond('SETITEMS', dict);
  }

  #get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw damaged('it refers to what it has not said yet');
    this.#stack.push(value);
  }

  #pushGlobal(module: string, name: string): void {
    this.#push(this.#globals.find(module, name));
  }

  #instantiate(type: PyValue | undefined, args: readonly PyValue[]): void {
    this.#push(meaningOf(type, 'create')(args));
  }
}

function meaningOf(value: PyValue | undefined, use: keyof GlobalMeaning): NonNullable<GlobalMeaning['call']> {
  const meaning = value instanceof PyGlobal ? value.meaning[use] : undefined;
  if (meaning === undefined) throw beyond(use === 'call' ? 'REDUCE' : 'NEWOBJ', value ?? null);
  return meaning;
}

function argumentsOf(value: PyValue | undefined): readonly PyValue[] {
  if (!(value instanceof PyTuple)) throw damaged('arguments are no tuple');
  return value.items;
}

function setItems(dict: PyDict, items: readonly PyValue[]): void {
  if (items.length % 2 !== 0) throw damaged('a key has no value');
  for (let i = 0; i < items.length; i += 2) dict.entries.set(items[i] as PyValue, items[i + 1] as PyValue);
}

/** An object of a class that is known and of which nothing is kept. */
function isOfNoUse(value: PyValue): boolean {
  return value instanceof PyInstance && value.constructor === PyInstance;
}

function splitLines(argument: PyValue): [string, string] {
  const [module = '', name = ''] = String(argument).split('\n');
  return [module, name];
}

function damaged(problem: string): ImportProblem {
  return new ImportProblem(`its pickle is damaged: ${problem}`);
}

function beyond(operation: string, value: PyValue): ImportProblem {
  return new ImportProblem(
    `its pickle holds more than data: ${operation} of ${describeValue(value)}, which is not carried out`,
  );
}
