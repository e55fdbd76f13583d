/**
 * The columns of a plan, in order: a box of whole pixels of the image; 1 for mirrored after the crop; which of the 24 orders, in
 * lexicographic order, the next four changes of colour come in, -1 for none of them; brightness (an added offset, or a factor with
 * torchvision's jitter), contrast and saturation (factors), hue (-0.5 to 0.5 turns); 1 for grey; the standard deviation of the blur
 * in pixels of the view, 0 for none; 1 for solarised. As enum PlanColumn in native/core/augment/plan_row.h.
 */
export const planColumns = [
  'cropTop',
  'cropLeft',
  'cropHeight',
  'cropWidth',
  'flip',
  'jitterOrder',
  'brightness',
  'contrast',
  'saturation',
  'hue',
  'grayscale',
  'blurSigma',
  'solarize',
] as const;

/** 'cropTop', 'flip', 'blurSigma', ... */
export type PlanColumn = (typeof planColumns)[number];

/** Numbers in a row. */
export const PLAN_WIDTH = planColumns.length;

/** Where a column lies in a row. */
export const column = Object.freeze(
  Object.fromEntries(planColumns.map((name, index) => [name, index])) as Record<PlanColumn, number>,
);
