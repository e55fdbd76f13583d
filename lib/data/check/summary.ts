import type { BrokenFile, Dataset, ImageSource, SplitName } from '../dataset.js';
import { splitNames } from '../dataset.js';
import { type Tallies, type Tally, TallyKeeper } from '../photos/tally.js';
import type { CheckedImage, Oddity } from './check-images.js';

/** Equal contents in several places. */
export interface Duplicates {
  readonly locations: readonly string[];
  /** In the training images and in those that are measured with: results are too good then. */
  readonly acrossSplits: boolean;
  readonly acrossClasses: boolean;
}

export interface SplitSummary {
  readonly split: SplitName;
  /** Those that can be used. */
  readonly images: number;
  readonly labelled: number;
}

/** How many images of a class each split has. */
export interface ClassSummary {
  readonly name: string;
  readonly images: Partial<Record<SplitName, number>>;
}

/** Least, middle and largest of a side in pixels. */
export interface Spread {
  readonly least: number;
  readonly median: number;
  readonly most: number;
}

/** What a check found. */
export interface CheckSummary {
  readonly splits: readonly SplitSummary[];
  readonly classes: readonly ClassSummary[];
  /** Images of each format. */
  readonly formats: Readonly<Record<string, number>>;
  readonly shorterSide: Spread;
  readonly longerSide: Spread;
  /** Bytes of the files, and of their pixels at full size. */
  readonly fileBytes: number;
  readonly pixelBytes: number;
  readonly odd: ReadonlyArray<{ readonly oddity: Oddity; readonly images: Tally }>;
  readonly broken: readonly BrokenFile[];
  /** The most that training and packing bear, as a part of all, where nothing else is said; null: any number. */
  readonly brokenLimit: number | null;
  readonly duplicates: readonly Duplicates[];
  /** What was said when the images were opened. */
  readonly notes: readonly string[];
}

interface Seen {
  readonly split: SplitName;
  /** As text, to be compared. */
  readonly classes: string;
  readonly location: string;
}

/** Takes images one by one. */
export class CheckKeeper {
  readonly #data: Dataset<ImageSource>;
  readonly #brokenLimit: number | null;
  readonly #splits = new Map<SplitName, { images: number; labelled: number }>();
  readonly #classes = new Map<string, Partial<Record<SplitName, number>>>();
  readonly #formats: Record<string, number> = {};
  readonly #sides = { short: new Map<number, number>(), long: new Map<number, number>() };
  readonly #odd = new TallyKeeper<Oddity>();
  readonly #broken: BrokenFile[];
  readonly #seen = new Map<string, Seen>();
  readonly #copies = new Map<string, Seen[]>();
  #fileBytes = 0;
  #pixelBytes = 0;

  /** @param brokenLimit see CheckSummary. */
  constructor(data: Dataset<ImageSource>, brokenLimit: number | null = null) {
    this.#data = data;
    this.#brokenLimit = brokenLimit;
    this.#broken = [...(data.broken ?? [])];
    for (const name of data.classNames) this.#classes.set(name, {});
  }

  add(checked: CheckedImage): void {
    const { split, classes, width, height, location, hash } = checked;
    if (checked.broken !== null) {
      this.#broken.push(checked.broken);
      return;
    }
    const counts = this.#splits.get(split) ?? { images: 0, labelled: 0 };
    this.#splits.set(split, counts);
    counts.images += 1;
    if (classes.length > 0) counts.labelled += 1;
    for (const name of new Set(classes)) {
      const images = this.#classes.get(name) ?? {};
      images[split] = (images[split] ?? 0) + 1;
    }
    const format = checked.format ?? 'pixels';
    this.#formats[format] = (this.#formats[format] ?? 0) + 1;
    count(this.#sides.short, Math.min(width, height));
    count(this.#sides.long, Math.max(width, height));
    this.#fileBytes += checked.bytes;
    this.#pixelBytes += width * height * 3;
    for (const oddity of checked.oddities) this.#odd.add(oddity, location);
    const seen = { split, classes: classes.toSorted().join('\n'), location };
    const first = this.#seen.get(hash);
    if (first === undefined) this.#seen.set(hash, seen);
    else this.#copies.set(hash, [...(this.#copies.get(hash) ?? [first]), seen]);
  }

  finish(): CheckSummary {
    const splits = splitNames.flatMap((split) => {
      const counts = this.#splits.get(split);
      return counts === undefined ? [] : [{ split, ...counts }];
    });
    return {
      splits,
      classes: [...this.#classes].map(([name, images]) => ({ name, images })),
      formats: this.#formats,
      shorterSide: spread(this.#sides.short),
      longerSide: spread(this.#sides.long),
      fileBytes: this.#fileBytes,
      pixelBytes: this.#pixelBytes,
      odd: oddList(this.#odd.finish()),
      broken: this.#broken,
      brokenLimit: this.#brokenLimit,
      duplicates: [...this.#copies.values()].map(duplicatesOf),
      notes: this.#data.notes ?? [],
    };
  }
}

function oddList(tallies: Tallies<Oddity>): CheckSummary['odd'] {
  return [...tallies].map(([oddity, images]) => ({ oddity, images })).sort((a, b) => b.images.count - a.images.count);
}

function duplicatesOf(copies: readonly Seen[]): Duplicates {
  const differ = (of: (seen: Seen) => unknown): boolean => new Set(copies.map(of)).size > 1;
  return {
    locations: copies.map(({ location }) => location),
    acrossSplits: differ(({ split }) => split),
    acrossClasses: differ((seen) => seen.classes),
  };
}

function count(of: Map<number, number>, value: number): void {
  of.set(value, (of.get(value) ?? 0) + 1);
}

/** All 0 where there is none. */
function spread(counts: ReadonlyMap<number, number>): Spread {
  const sorted = [...counts].sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, images]) => sum + images, 0);
  let before = 0;
  const middle = sorted.find(([, images]) => {
    before += images;
    return before * 2 >= total;
  });
  return { least: sorted[0]?.[0] ?? 0, median: middle?.[0] ?? 0, most: sorted.at(-1)?.[0] ?? 0 };
}
