/**
 * The augmentation pipeline in float64, one sample at a time, written from the definitions: the paper's Table 6, the
 * official code's operations in words, torchvision's documentation. It shares only the plan's columns with the product.
 */
import { column } from '../../lib/augment/plan.js';
import type { ViewSpec } from '../../lib/binding/native.js';

/** Row-major [height, width, 3]. */
export interface Pixels {
  readonly height: number;
  readonly width: number;
  readonly data: ArrayLike<number>;
}

interface Picture {
  readonly height: number;
  readonly width: number;
  /** Red, green, blue in [0, 1], each height x width. */
  readonly planes: readonly [Float64Array, Float64Array, Float64Array];
}

type Color = [number, number, number];

const clip = (x: number): number => Math.min(Math.max(x, 0), 1);
const luminance = ([r, g, b]: Color): number => 0.2989 * r + 0.587 * g + 0.114 * b;

/** The view of one image that a row of the plan describes, normalised: height x width x 3 numbers, row-major. */
export function expectedView(image: Pixels, row: Float32Array, view: ViewSpec): Float64Array {
  let picture = cropAndResize(image, row, view);
  if (row[column.flip] === 1) picture = map(picture, (_, y, x) => colorAt(picture, y, picture.width - 1 - x));
  const order = row[column.jitterOrder] as number;
  if (order >= 0) for (const step of permutations()[order] as number[]) picture = jitter(picture, step, row, view);
  if (row[column.grayscale] === 1) {
    picture = map(picture, (color) => {
      const gray = luminance(color);
      return [gray, gray, gray];
    });
  }
  const sigma = row[column.blurSigma] as number;
  if (sigma > 0) picture = blur(picture, sigma, view);
  if (row[column.solarize] === 1) picture = map(picture, (color) => each(color, (x) => (x < 0.5 ? x : 1 - x)));
  const result = new Float64Array(view.height * view.width * 3);
  for (let i = 0; i < result.length; i += 1) {
    const channel = i % 3;
    const value = clip(picture.planes[channel]?.[(i - channel) / 3] as number);
    result[i] = (value - Math.fround(view.mean[channel] as number)) / Math.fround(view.std[channel] as number);
  }
  return result;
}

function each(color: Color, change: (x: number, channel: number) => number): Color {
  return color.map(change) as Color;
}

function colorAt({ planes, width }: Picture, y: number, x: number): Color {
  return planes.map((plane) => plane[y * width + x]) as Color;
}

function map(picture: Picture, change: (color: Color, y: number, x: number) => Color): Picture {
  const { height, width } = picture;
  const result = empty(height, width);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      for (const [c, value] of change(colorAt(picture, y, x), y, x).entries()) {
        (result.planes[c] as Float64Array)[y * width + x] = value;
      }
    }
  }
  return result;
}

function empty(height: number, width: number): Picture {
  const plane = (): Float64Array => new Float64Array(height * width);
  return { height, width, planes: [plane(), plane(), plane()] };
}

/** All orders of 0, 1, 2, 3 in lexicographic order. */
function permutations(items: number[] = [0, 1, 2, 3]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((first) => permutations(items.filter((item) => item !== first)).map((rest) => [first, ...rest]));
}

interface Tap {
  readonly at: number;
  readonly weight: number;
}

/** The source pixels that output pixel `i` is a mean of: half-pixel centres, only pixels inside, renormalised. */
function taps(i: number, from: number, to: number, { resampling, antialias }: ViewSpec): Tap[] {
  const center = ((2 * i + 1) * from) / (2 * to);
  const widening = antialias && from > to ? from / to : 1;
  const raw: Tap[] = [];
  let sum = 0;
  for (let at = 0; at < from; at += 1) {
    const weight = kernel(Math.abs(at + 0.5 - center) / widening, resampling);
    sum += weight;
    if (weight !== 0) raw.push({ at, weight });
  }
  return raw.map(({ at, weight }) => ({ at, weight: weight / sum }));
}

function kernel(t: number, resampling: ViewSpec['resampling']): number {
  if (resampling === 'bilinear') return Math.max(0, 1 - t);
  // Keys' piecewise cubic with a = -1/2, as printed in his paper.
  if (t < 1) return (3 / 2) * t ** 3 - (5 / 2) * t ** 2 + 1;
  return t < 2 ? (-1 / 2) * t ** 3 + (5 / 2) * t ** 2 - 4 * t + 2 : 0;
}

function cropAndResize(image: Pixels, row: Float32Array, view: ViewSpec): Picture {
  const [top, left, height, width] = (['cropTop', 'cropLeft', 'cropHeight', 'cropWidth'] as const).map(
    (name) => row[column[name]],
  ) as [number, number, number, number];
  const down = Array.from({ length: view.height }, (_, y) => taps(y, height, view.height, view));
  const across = Array.from({ length: view.width }, (_, x) => taps(x, width, view.width, view));
  const result = empty(view.height, view.width);
  for (const [c, plane] of result.planes.entries()) {
    for (let i = 0; i < plane.length; i += 1) {
      let sum = 0;
      for (const y of down[Math.floor(i / view.width)] as Tap[]) {
        for (const x of across[i % view.width] as Tap[]) {
          sum += y.weight * x.weight * (image.data[((top + y.at) * image.width + left + x.at) * 3 + c] as number);
        }
      }
      plane[i] = clip(sum / 255);
    }
  }
  return result;
}

/** Hue in turns, saturation, value. */
function toHsv([r, g, b]: Color): Color {
  const value = Math.max(r, g, b);
  const spread = value - Math.min(r, g, b);
  if (spread === 0) return [0, 0, value];
  // The angle of the colour in the hexagon, whose corners are red, yellow, green, cyan, blue, magenta.
  const sixths = value === r ? (g - b) / spread : value === g ? 2 + (b - r) / spread : 4 + (r - g) / spread;
  return [(sixths / 6 + 1) % 1, spread / value, value];
}

function toRgb([hue, saturation, value]: Color): Color {
  const sector = Math.floor(hue * 6);
  const part = hue * 6 - sector;
  const low = value * (1 - saturation);
  const falling = value * (1 - saturation * part);
  const rising = value * (1 - saturation * (1 - part));
  const colors: Color[] = [
    [value, rising, low],
    [falling, value, low],
    [low, value, rising],
    [low, falling, value],
    [rising, low, value],
    [value, low, falling],
  ];
  return colors[sector % 6] as Color;
}

function average(plane: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < plane.length; i += 1) sum += plane[i] as number;
  return sum / plane.length;
}

function jitter(picture: Picture, step: number, row: Float32Array, view: ViewSpec): Picture {
  const official = view.jitter === 'official';
  const [brightness, contrast, saturation, hue] = (['brightness', 'contrast', 'saturation', 'hue'] as const).map(
    (name) => row[column[name]],
  ) as [number, number, number, number];
  const colorMeans = picture.planes.map(average) as Color;
  const grayMean = luminance(colorMeans);
  const steps: ((color: Color) => Color)[] = [
    (color) => each(color, (x) => (official ? x + brightness : x * brightness)),
    (color) =>
      each(color, (x, c) => {
        const middle = official ? (colorMeans[c] as number) : grayMean;
        return contrast * x + (1 - contrast) * middle;
      }),
    (color) => {
      const gray = luminance(color);
      if (!official) return each(color, (x) => saturation * x + (1 - saturation) * gray);
      const [h, s, v] = toHsv(color);
      return toRgb([h, clip(s * saturation), v]);
    },
    (color) => {
      const [h, s, v] = toHsv(color);
      return toRgb([(((h + hue) % 1) + 1) % 1, s, v]);
    },
  ];
  return map(picture, (color) => each((steps[step] as (color: Color) => Color)(color), clip));
}

function blur(picture: Picture, sigma: number, { blurRadius, blurBorder }: ViewSpec): Picture {
  const { height, width } = picture;
  const gaussian = Array.from({ length: 2 * blurRadius + 1 }, (_, i) =>
    Math.exp(-((i - blurRadius) ** 2) / (2 * sigma ** 2)),
  );
  const total = gaussian.reduce((a, b) => a + b, 0);
  const inside = (i: number, length: number): number => {
    if (i >= 0 && i < length) return i;
    if (blurBorder === 'zero') return -1;
    return i < 0 ? -i : 2 * (length - 1) - i;
  };
  const result = empty(height, width);
  for (const [c, plane] of result.planes.entries()) {
    const source = picture.planes[c] as Float64Array;
    for (let i = 0; i < plane.length; i += 1) {
      let sum = 0;
      for (let dy = -blurRadius; dy <= blurRadius; dy += 1) {
        for (let dx = -blurRadius; dx <= blurRadius; dx += 1) {
          const y = inside(Math.floor(i / width) + dy, height);
          const x = inside((i % width) + dx, width);
          const weight = ((gaussian[dy + blurRadius] as number) * (gaussian[dx + blurRadius] as number)) / total ** 2;
          if (y >= 0 && x >= 0) sum += weight * (source[y * width + x] as number);
        }
      }
      plane[i] = sum;
    }
  }
  return result;
}
