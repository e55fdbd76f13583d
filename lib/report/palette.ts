/** A colour on a light page, and on a dark one. */
export type Colour = readonly [light: string, dark: string];

/** Distinguishable with any colour vision (after Okabe and Ito), the most different first. */
export const palette: readonly Colour[] = [
  ['#0072b2', '#56b4e9'],
  ['#d55e00', '#ff8a4c'],
  ['#009e73', '#2fd0a0'],
  ['#cc79a7', '#f0a6cd'],
  ['#a87400', '#f0c343'],
  ['#5b3fa8', '#a893f5'],
];

/** Beside them: without a hue. */
export const neutral: Colour = ['#444444', '#d0d0d0'];
