import { Breather } from '../../breather.js';
import { splitTitles } from '../../data/dataset.js';
import type { Images } from '../../data/images.js';
import { classSizes } from '../../data/indices.js';
import { imagesNamedIn } from '../../data/name-list.js';
import { ByolError } from '../../errors.js';
import { permutation } from '../../random/philox.js';
import { orderNumbers } from '../../random/purposes.js';
import { count } from '../../text/format.js';
import { type EvaluationData, targetedIndices } from '../evaluation-data.js';
import { splitByClass } from '../validation-split.js';
import type { Tuning } from './settings.js';

/** Some images of a split, all with targets. */
export interface TuningImages {
  readonly images: Images;
  /** Ascending. */
  readonly indices: Int32Array;
}

/** Which images are trained on, and which are chosen by. */
export interface TuningParts {
  /** Those whose labels are used. */
  readonly labelled: TuningImages;
  /** None of them; null where nothing is to be chosen. */
  readonly validation: TuningImages | null;
  /** What both are of, once something has been chosen: labelled and validation images. */
  readonly all: readonly TuningImages[];
  /** What is to be known of the division: one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Divides the images. To choose by are a data set's own validation images, or else a class-balanced part of the training images
 * that is held out, of whose labels none counts among those that are used. `chooses`: whether anything is to be chosen. Throws
 * ERR_BYOL_DATA without labels, where nothing can be held out, and as imagesNamedIn() for a list.
 */
export async function tuningParts(
  { train, val }: EvaluationData,
  { labels: { fraction = 1, list }, validationFraction }: Tuning,
  { seed, chooses }: { readonly seed: number; readonly chooses: boolean },
): Promise<TuningParts> {
  const known = await targetedIndices(train, splitTitles.train);
  const listed = list === undefined ? null : await listedImages(train, known, list);
  const notes = listed?.notes ?? [];
  const own =
    chooses && val !== undefined ? { images: val, indices: await targetedIndices(val, splitTitles.val) } : null;
  let pool = listed?.indices ?? known;
  let validation = own;
  if (chooses && own === null) {
    // A list's labels are few and all meant to be used: those of other images serve to choose by, where there are any.
    const named = new Set(listed?.indices);
    const others = known.filter((image) => !named.has(image));
    const from = listed !== null && others.length > 0 ? others : pool;
    const { kept, heldOut } = await splitByClass(
      classesOfEach(train, from),
      validationFraction,
      seed,
      orderNumbers.tuningHeldOut,
    );
    const of = (places: Int32Array): Int32Array => places.map((place) => from[place] as number);
    validation = { images: train, indices: of(heldOut) };
    if (from === pool) pool = of(kept);
  }
  const labelled = fraction < 1 ? await drawnImages(train, known, pool, fraction, seed) : pool;
  const joined =
    validation?.images === train ? [{ images: train, indices: union(labelled, validation.indices) }] : undefined;
  return {
    labelled: { images: train, indices: labelled },
    validation,
    all: joined ?? [{ images: train, indices: labelled }, ...(validation === null ? [] : [validation])],
    notes,
  };
}

/** For what is done class by class; images of many labels count as of one class. */
function classesOfEach({ targets }: Images, indices: Int32Array): Int32Array {
  return indices.map((image) => (targets?.kind === 'class' ? (targets.labels[image] as number) : 0));
}

/** Of every class `fraction` of all its images, rounded, at least one, from those of `pool`. */
async function drawnImages(
  images: Images,
  known: Int32Array,
  pool: Int32Array,
  fraction: number,
  seed: number,
): Promise<Int32Array> {
  const breather = new Breather();
  const sizes = await classSizes(classesOfEach(images, known), breather);
  const left = new Map([...sizes].map(([label, size]) => [label, Math.max(1, Math.round(size * fraction))]));
  const labels = classesOfEach(images, pool);
  const drawn = new Uint8Array(pool.length);
  const order = await permutation(pool.length, seed, 0, orderNumbers.tuningLabels, breather);
  for (const [at, place] of order.entries()) {
    if (at % 4096 === 0) await breather.breathe();
    const label = labels[place] as number;
    const wanted = left.get(label) ?? 0;
    if (wanted === 0) continue;
    left.set(label, wanted - 1);
    drawn[place] = 1;
  }
  return pool.filter((_, place) => drawn[place] === 1);
}

/** The images that a file names. The public lists of ImageNet's 1 % and 10 % are such files (byol-facts 4.2). */
async function listedImages(
  images: Images,
  known: Int32Array,
  list: string,
): Promise<{ readonly indices: Int32Array; readonly notes: readonly string[] }> {
  const { images: named, missing } = await imagesNamedIn(list, images);
  const labelled = new Set(known);
  const indices = named.filter((image) => labelled.has(image));
  if (indices.length === 0) throw new ByolError('ERR_BYOL_DATA', `None of the images that ${list} names has a label.`);
  const notes: string[] = [];
  if (missing.length > 0) notes.push(`${count(missing.length)} of the names in the list are of no training image.`);
  const unlabelled = named.length - indices.length;
  if (unlabelled > 0) notes.push(`${count(unlabelled)} of the images in the list have no label.`);
  return { indices, notes };
}

function union(a: Int32Array, b: Int32Array): Int32Array {
  return Int32Array.from([...a, ...b]).sort();
}
