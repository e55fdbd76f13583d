import type { ViewSpec } from '../binding/native.js';
import type { Size } from '../data/dataset.js';
import type { Stream } from '../random/philox.js';
import { column } from './columns.js';
import type { Operation, OperationOf } from './pipeline.js';

/** How each operation's numbers are drawn, with the definitions of the official code (byol/utils) or torchvision's. */

export type JitterKind = ViewSpec['jitter'];

/** Orders of the four jitter operations; a row holds an order's lexicographic index. */
const JITTER_ORDERS = 24;

const TORCHVISION_TRIES = 10;

/** Draws one operation for one image of size `source` into its row of the plan. */
export function drawOperation(
  operation: Operation,
  stream: Stream,
  row: Float32Array,
  source: Size,
  jitter: JitterKind,
): void {
  switch (operation.kind) {
    case 'randomResizedCrop':
      if (operation.sampling === 'official') officialCrop(operation, stream, row, source);
      else torchvisionCrop(operation, stream, row, source);
      break;
    case 'center':
      centerCrop(operation, row, source);
      break;
    case 'flip':
      row[column.flip] = stream.chance(operation.p) ? 1 : 0;
      break;
    case 'colorJitter':
      colorJitter(operation, stream, row, jitter);
      break;
    case 'grayscale':
      row[column.grayscale] = stream.chance(operation.p) ? 1 : 0;
      break;
    case 'blur':
      row[column.blurSigma] = stream.chance(operation.p) ? stream.uniform(...operation.sigma) : 0;
      break;
    case 'solarize':
      row[column.solarize] = stream.chance(operation.p) ? 1 : 0;
      break;
  }
}

/** The central square of side floor(fraction * shorter side), as the official evaluation crops. */
export function centerCrop(operation: OperationOf<'center'>, row: Float32Array, source: Size): void {
  const side = Math.max(1, Math.floor(operation.fraction * Math.min(source.height, source.width)));
  const start = (length: number): number => Math.floor((length - side + 1) / 2);
  setCrop(row, start(source.height), start(source.width), side, side);
}

/** Of torchvision's Resize(256) and CenterCrop(224), which other sizes of views keep the proportion of. */
const TORCHVISION_RESIZE = 256 / 224;

/**
 * The central square of `side` pixels of the image whose shorter side has been resized to 256 / 224 of that, as torchvision's
 * reference evaluation crops, in pixels of the image as it is: its edges lie between them.
 */
export function resizedCenterCrop(side: number, row: Float32Array, source: Size): void {
  const short = Math.round(side * TORCHVISION_RESIZE);
  const shorter = Math.min(source.height, source.width);
  const along = (length: number): readonly [number, number] => {
    const resized = Math.floor((short * length) / shorter);
    const scale = length / resized;
    return [roundHalfToEven((resized - side) / 2) * scale, side * scale];
  };
  const [top, height] = along(source.height);
  const [left, width] = along(source.width);
  setCrop(row, top, left, height, width);
}

/** As Python rounds: of two whole numbers that are as near the even one. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  return value - below === 0.5 && below % 2 === 0 ? below : Math.round(value);
}

function setCrop(row: Float32Array, top: number, left: number, height: number, width: number): void {
  row[column.cropTop] = top;
  row[column.cropLeft] = left;
  row[column.cropHeight] = height;
  row[column.cropWidth] = width;
}

/** Sides of a box of random area and aspect ratio, neither limited to the image. */
function drawSides(crop: OperationOf<'randomResizedCrop'>, stream: Stream, source: Size): Size {
  const area = source.height * source.width * stream.uniform(...crop.area);
  const aspect = Math.exp(stream.uniform(Math.log(crop.aspect[0]), Math.log(crop.aspect[1])));
  return { height: Math.round(Math.sqrt(area / aspect)), width: Math.round(Math.sqrt(area * aspect)) };
}

function placeCrop(stream: Stream, row: Float32Array, source: Size, height: number, width: number): void {
  const left = stream.below(source.width - width + 1);
  const top = stream.below(source.height - height + 1);
  setCrop(row, top, left, height, width);
}

function officialCrop(crop: OperationOf<'randomResizedCrop'>, stream: Stream, row: Float32Array, source: Size): void {
  const sides = drawSides(crop, stream, source);
  const height = Math.max(1, Math.min(sides.height, source.height));
  const width = Math.max(1, Math.min(sides.width, source.width));
  placeCrop(stream, row, source, height, width);
}

function torchvisionCrop(
  crop: OperationOf<'randomResizedCrop'>,
  stream: Stream,
  row: Float32Array,
  source: Size,
): void {
  for (let attempt = 0; attempt < TORCHVISION_TRIES; attempt += 1) {
    const { height, width } = drawSides(crop, stream, source);
    if (height >= 1 && height <= source.height && width >= 1 && width <= source.width) {
      placeCrop(stream, row, source, height, width);
      return;
    }
  }
  const [narrowest, widest] = crop.aspect;
  const aspect = source.width / source.height;
  const width = aspect > widest ? Math.max(1, Math.round(source.height * widest)) : source.width;
  const height = aspect < narrowest ? Math.max(1, Math.round(source.width / narrowest)) : source.height;
  setCrop(row, Math.floor((source.height - height) / 2), Math.floor((source.width - width) / 2), height, width);
}

function colorJitter(
  operation: OperationOf<'colorJitter'>,
  stream: Stream,
  row: Float32Array,
  jitter: JitterKind,
): void {
  if (!stream.chance(operation.p)) return;
  const around = (middle: number, most: number): number => stream.uniform(middle - most, middle + most);
  row[column.jitterOrder] = stream.below(JITTER_ORDERS);
  // The official brightness is added, torchvision's multiplies.
  row[column.brightness] = around(jitter === 'official' ? 0 : 1, operation.brightness);
  row[column.contrast] = around(1, operation.contrast);
  row[column.saturation] = around(1, operation.saturation);
  row[column.hue] = around(0, operation.hue);
}
