/**
 * The ten patterns of the generated textures: which points of a plane belong to the figure. Each repeats with period 1 in both
 * directions.
 */
export type Pattern = (x: number, y: number) => boolean;

const fraction = (x: number): number => x - Math.floor(x);
/** Of the cell's middle, by coordinate. */
const offCentre = (x: number): number => Math.abs(fraction(x) - 0.5);
/** Up and down between 0 and 1. */
const triangleWave = (x: number): number => 2 * offCentre(x);

const brick: Pattern = (x, y) => {
  const row = Math.floor(2 * y);
  return fraction(2 * y) < 0.25 || fraction(x + 0.5 * (row % 2)) < 0.15;
};

const plus: Pattern = (x, y) => {
  const across = offCentre(x);
  const down = offCentre(y);
  return Math.min(across, down) < 0.13 && Math.max(across, down) < 0.4;
};

/** By class, in the order of the labels. */
export const patterns = {
  stripes: (x) => fraction(x) < 0.5,
  lines: (x) => fraction(x) < 0.22,
  checks: (x, y) => fraction(x) < 0.5 !== fraction(y) < 0.5,
  dots: (x, y) => Math.hypot(offCentre(x), offCentre(y)) < 0.32,
  rings: (x, y) => Math.abs(Math.hypot(offCentre(x), offCentre(y)) - 0.33) < 0.11,
  mesh: (x, y) => fraction(x) < 0.22 || fraction(y) < 0.22,
  zigzag: (x, y) => fraction(x + 0.5 * triangleWave(y)) < 0.5,
  bricks: brick,
  triangles: (x, y) => fraction(x) + fraction(y) < 1,
  pluses: plus,
} as const satisfies Readonly<Record<string, Pattern>>;

export const patternNames = Object.keys(patterns) as ReadonlyArray<keyof typeof patterns>;
