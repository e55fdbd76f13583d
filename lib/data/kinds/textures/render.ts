import { type Color, contrastingColor, luminance } from '../../contrasting-color.js';
import { noiseSource } from '../../pixel-noise.js';
import type { Pattern } from './patterns.js';

/** Everything about a textured image but its pattern. Lengths are in parts of the image's side, colours in [0, 1]. */
export interface Surface {
  readonly figure: Color;
  readonly ground: Color;
  readonly period: number;
  /** Of the pattern's axes, in radians. */
  readonly rotation: number;
  /** Width of a cell over its height, at the same area. */
  readonly aspect: number;
  /** Of the pattern, in periods. */
  readonly shift: readonly [number, number];
  /** By how much the image is lighter at one side than at the other, and in which direction. */
  readonly light: { readonly strength: number; readonly angle: number };
  /** Standard deviation of the pixel noise. */
  readonly noise: number;
  /** A whole number below 2^32. */
  readonly noiseSeed: number;
}

type Uniform = () => number;

/** Figure and ground differ by at least this much in luminance, so that the pattern can be seen without colour. */
const LEAST_CONTRAST = 0.3;

/**
 * Period and direction hardly vary: what does not belong to the class but is the same in every crop would be learnt instead of
 * it, and kNN would tell how much of that there is.
 */
export function drawSurface(uniform: Uniform): Surface {
  const between = (low: number, high: number): number => low + (high - low) * uniform();
  const color = (): Color => {
    const tone = between(0.15, 0.85);
    const channel = (): number => Math.min(1, Math.max(0, tone + between(-0.5, 0.5)));
    return [channel(), channel(), channel()];
  };
  const ground = color();
  return {
    ground,
    figure: contrastingColor(color, luminance(ground), LEAST_CONTRAST),
    period: between(0.36, 0.39),
    rotation: between(0, 0.1),
    aspect: between(0.72, 1.39),
    shift: [uniform(), uniform()],
    light: { strength: between(0, 0.15), angle: between(0, 2 * Math.PI) },
    noise: between(0.01, 0.03),
    noiseSeed: Math.floor(uniform() * 2 ** 32),
  };
}

/** Points of a pixel at which the pattern is asked, along each side: enough for soft edges. */
const SAMPLES = 3;

/** `size` x `size` x 3 bytes from `offset` of `out`. */
export function renderTexture(surface: Surface, pattern: Pattern, size: number, out: Uint8Array, offset: number): void {
  const { figure, ground, light } = surface;
  const noise = noiseSource(surface.noiseSeed, surface.noise);
  const covered = coverage(surface, pattern, size);
  const toRight = light.strength * Math.cos(light.angle);
  const toBottom = light.strength * Math.sin(light.angle);
  let at = offset;
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const share = covered(column, row);
      const lighter = toRight * (column / size - 0.5) + toBottom * (row / size - 0.5);
      for (let channel = 0; channel < 3; channel += 1) {
        const paint = (ground[channel] as number) * (1 - share) + (figure[channel] as number) * share;
        // Uint8Array wraps instead of clamping.
        const value = (paint + lighter + noise()) * 255 + 0.5;
        out[at] = value < 0 ? 0 : value > 255 ? 255 : value;
        at += 1;
      }
    }
  }
}

/** Share of a pixel that belongs to the figure. */
function coverage(surface: Surface, pattern: Pattern, size: number): (column: number, row: number) => number {
  const { period, rotation, aspect, shift } = surface;
  const stretch = Math.sqrt(aspect);
  const cos = Math.cos(rotation) / period;
  const sin = Math.sin(rotation) / period;
  return (column, row) => {
    let inside = 0;
    for (let sample = 0; sample < SAMPLES * SAMPLES; sample += 1) {
      const x = (column + ((sample % SAMPLES) + 0.5) / SAMPLES) / size;
      const y = (row + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES) / size;
      if (pattern((x * cos + y * sin) / stretch + shift[0], (y * cos - x * sin) * stretch + shift[1])) inside += 1;
    }
    return inside / SAMPLES ** 2;
  };
}
