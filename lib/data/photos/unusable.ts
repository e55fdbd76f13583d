import { count } from '../../text/format.js';
import { type HeaderProblem, problemTexts } from '../headers/read-header.js';
import { type FileTable, problemOf } from './file-table.js';
import { maxPixels } from './settings.js';

/** Why a file cannot be used as an image. */
export interface Unusable {
  readonly problem: HeaderProblem;
  /** After "it". */
  readonly reason: string;
}

/** null: it can be used, as far as its header tells. */
export function whyUnusable(table: FileTable, row: number, most: number = maxPixels.default): Unusable | null {
  const problem = problemOf(table, row);
  if (problem !== null) return { problem, reason: problemTexts[problem] };
  const pixels = (table.widths[row] as number) * (table.heights[row] as number);
  if (pixels <= most) return null;
  return { problem: 'huge', reason: `has ${count(pixels)} pixels, more than data.maxPixels (${count(most)})` };
}
