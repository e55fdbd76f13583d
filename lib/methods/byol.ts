import type { MethodDefinition } from './method.js';

/** BYOL (Grill et al. 2020), which the presets are. */
export const byol = {
  name: 'byol',
  title: 'BYOL',
  summary: "predicts a moving average's view of the same image (Grill et al. 2020)",
  recipe: (base) => base,
} as const satisfies MethodDefinition;
