import { ByolError } from '../../errors.js';
import { parseCsv } from '../../files/csv.js';
import { readDataFile } from '../../files/data-file.js';
import type { SplitName } from '../dataset.js';
import { splitOfFolder } from './layout.js';

/** A file that names images, with their classes and splits: CSV, JSON, or JSON lines. */

export const LIST_ENDING = /\.(?:csv|tsv|jsonl|ndjson|json)$/i;

/** Which columns say what; null: those of the usual names. */
export interface ListColumns {
  readonly image: string | null;
  readonly label: string | null;
  readonly split: string | null;
}

/** What columns of images, classes and splits are called, in small letters. */
export const usualNames: Readonly<Record<keyof ListColumns, readonly string[]>> = {
  image: ['file_name', 'filename', 'file', 'path', 'file_path', 'filepath', 'image_path', 'image', 'img'],
  label: ['label', 'labels', 'class', 'class_name', 'category', 'target', 'species'],
  split: ['split', 'subset', 'set', 'partition'],
};

export interface ListedImage {
  /** As it is written. */
  readonly path: string;
  /** Names of its classes; one of them, or any number where the file has lists. Empty: unknown. */
  readonly labels: readonly string[];
  /** null: of none that is known. */
  readonly split: SplitName | null;
}

export interface ImageList {
  readonly images: readonly ListedImage[];
  /** Whether images have any number of classes. */
  readonly several: boolean;
}

type Row = ReadonlyMap<string, unknown>;

/**
 * CSV with a line of names first; JSON: an array of objects or of paths, or an object with a class for each path; JSON lines: an object
 * a line. Throws ERR_BYOL_DATA, saying which row is wrong or which columns there are.
 */
export async function readImageList(path: string, columns: ListColumns): Promise<ImageList> {
  const text = textOf(await readDataFile(path, 'a list of images'));
  const refuse = (reason: string, cause?: unknown): never => {
    throw new ByolError('ERR_BYOL_DATA', `${path} is no list of images: ${reason}.`, { cause });
  };
  let rows: Row[];
  try {
    rows = rowsOf(path, text);
  } catch (error) {
    return refuse((error as Error).message, error);
  }
  const [first] = rows;
  if (first === undefined) return refuse('it is empty');
  const names = namesIn(rows);
  const column = (of: keyof ListColumns): string | null => {
    const asked = columns[of];
    if (asked !== null && !names.includes(asked))
      refuse(`it has no column '${asked}' (data.${of}) but ${names.join(', ')}`);
    return (
      asked ??
      usualNames[of]
        .map((usual) => names.find((name) => name.toLowerCase() === usual))
        .find((name) => name !== undefined) ??
      null
    );
  };
  const [image, label, split] = [column('image'), column('label'), column('split')];
  if (image === null) {
    return refuse(
      `none of its columns is called like one of paths (${names.join(', ')}). Its first line has to name the columns, one of them ${usualNames.image.slice(0, 4).join(', ')} or the like; or say which it is with data.image`,
    );
  }
  let several = false;
  const images = rows.map((row, i): ListedImage => {
    const file = row.get(image);
    if (typeof file !== 'string' || file === '') return refuse(`row ${i + 1} has no path in '${image}'`);
    if (/^[a-z]+:\/\//i.test(file)) return refuse(`row ${i + 1} has an address, ${file}; images have to be files here`);
    const value = label === null ? undefined : row.get(label);
    several ||= Array.isArray(value);
    return {
      path: file,
      labels: labelsOf(value) ?? refuse(`the class in row ${i + 1} is neither a word nor a number, nor several`),
      split: split === null ? 'train' : splitOfFolder(String(row.get(split) ?? '').trim()),
    };
  });
  return { images, several };
}

/** UTF-8, or UTF-16 where the file begins so, as spreadsheets save tables; without the mark that may stand before the text. */
function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const isWide = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return new TextDecoder(isWide ? (first === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8').decode(bytes);
}

/** Of all rows: those of JSON may lack some. */
function namesIn(rows: readonly Row[]): string[] {
  const names = new Set<string>();
  for (const row of rows) for (const name of row.keys()) names.add(name);
  return [...names];
}

function rowsOf(path: string, text: string): Row[] {
  if (/\.(?:csv|tsv)$/i.test(path)) {
    const [names = [], ...rows] = parseCsv(text);
    const twice = names.find((name, i) => names.findIndex((other) => other.trim() === name.trim()) !== i);
    if (twice !== undefined) throw new SyntaxError(`two of its columns are called '${twice.trim()}'`);
    const wrong = rows.findIndex((row) => row.length !== names.length);
    if (wrong >= 0)
      throw new SyntaxError(
        `row ${wrong + 1} has ${rows[wrong]?.length} fields, and the first line names ${names.length}`,
      );
    return rows.map((row) => new Map(names.map((name, i) => [name.trim(), row[i]])));
  }
  if (!/\.json$/i.test(path)) {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    return lines.map((line, i) => {
      try {
        return rowOf(JSON.parse(line));
      } catch (error) {
        throw new SyntaxError(`line ${i + 1}: ${(error as Error).message}`);
      }
    });
  }
  const value: unknown = JSON.parse(text);
  if (Array.isArray(value)) return value.map(rowOf);
  if (value === null || typeof value !== 'object') throw new SyntaxError('it holds neither an array nor an object');
  return Object.entries(value).map(
    ([file, label]) =>
      new Map<string, unknown>([
        ['path', file],
        ['label', label],
      ]),
  );
}

function rowOf(value: unknown): Row {
  if (typeof value === 'string') return new Map([['path', value]]);
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new SyntaxError('there is neither an object nor a path');
  return new Map(Object.entries(value));
}

/** null: it is none. */
function labelsOf(value: unknown): string[] | null {
  if (value === undefined || value === null || value === '') return [];
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.every((each) => ['string', 'number', 'boolean'].includes(typeof each)) ? values.map(String) : null;
}

/** The names of classes in the order of their numbers: by value where all are whole numbers, of which those below 0 mean unknown. */
export function sortedClasses(labels: readonly string[]): string[] {
  const names = [...new Set(labels)];
  const areNumbers = names.every((name) => /^-?\d+$/.test(name));
  if (areNumbers) return names.filter((name) => Number(name) >= 0).sort((a, b) => Number(a) - Number(b));
  return names.sort((a, b) => (a < b ? -1 : 1));
}
