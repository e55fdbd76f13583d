import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ByolError } from '../../errors.js';
import { readDataFile } from '../../files/data-file.js';
import type { SplitName } from '../dataset.js';
import type { SetContents } from './set-definition.js';

/** What the lists of sets are read with. */

/** The lines of a list that say something: neither empty nor remarks. Throws ERR_BYOL_DATA. */
export async function listLines(folder: string, file: string): Promise<string[]> {
  const text = Buffer.from(await readDataFile(join(folder, file), 'a list of the set')).toString('utf8');
  return text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** Whether there is something at this place below a folder, as far as can be seen. */
export async function isThere(folder: string, place: string): Promise<boolean> {
  return stat(join(folder, place)).then(
    () => true,
    () => false,
  );
}

/** An image with the name of its class. */
export interface NamedImage {
  /** See SetImage. */
  readonly path: string;
  readonly name: string;
  readonly split: SplitName;
}

/**
 * Classes are numbered as they are given, or else by the characters of their names.
 *
 * @param where for the message: the list that has them. Throws ERR_BYOL_DATA where an image is of no class that is given.
 */
export function namedContents(images: readonly NamedImage[], given?: readonly string[], where = ''): SetContents {
  const classNames = given ?? sortedNames(images.map(({ name }) => name));
  const numbers = new Map(classNames.map((name, number) => [name, number]));
  const numberOf = (name: string): number => {
    const number = numbers.get(name);
    if (number !== undefined) return number;
    throw new ByolError(
      'ERR_BYOL_DATA',
      `${where} has an image of '${name}', which is none of the ${classNames.length} classes of the set.`,
    );
  };
  return { classNames, images: images.map(({ path, name, split }) => ({ path, label: numberOf(name), split })) };
}

/** Each once, by their characters. */
export function sortedNames(names: Iterable<string>): string[] {
  return [...new Set(names)].sort((a, b) => (a < b ? -1 : 1));
}

/** The folder that a file of a list lies in, "apple_pie" of "apple_pie/1005649". Throws ERR_BYOL_DATA where it lies in none. */
export function folderOf(path: string, list: string): string {
  const end = path.lastIndexOf('/');
  if (end > 0) return path.slice(0, end);
  throw new ByolError('ERR_BYOL_DATA', `${list} has a line without a folder, which would name the class: '${path}'.`);
}

/** The first word of a line and what follows it: "1025794 707-320". Throws ERR_BYOL_DATA where nothing does. */
export function firstWord(line: string, list: string): readonly [word: string, rest: string] {
  const [, word, rest] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
  if (word !== undefined && rest !== undefined) return [word, rest];
  throw new ByolError('ERR_BYOL_DATA', `${list} should have an image and more in each line, and has '${line}'.`);
}
