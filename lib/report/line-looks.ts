/** How the lines of a chart are told apart: by colour and, where they are of several runs, by their dashes too. */
export interface LineLook {
  readonly light: string;
  readonly dark: string;
  /** Pixels that are drawn and left out, in turn; empty: all are drawn. */
  readonly dash: readonly number[];
}

/** Distinguishable with any colour vision (after Okabe and Ito), on white and on a dark page. */
const COLOURS = [
  ['#0072b2', '#56b4e9'],
  ['#d55e00', '#ff8a4c'],
  ['#009e73', '#2fd0a0'],
  ['#cc79a7', '#f0a6cd'],
  ['#a87400', '#f0c343'],
  ['#5b3fa8', '#a893f5'],
  ['#444444', '#d0d0d0'],
] as const;

/** As many as have no divisor in common with the colours: 28 lines go by before one looks like another. */
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3]] as const;

/** Of the index-th line of several of one run. */
export function lineLook(index: number): LineLook {
  const [light, dark] = COLOURS[index % COLOURS.length] as (typeof COLOURS)[number];
  return { light, dark, dash: [] };
}

/** Of the index-th run of several. */
export function runLook(index: number): LineLook {
  return { ...lineLook(index), dash: DASHES[index % DASHES.length] as readonly number[] };
}
