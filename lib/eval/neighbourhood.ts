import { classLabels } from '../data/dataset.js';
import type { Images } from '../data/images.js';
import { ByolError } from '../errors.js';
import { permutation } from '../random/philox.js';
import { orderNumbers } from '../random/purposes.js';
import type { EvaluationContext } from './context.js';
import { evenSubset } from './evaluation-data.js';
import type { FrozenEncoder } from './frozen-encoder.js';
import { gatherImages } from './gather-images.js';
import { type MapResult, mapNeighbourhood } from './neighbour-map.js';

/** Neighbours that are shown of an image. */
export const SHOWN = 6;
/** Side of small pictures in pixels. */
export const PICTURE_SIDE = 96;
/** Images that are looked at where nothing else is asked for: their map takes seconds. */
export const MOST_IMAGES = 1500;

/** What is looked at. */
export interface NeighbourhoodInput {
  readonly trained: FrozenEncoder;
  /** The same network before its first step; null: there is none to compare with. */
  readonly untrained: FrozenEncoder | null;
  readonly images: Images;
  /** Evenly spread over all, at most so many. */
  readonly most: number;
  /** Images whose neighbours are shown and that are nobody's neighbours; null: samples of the others are shown. */
  readonly given: Images | null;
  readonly samples: number;
}

/** Neighbours and maps of some images, by an encoder and by the same one untrained. */
export interface Neighbourhood {
  /** Of all images how many there are; some of them are looked at. */
  readonly total: number;
  /** Those that are looked at, by their numbers in `images`, and behind them the given ones, by theirs. */
  readonly images: Int32Array;
  readonly given: number;
  /** Of each image its class, -1 where unknown. */
  readonly labels: Int32Array;
  /** Rows of `images` to show, each with its neighbours. */
  readonly samples: Int32Array;
  /** images x PICTURE_SIDE x PICTURE_SIDE x 3. */
  readonly pictures: Uint8Array;
  readonly trained: NeighboursOf;
  readonly untrained: NeighboursOf | null;
  /** The part of pairs of images that are of one class: what neighbours are by chance. null: no labels. */
  readonly chance: number | null;
}

export interface NeighboursOf extends MapResult {
  /** The part of all labelled images' neighbours that are of the same class; null: no labels. */
  readonly share: number | null;
}

/** Throws ERR_BYOL_DATA where there are fewer than three images. */
export async function exploreNeighbourhood(
  context: EvaluationContext,
  { trained, untrained, images, most, given, samples }: NeighbourhoodInput,
): Promise<Neighbourhood> {
  const all = Int32Array.from({ length: images.count }, (_, i) => i);
  const encoders = untrained === null ? [trained] : [trained, untrained];
  const side = PICTURE_SIDE;
  const seen = await gatherImages(context, encoders, images, { indices: evenSubset(all, most), side });
  const count = seen.images.length;
  if (count < 3) {
    throw new ByolError('ERR_BYOL_DATA', `There are ${count} images, too few to have neighbours among them.`);
  }
  const asked =
    given &&
    (await gatherImages(context, [trained], given, {
      indices: Int32Array.from({ length: given.count }, (_, i) => i),
      side,
    }));
  const own = classLabels(images.targets);
  const labels = Int32Array.from(
    { length: count + (asked?.images.length ?? 0) },
    (_, row) => (row < count ? own?.[seen.images[row] as number] : undefined) ?? -1,
  );
  const { signal } = context;
  const others = asked?.images.length ?? 0;
  const find = async (features: Float32Array, rest: number): Promise<NeighboursOf> => {
    const result = await mapNeighbourhood({ features, dimension: seen.dimension, others: rest, k: SHOWN }, signal);
    return { ...result, share: sameClassShare(result, labels.subarray(0, count)) };
  };
  const [first, second] = seen.features as [Float32Array, Float32Array?];
  const [ofTrained, ofUntrained] = await Promise.all([
    find(joined(first, asked?.features[0]), others),
    second === undefined ? null : find(second, 0),
  ]);
  return {
    total: images.count,
    images: Int32Array.from([...seen.images, ...(asked?.images ?? [])]),
    given: others,
    labels,
    samples:
      asked === null
        ? await drawSamples(labels, samples, context.seed)
        : Int32Array.from({ length: others }, (_, i) => count + i),
    pictures: joinedBytes(seen.pictures, asked?.pictures),
    trained: ofTrained,
    untrained: ofUntrained,
    chance: chanceOf(labels.subarray(0, count)),
  };
}

function joined(a: Float32Array, b: Float32Array | undefined): Float32Array {
  if (b === undefined) return a;
  const both = new Float32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function joinedBytes(a: Uint8Array, b: Uint8Array | undefined): Uint8Array {
  return b === undefined ? a : Buffer.concat([a, b]);
}

/** Of neighbours that have a label themselves. */
function sameClassShare({ k, indices }: MapResult, labels: Int32Array): number | null {
  let [same, all] = [0, 0];
  for (const [row, label] of labels.entries()) {
    if (label < 0) continue;
    for (const other of indices.subarray(row * k, (row + 1) * k)) {
      if ((labels[other] as number) < 0) continue;
      all += 1;
      if (labels[other] === label) same += 1;
    }
  }
  return all === 0 ? null : same / all;
}

function chanceOf(labels: Int32Array): number | null {
  const counts = new Map<number, number>();
  for (const label of labels) if (label >= 0) counts.set(label, (counts.get(label) ?? 0) + 1);
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (all < 2) return null;
  return [...counts.values()].reduce((sum, count) => sum + count * (count - 1), 0) / (all * (all - 1));
}

/** In random order of the classes one image of each, then another one of each, and so on. */
async function drawSamples(labels: Int32Array, most: number, seed: number): Promise<Int32Array> {
  const byClass = new Map<number, number[]>();
  for (const row of await permutation(labels.length, seed, 0, orderNumbers.shown)) {
    const rows = byClass.get(labels[row] as number) ?? [];
    byClass.set(labels[row] as number, rows);
    rows.push(row);
  }
  const classes = [...byClass.values()];
  const drawn: number[] = [];
  for (let round = 0; drawn.length < Math.min(most, labels.length); round += 1) {
    for (const rows of classes) if (rows[round] !== undefined && drawn.length < most) drawn.push(rows[round] as number);
  }
  return Int32Array.from(drawn).sort((a, b) => (labels[a] as number) - (labels[b] as number) || a - b);
}
