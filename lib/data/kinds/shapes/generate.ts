import type { Stream } from '../../../random/philox.js';
import { type GeneratedOptions, generateImages } from '../../generated.js';
import { type Outline, outlineNames, outlines } from './outlines.js';
import { renderScene } from './render.js';
import { drawScene } from './scene.js';

/**
 * Generated, labelled images: ten classes of outlines, four copies of one in an image. Everything but the outline is
 * nuisance and drawn independently of the class: colours, pose, scale, position, background, clutter, noise.
 */
export function generateShapes(options: GeneratedOptions): ReturnType<typeof generateImages> {
  return generateImages(options, outlineNames, drawShape);
}

function drawShape(stream: Stream, size: number, out: Uint8Array, offset: number): number {
  const label = Math.floor(stream.uniform() * outlineNames.length);
  const scene = drawScene(() => stream.uniform());
  renderScene(scene, outlines()[label] as Outline, size, out, offset);
  return label;
}
