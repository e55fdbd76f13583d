import { writeFileSync } from 'node:fs';
import { floats, type RawTensor, writeRaw } from '../support/safetensors.js';

/** Channels of the network that writeColourMeans() writes. */
export const COLOUR_FEATURES = 4;

/** What its file does not say. */
export const colourOptions = {
  inputSize: 8,
  mean: [0, 0, 0],
  std: [1, 1, 1],
  resampling: 'bicubic',
  antialias: false,
  padding: 'symmetric',
  norm: { weightStandardization: false, epsilon: 1e-5 },
  device: 'cpu',
  precision: 'float32',
  threads: 1,
} as const;

/**
 * A network whose features can be worked out by hand: the means over the image of R, G, B and (R + G) / 2, each normalised
 * and taken to be at least 0. Its stem looks at the middle pixel only, and its block adds nothing.
 */
export function writeColourMeans(path: string, prefix = ''): void {
  const stem = new Array<number>(COLOUR_FEATURES * 3 * 9).fill(0);
  const weigh = (feature: number, colour: number, weight: number): void => {
    stem[(feature * 3 + colour) * 9 + 4] = weight;
  };
  for (const colour of [0, 1, 2]) weigh(colour, colour, 1);
  weigh(3, 0, 0.5);
  weigh(3, 1, 0.5);
  const nothing = floats([4, 4, 3, 3], new Array<number>(4 * 4 * 9).fill(0));
  const tensors: Array<readonly [string, RawTensor]> = [
    [`${prefix}conv1.weight`, floats([COLOUR_FEATURES, 3, 3, 3], stem)],
    [`${prefix}layer1.0.conv1.weight`, nothing],
    [`${prefix}layer1.0.conv2.weight`, nothing],
  ];
  writeRaw(path, tensors);
}

/** One colour inside a box, another one outside. */
export function framed(
  size: { readonly width: number; readonly height: number },
  box: { readonly top: number; readonly left: number; readonly height: number; readonly width: number },
  inside: readonly [number, number, number],
  outside: readonly [number, number, number],
): { readonly pixels: Uint8Array; readonly width: number; readonly height: number } {
  const { width, height } = size;
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const within = y >= box.top && y < box.top + box.height && x >= box.left && x < box.left + box.width;
      pixels.set(within ? inside : outside, 3 * (y * width + x));
    }
  }
  return { pixels, width, height };
}

/** One colour throughout. */
export const plain = (side: number, colour: readonly [number, number, number]) =>
  framed({ width: side, height: side }, { top: 0, left: 0, height: side, width: side }, colour, colour);

export function writeBytes(path: string, bytes: Uint8Array): string {
  writeFileSync(path, bytes);
  return path;
}
