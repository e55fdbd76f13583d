import { ByolError } from '../../errors.js';
import type { MatValue } from '../mat/read-mat.js';

/** What the arrays of MATLAB files say, where they are lists. */

/** More classes or images than any of the sets has. */
const LARGEST = 1e7;

/** Whole numbers from `least` on. Throws ERR_BYOL_DATA for anything else. */
export function matNumbers(value: MatValue, file: string, name: string, least: number): number[] {
  if (value.kind !== 'numbers') return refuse(file, name, `numbers, and is ${value.kind}`);
  const wrong = value.numbers.find((number) => !Number.isInteger(number) || number < least || number > LARGEST);
  return wrong === undefined
    ? [...value.numbers]
    : refuse(file, name, `whole numbers from ${least} on, and has ${wrong}`);
}

/** Names, one a cell. Throws ERR_BYOL_DATA for anything else. */
export function matTexts(value: MatValue, file: string, name: string): string[] {
  return value.kind === 'cells'
    ? value.cells.map((cell) => matText(cell, file, name))
    : refuse(file, name, `cells, and is ${value.kind}`);
}

/** Of a struct array the values of a field. Throws ERR_BYOL_DATA where there is none. */
export function matField(value: MatValue, file: string, name: string, field: string): readonly MatValue[] {
  if (value.kind !== 'structs') return refuse(file, name, `structs, and is ${value.kind}`);
  const fields = [...value.fields.keys()].join(', ');
  return value.fields.get(field) ?? refuse(file, name, `a field '${field}', and has ${fields || 'none'}`);
}

/** One line of text. Throws ERR_BYOL_DATA for anything else. */
export function matText(value: MatValue, file: string, name: string): string {
  const [text, ...more] = value.kind === 'text' ? value.rows : [];
  return text !== undefined && more.length === 0 ? text : refuse(file, name, 'one line of text in each place');
}

/** One whole number from `least` on. Throws ERR_BYOL_DATA for anything else. */
export function matNumber(value: MatValue, file: string, name: string, least: number): number {
  const [number, ...more] = matNumbers(value, file, name, least);
  return number !== undefined && more.length === 0 ? number : refuse(file, name, 'one number in each place');
}

function refuse(file: string, name: string, expected: string): never {
  throw new ByolError('ERR_BYOL_DATA', `${file} should have in '${name}' ${expected}.`);
}
