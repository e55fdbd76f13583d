import type { ViewSpec } from '../binding/native.js';
import type { Config } from '../config/schema.js';

/** The blur kernel's radius for views of this side, of nominal width side / 10 as officially (224 -> 11, 32 -> 1). */
export function blurRadius(side: number): number {
  return Math.floor(side / 10 / 2);
}

type Views = Config['views'];

/** Of an image that is evaluated: it is cropped, resampled and normalised, and nothing else. */
export function evaluationView(input: Pick<Views, 'size' | 'resampling' | 'antialias' | 'mean' | 'std'>): ViewSpec {
  return viewSpec({ ...input, jitter: 'official', blurBorder: 'zero' });
}

/** What the executors need to know of a view besides its plan. */
export function viewSpec(
  views: Pick<Views, 'size' | 'resampling' | 'antialias' | 'jitter' | 'blurBorder' | 'mean' | 'std'>,
): ViewSpec {
  const { size, resampling, antialias, jitter, blurBorder, mean, std } = views;
  return {
    height: size,
    width: size,
    resampling,
    antialias,
    jitter,
    blurRadius: blurRadius(size),
    blurBorder,
    mean,
    std,
  };
}
