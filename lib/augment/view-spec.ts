import type { ViewSpec } from '../binding/native.js';

/** The blur kernel's radius for views of this side, of nominal width side / 10 as officially (224 -> 11, 32 -> 1). */
export function blurRadius(side: number): number {
  return Math.floor(side / 10 / 2);
}

/** What all views of an image have in common (viewsSchema in lib/config/schema.ts says what each is). */
type ViewSettings = Omit<ViewSpec, 'height' | 'width' | 'blurRadius' | 'beyondCrop'> & { readonly size: number };

/** What is seen of an image that is evaluated (evaluation.transform in lib/config/schema.ts says what each is). */
export const evaluationTransforms = ['official', 'torchvision'] as const;
export type EvaluationTransform = (typeof evaluationTransforms)[number];

/** Of an image that is evaluated: it is cropped, resampled and normalised, and nothing else. centerRows() has the crop of it. */
export function evaluationView({
  transform,
  ...input
}: Pick<ViewSettings, 'size' | 'resampling' | 'antialias' | 'mean' | 'std'> & {
  readonly transform: EvaluationTransform;
}): ViewSpec {
  const spec = viewSpec({ ...input, jitter: 'official', blurBorder: 'zero' });
  return transform === 'torchvision' ? { ...spec, antialias: true, beyondCrop: true } : spec;
}

/** What the executors need to know of a view besides its plan. */
export function viewSpec(views: ViewSettings): ViewSpec {
  const { size, resampling, antialias, jitter, blurBorder, mean, std } = views;
  return {
    height: size,
    width: size,
    resampling,
    antialias,
    beyondCrop: false,
    jitter,
    blurRadius: blurRadius(size),
    blurBorder,
    mean,
    std,
  };
}
