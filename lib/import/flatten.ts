import { PyArray, PyDict, PyList, PyTuple, type PyValue } from './pickle/values.js';
import { ImportProblem } from './problem.js';
import type { StoredArray } from './stored-array.js';

/** Dictionaries in dictionaries: deeper than any that is known, and one that holds itself has no end. */
const DEEPEST = 32;
/** Things looked at: what is referred to from many places counts there too. */
const MOST_VISITS = 2_000_000;
/** Characters of all names together. */
const LONGEST_NAMES = 256 * 1024 * 1024;

/** All arrays in nested dictionaries, lists and tuples by their places: keys and numbers, joined by points. Throws ImportProblem. */
export function flatten(value: PyValue): Map<string, StoredArray> {
  const arrays = new Map<string, StoredArray>();
  let visits = 0;
  let characters = 0;
  const visit = (name: string, inner: PyValue, depth: number): void => {
    visits += 1;
    characters += name.length;
    if (visits > MOST_VISITS || characters > LONGEST_NAMES)
      throw new ImportProblem('its pickle refers to itself too often');
    if (inner instanceof PyArray) {
      if (inner.array !== null) arrays.set(name, inner.array);
      return;
    }
    const items = itemsOf(inner);
    if (items === null) return;
    if (depth === DEEPEST) throw new ImportProblem(`its dictionaries are more than ${DEEPEST} deep`);
    for (const [key, item] of items) visit(name === '' ? key : `${name}.${key}`, item, depth + 1);
  };
  visit('', value, 0);
  return arrays;
}

/** Null: it holds nothing. Keys that are no texts or numbers are no names. */
function itemsOf(value: PyValue): Iterable<readonly [string, PyValue]> | null {
  if (value instanceof PyDict) {
    return [...value.entries].flatMap(
      ([key, item]): Array<[string, PyValue]> =>
        typeof key === 'string' || typeof key === 'number' ? [[String(key), item]] : [],
    );
  }
  if (value instanceof PyList || value instanceof PyTuple) {
    return value.items.map((item, index): [string, PyValue] => [String(index), item]);
  }
  return null;
}
