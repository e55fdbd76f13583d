/** The columns of a plan, in the order of enum PlanColumn in native/core/augment/plan.h, which says what they mean. */
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

export type PlanColumn = (typeof planColumns)[number];

/** Numbers in a row. */
export const PLAN_WIDTH = planColumns.length;

/** Where a column lies in a row. */
export const column = Object.freeze(
  Object.fromEntries(planColumns.map((name, index) => [name, index])) as Record<PlanColumn, number>,
);
