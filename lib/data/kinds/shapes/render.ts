import { noiseSource } from '../../pixel-noise.js';
import type { Outline } from './outlines.js';
import type { Figure, Paint, Scene, Stroke } from './scene.js';

/**
 * Draws a scene whose figures are anti-aliased copies of one outline: `size` x `size` x 3 bytes from `offset` of `out`.
 * Edges are soft over one pixel, from the signed distance at the pixel's centre.
 */
export function renderScene(scene: Scene, outline: Outline, size: number, out: Uint8Array, offset: number): void {
  const back = painter(scene.background);
  const figures = scene.figures.map((figure) => ({
    paint: painter(figure.paint),
    distance: placed(figure, outline),
  }));
  const noise = noiseSource(scene.noiseSeed, scene.noise);
  const pixel: [number, number, number] = [0, 0, 0];
  let at = offset;
  for (let row = 0; row < size; row += 1) {
    const y = (row + 0.5) / size;
    for (let column = 0; column < size; column += 1) {
      const x = (column + 0.5) / size;
      back(x, y, 1, pixel);
      for (const stroke of scene.strokes) blendStroke(stroke, x, y, size, pixel);
      for (const { paint, distance } of figures) paint(x, y, coverage(distance(x, y), size), pixel);
      for (let channel = 0; channel < 3; channel += 1) {
        // Uint8Array wraps instead of clamping.
        const value = ((pixel[channel] as number) + noise()) * 255 + 0.5;
        out[at] = value < 0 ? 0 : value > 255 ? 255 : value;
        at += 1;
      }
    }
  }
}

/** Share of a pixel that lies inside an edge at this signed distance, in parts of the side. */
function coverage(distance: number, size: number): number {
  return Math.min(1, Math.max(0, 0.5 - distance * size));
}

/** The outline's distance in the image: moved, turned, stretched and scaled. */
function placed(figure: Figure, outline: Outline): (x: number, y: number) => number {
  const { center, radius, rotation, aspect, mirrored } = figure;
  const cos = Math.cos(rotation);
  const sin = Math.sin(rotation);
  const stretch = Math.sqrt(aspect);
  const side = mirrored ? -1 : 1;
  // Stretching bends distances; the smaller of the two scales keeps edges at most one pixel soft.
  const unit = radius * Math.min(stretch, 1 / stretch);
  return (x, y) => {
    const dx = x - center[0];
    const dy = y - center[1];
    const u = (side * (cos * dx + sin * dy)) / (radius * stretch);
    const v = ((cos * dy - sin * dx) * stretch) / radius;
    return outline(u, v) * unit;
  };
}

function blendStroke(stroke: Stroke, x: number, y: number, size: number, pixel: [number, number, number]): void {
  const { from, to, radius, color } = stroke;
  const ex = to[0] - from[0];
  const ey = to[1] - from[1];
  const along = Math.min(1, Math.max(0, ((x - from[0]) * ex + (y - from[1]) * ey) / (ex * ex + ey * ey)));
  const share = coverage(Math.hypot(x - from[0] - ex * along, y - from[1] - ey * along) - radius, size);
  if (share > 0) for (let c = 0; c < 3; c += 1) pixel[c] = mix(pixel[c] as number, color[c] as number, share);
}

/** Blends a paint over `pixel` with the given share. */
function painter(paint: Paint): (x: number, y: number, share: number, pixel: [number, number, number]) => void {
  const [first, second] = paint.colors;
  const weight = patternWeight(paint);
  return (x, y, share, pixel) => {
    if (share === 0) return;
    const t = weight(x, y);
    for (let c = 0; c < 3; c += 1) {
      pixel[c] = mix(pixel[c] as number, mix(first[c] as number, second[c] as number, t), share);
    }
  };
}

/** How much of the second colour: 0..1 over the plane. */
function patternWeight({ pattern, angle }: Paint): (x: number, y: number) => number {
  if (pattern === 'plain') return () => 0;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  return (x, y) => Math.min(1, Math.max(0, 0.5 + cos * (x - 0.5) + sin * (y - 0.5)));
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}
