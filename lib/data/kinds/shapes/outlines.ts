/**
 * The ten outlines of the generated images, as signed distances: negative inside, in units of the shape's own size. All are
 * scaled to the area of the unit disc, so that the share of foreground pixels does not give the class away.
 */

/** Signed distance at (x, y); exact near the edge, where anti-aliasing needs it. */
export type Outline = (x: number, y: number) => number;

type Point = readonly [number, number];

function polygon(points: readonly Point[]): Outline {
  const n = points.length;
  const xs = Float64Array.from(points, ([x]) => x);
  const ys = Float64Array.from(points, ([, y]) => y);
  return (x, y) => {
    let squared = Number.POSITIVE_INFINITY;
    let inside = false;
    for (let i = 0, j = n - 1; i < n; j = i, i += 1) {
      const xi = xs[i] as number;
      const yi = ys[i] as number;
      const ex = (xs[j] as number) - xi;
      const ey = (ys[j] as number) - yi;
      const px = x - xi;
      const py = y - yi;
      const along = Math.min(1, Math.max(0, (px * ex + py * ey) / (ex * ex + ey * ey)));
      const dx = px - ex * along;
      const dy = py - ey * along;
      squared = Math.min(squared, dx * dx + dy * dy);
      // Even-odd rule: a ray to the right crosses this edge.
      if (yi > y !== (ys[j] as number) > y && x < (ex * (y - yi)) / ey + xi) inside = !inside;
    }
    return inside ? -Math.sqrt(squared) : Math.sqrt(squared);
  };
}

/** Points on circles of the given radii in turn, starting upwards. */
function around(count: number, ...radii: readonly number[]): Point[] {
  return Array.from({ length: count }, (_, i) => {
    const radius = radii[i % radii.length] as number;
    const angle = (2 * Math.PI * i) / count;
    return [radius * Math.sin(angle), -radius * Math.cos(angle)];
  });
}

const disc: Outline = (x, y) => Math.hypot(x, y) - 1;
const ring: Outline = (x, y) => Math.abs(Math.hypot(x, y) - 0.75) - 0.25;
const crescent: Outline = (x, y) => Math.max(Math.hypot(x, y) - 1, 0.8 - Math.hypot(x - 0.5, y));

const heart = polygon(
  Array.from({ length: 28 }, (_, i) => {
    const t = (2 * Math.PI * i) / 28;
    const x = 16 * Math.sin(t) ** 3;
    const y = 13 * Math.cos(t) - 5 * Math.cos(2 * t) - 2 * Math.cos(3 * t) - Math.cos(4 * t);
    return [x / 16, (-y - 2.5) / 16] as const;
  }),
);

const square = polygon([
  [-1, -1],
  [1, -1],
  [1, 1],
  [-1, 1],
]);

const arm = 0.36;
const cross = polygon([
  [-arm, -1],
  [arm, -1],
  [arm, -arm],
  [1, -arm],
  [1, arm],
  [arm, arm],
  [arm, 1],
  [-arm, 1],
  [-arm, arm],
  [-1, arm],
  [-1, -arm],
  [-arm, -arm],
]);

const arrow = polygon([
  [0, -1],
  [0.75, -0.05],
  [0.28, -0.05],
  [0.28, 1],
  [-0.28, 1],
  [-0.28, -0.05],
  [-0.75, -0.05],
]);

const hourglass = polygon([
  [-0.8, -1],
  [0.8, -1],
  [0.12, 0],
  [0.8, 1],
  [-0.8, 1],
  [-0.12, 0],
]);

/** Area by counting the cells of a grid; good to half a per cent, which is plenty here. */
function area(outline: Outline): number {
  const cells = 160;
  const cell = 3 / cells;
  let inside = 0;
  for (let row = 0; row < cells; row += 1) {
    for (let column = 0; column < cells; column += 1) {
      if (outline(-1.5 + (column + 0.5) * cell, -1.5 + (row + 0.5) * cell) < 0) inside += 1;
    }
  }
  return inside * cell * cell;
}

function ofUnitDiscArea(outline: Outline): Outline {
  const scale = Math.sqrt(Math.PI / area(outline));
  return (x, y) => outline(x / scale, y / scale) * scale;
}

const raw: ReadonlyArray<readonly [string, Outline]> = [
  ['disc', disc],
  ['ring', ring],
  ['triangle', polygon(around(3, 1))],
  ['square', square],
  ['star', polygon(around(10, 1, 0.42))],
  ['cross', cross],
  ['crescent', crescent],
  ['heart', heart],
  ['arrow', arrow],
  ['hourglass', hourglass],
];

/** Class names in label order. */
export const outlineNames: readonly string[] = raw.map(([name]) => name);

/** In label order; made at first use, because finding the areas takes some milliseconds. */
let cache: readonly Outline[] | undefined;
export function outlines(): readonly Outline[] {
  cache ??= raw.map(([, outline]) => ofUnitDiscArea(outline));
  return cache;
}
