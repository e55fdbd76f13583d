import { Breather } from '../../../breather.js';
import { Stream } from '../../../random/philox.js';
import type { Dataset, ImageSplit } from '../../dataset.js';
import { type Outline, outlineNames, outlines } from './outlines.js';
import { renderScene } from './render.js';
import { drawScene } from './scene.js';

/**
 * Generated, labelled images: ten classes of outlines, four copies of one in an image. Everything but the outline is
 * nuisance and drawn independently of the class: colours, pose, scale, position, background, clutter, noise. An image
 * depends on (seed, split, index) alone, so a larger set begins with the smaller one.
 */
export interface ShapesOptions {
  readonly trainImages: number;
  readonly testImages: number;
  /** Side in pixels. */
  readonly size: number;
  readonly seed: number;
}

const SPLIT = { train: 0, test: 1 } as const;
export type Split = keyof typeof SPLIT;

export async function generateShapes(options: ShapesOptions): Promise<Dataset & Required<Pick<Dataset, 'test'>>> {
  const { trainImages, testImages, size, seed } = options;
  return {
    train: await generateSplit(seed, 'train', trainImages, size),
    test: await generateSplit(seed, 'test', testImages, size),
    classNames: outlineNames,
  };
}

async function generateSplit(seed: number, split: Split, count: number, size: number): Promise<ImageSplit> {
  const pixels = new Uint8Array(count * size * size * 3);
  const labels = new Int32Array(count);
  const breather = new Breather();
  for (let index = 0; index < count; index += 1) {
    labels[index] = generateShape(seed, split, index, size, pixels, index * size * size * 3);
    if (breather.due) await breather.breathe();
  }
  return {
    count,
    source: { kind: 'memory', pixels, heights: size, widths: size },
    targets: { kind: 'class', labels },
  };
}

/** Draws one image into `out` (size x size x 3 bytes from `offset`) and returns its class. */
export function generateShape(
  seed: number,
  split: Split,
  index: number,
  size: number,
  out: Uint8Array,
  offset = 0,
): number {
  const stream = new Stream(seed, SPLIT[split], index);
  const label = Math.floor(stream.uniform() * outlineNames.length);
  const scene = drawScene(() => stream.uniform());
  renderScene(scene, outlines()[label] as Outline, size, out, offset);
  return label;
}
