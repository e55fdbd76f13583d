import { type Color, contrastingColor, luminance } from '../../contrasting-color.js';

/**
 * The nuisance of a generated image, drawn from a source of uniform numbers in [0, 1). Lengths are in parts of the image's
 * side, so that the same scene can be drawn at any size; colours are in [0, 1].
 */

/** Two colours mixed by a pattern over the plane. */
export interface Paint {
  readonly pattern: 'plain' | 'gradient';
  readonly colors: readonly [Color, Color];
  readonly angle: number;
}

/** A short stroke with round ends. */
export interface Stroke {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  readonly radius: number;
  readonly color: Color;
}

/** One copy of the class's outline. */
export interface Figure {
  readonly paint: Paint;
  readonly center: readonly [number, number];
  /** Radius of the disc that has the shape's area. */
  readonly radius: number;
  readonly rotation: number;
  /** Width over height before the rotation; area is kept. */
  readonly aspect: number;
  readonly mirrored: boolean;
}

export interface Scene {
  readonly background: Paint;
  /** Clutter in the background, behind the figures. */
  readonly strokes: readonly Stroke[];
  /** All of the image's class. */
  readonly figures: readonly Figure[];
  /** Standard deviation of the pixel noise. */
  readonly noise: number;
  /** For the noise: a whole number below 2^32. */
  readonly noiseSeed: number;
}

const PATTERNS: readonly Paint['pattern'][] = ['plain', 'gradient'];

/** Largest distance of a channel from a colour's grey. */
const TINT = 0.1;

/** Figures lie on a shaken grid of this side, so that most crops show a whole one. */
const GRID = 2;

/** Shape and background differ by at least this much in luminance, so that the outline can be seen without colour. */
const LEAST_CONTRAST = 0.3;

/** Largest change of a colour within a pattern, per channel. */
const PATTERN_CONTRAST = 0.2;

type Uniform = () => number;

export function drawScene(uniform: Uniform): Scene {
  const between = (low: number, high: number): number => low + (high - low) * uniform();
  const pick = <T>(items: readonly T[]): T => items[Math.floor(uniform() * items.length)] as T;
  // Greyish: were the whole colour cube used, two views would know each other by their colours alone.
  const color = (): Color => {
    const tone = between(0.15, 0.85);
    const channel = (): number => clamp(tone + between(-TINT, TINT));
    return [channel(), channel(), channel()];
  };
  const nearby = (base: Color): Color => {
    const shift = between(-PATTERN_CONTRAST, PATTERN_CONTRAST);
    return [
      clamp(base[0] + shift + between(-0.08, 0.08)),
      clamp(base[1] + shift + between(-0.08, 0.08)),
      clamp(base[2] + shift + between(-0.08, 0.08)),
    ];
  };
  const paint = (base: Color, pattern: Paint['pattern']): Paint => ({
    pattern,
    colors: [base, nearby(base)],
    angle: between(0, 2 * Math.PI),
  });

  const backColor = color();
  const back = paint(backColor, pick(PATTERNS));
  const strokes = Array.from({ length: Math.floor(between(0, 2)) }, () => {
    const x = uniform();
    const y = uniform();
    const angle = between(0, 2 * Math.PI);
    const length = between(0.05, 0.2);
    return {
      from: [x, y] as const,
      to: [x + length * Math.cos(angle), y + length * Math.sin(angle)] as const,
      radius: between(0.015, 0.04),
      color: color(),
    };
  });
  const figures = Array.from({ length: GRID * GRID }, (_, i) => {
    const cell = (index: number): number => (index + 0.5 + between(-0.12, 0.12)) / GRID;
    return {
      paint: paint(
        contrastingColor(color, luminance(backColor), LEAST_CONTRAST),
        uniform() < 0.5 ? 'plain' : 'gradient',
      ),
      center: [cell(i % GRID), cell(Math.floor(i / GRID))] as const,
      radius: between(0.13, 0.17),
      rotation: between(-Math.PI / 4, Math.PI / 4),
      aspect: between(0.8, 1.25),
      mirrored: uniform() < 0.5,
    };
  });
  return {
    background: back,
    strokes,
    figures,
    noise: between(0.01, 0.06),
    noiseSeed: Math.floor(uniform() * 2 ** 32),
  };
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
