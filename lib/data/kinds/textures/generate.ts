import type { Stream } from '../../../random/philox.js';
import { type GeneratedOptions, generateImages } from '../../generated.js';
import { patternNames, patterns } from './patterns.js';
import { drawSurface, renderTexture } from './render.js';

/**
 * Generated, labelled images: ten classes of patterns that fill the image, so that every crop shows what the class is. What an
 * untrained network sees first is nuisance, drawn independently of the class: two colours, which of them is the figure, where
 * the pattern lies, light, noise. Small networks learn them in seconds, which is what tables need that train hundreds of runs.
 */
export function generateTextures(options: GeneratedOptions): ReturnType<typeof generateImages> {
  return generateImages(options, patternNames, drawTexture);
}

function drawTexture(stream: Stream, size: number, out: Uint8Array, offset: number): number {
  const label = Math.floor(stream.uniform() * patternNames.length);
  const name = patternNames[label] as (typeof patternNames)[number];
  renderTexture(
    drawSurface(() => stream.uniform()),
    patterns[name],
    size,
    out,
    offset,
  );
  return label;
}
