import { count } from '../../text/format.js';
import type { ImageTrait } from '../headers/header.js';
import { type FileTable, hasTrait } from './file-table.js';

/** What becomes of images of a trait: after a number of them, after one, and the rest. */
const told = {
  profile: ['carry', 'carries', 'a colour profile (ICC), which is ignored, as in the official code'],
  cmyk: ['are', 'is', 'of printing inks (CMYK), and converted'],
  deep: ['have', 'has', 'more than 8 bits for each colour, rounded to 8'],
  alpha: ['may', 'may', 'be transparent, and then laid on white'],
  animated: ['have', 'has', 'several pictures, of which the first is taken'],
} as const satisfies Partial<Record<ImageTrait, readonly [many: string, one: string, what: string]>>;
const traits = Object.keys(told) as ReadonlyArray<keyof typeof told>;

/** A trait is told of where so many have it, as a part of all. Profiles always are: with them colours are others than people see. */
const FREQUENT = 0.01;
/** Pixels of the shorter side from which decoding is most of the time of an epoch. */
const LARGE_SIDE = 1500;

/** Images by their tables and rows. */
export interface TableRows {
  readonly table: FileTable;
  readonly rows: Int32Array;
}

/** What is done to images beside resizing them, as their headers tell: sentences. */
export function traitNotes(parts: readonly TableRows[]): string[] {
  const counts = new Map<ImageTrait, number>();
  let [images, large] = [0, 0];
  for (const { table, rows } of parts) {
    images += rows.length;
    for (const row of rows) {
      if (Math.min(table.widths[row] as number, table.heights[row] as number) >= LARGE_SIDE) large += 1;
      if (table.traits[row] === 0) continue;
      for (const trait of traits) if (hasTrait(table, row, trait)) counts.set(trait, (counts.get(trait) ?? 0) + 1);
    }
  }
  const notes = traits.flatMap((trait) => {
    const found = counts.get(trait) ?? 0;
    const isTold = trait === 'profile' ? found > 0 : found > 0 && found >= FREQUENT * images;
    const [many, one, what] = told[trait];
    return isTold ? [`${count(found)} of ${count(images)} images ${found === 1 ? one : many} ${what}.`] : [];
  });
  if (large * 2 > images) {
    notes.push(
      `${count(large)} of ${count(images)} images have a shorter side of ${count(LARGE_SIDE)} pixels or more, so most of the time goes into decoding them: \`npx byol data pack PATH --out FILE\` makes smaller ones once, and epochs several times faster.`,
    );
  }
  return notes;
}
