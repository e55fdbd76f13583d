import { type Colour, neutral, palette } from './palette.js';

/** How the lines of a chart are told apart: by colour and, where they are of several runs, by their dashes too. */
export interface LineLook {
  readonly light: string;
  readonly dark: string;
  /** Pixels that are drawn and left out, in turn; empty: all are drawn. */
  readonly dash: readonly number[];
}

const COLOURS: readonly Colour[] = [...palette, neutral];

/** As many as have no divisor in common with the colours: 28 lines go by before one looks like another. */
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3]] as const;

/** Of the index-th line of several of one run. */
export function lineLook(index: number): LineLook {
  const [light, dark] = COLOURS[index % COLOURS.length] as Colour;
  return { light, dark, dash: [] };
}

/** Of the index-th run of several. */
export function runLook(index: number): LineLook {
  return { ...lineLook(index), dash: DASHES[index % DASHES.length] as readonly number[] };
}
