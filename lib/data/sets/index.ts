import { join } from 'node:path';
import { aircraft } from './aircraft.js';
import { birdsnap } from './birdsnap.js';
import { caltech101, caltech101Background } from './caltech101.js';
import { cars } from './cars.js';
import { dtd } from './dtd.js';
import { flowers102 } from './flowers102.js';
import { food101 } from './food101.js';
import { imagenet } from './imagenet.js';
import { pets } from './pets.js';
import { places365 } from './places365.js';
import type { SetDefinition } from './set-definition.js';
import { isThere } from './set-lists.js';
import { sun397 } from './sun397.js';
import { voc2007, voc2012 } from './voc.js';

/** Published sets of photos; CIFAR-10 and CIFAR-100, which the paper has as well, are kinds of their own. In the order in which a path is compared with them. */
export const setDefinitions = {
  imagenet,
  food101,
  birdsnap,
  sun397,
  cars,
  aircraft,
  voc2007,
  voc2012,
  dtd,
  pets,
  caltech101,
  'caltech101-background': caltech101Background,
  flowers102,
  places365,
} as const satisfies Readonly<Record<string, SetDefinition>>;

export type SetName = keyof typeof setDefinitions;
export const setNames = Object.keys(setDefinitions) as readonly SetName[] as readonly [SetName, ...SetName[]];

/** The folder of a set at a path, by its marks; null: it is not there. */
export async function locateSet({ roots = [''], marks }: SetDefinition, path: string): Promise<string | null> {
  for (const root of roots) {
    const folder = join(path, root);
    const found = await Promise.all(marks.map((mark) => isThere(folder, mark)));
    if (found.every(Boolean)) return folder;
  }
  return null;
}

/** The set at a path; null: none that is known. */
export async function recognizeSet(path: string): Promise<SetName | null> {
  for (const name of setNames) {
    const definition: SetDefinition = setDefinitions[name];
    const folder = await locateSet(definition, path);
    if (folder !== null && (await (definition.tells?.(folder) ?? true))) return name;
  }
  return null;
}
