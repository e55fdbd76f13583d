import type { OpenProgress } from '../data/data-kind.js';
import { count } from '../text/format.js';
import type { Terminal } from './with-encoder.js';

/** Shows how far the opening of a data set is. */
export function readingState({ state }: Pick<Terminal, 'state'>): (progress: OpenProgress) => void {
  return ({ phase, done, total }) => {
    if (total === null) state(done, done, `${phase}: ${count(done)} files`);
    else state(done, total, `reading ${phase}: ${count(done)} of ${count(total)}`);
  };
}
